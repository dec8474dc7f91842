"""What every storage forgets of a candidate, and what it keeps."""

import pytest

from audition.domain.errors import NotFoundError
from audition.domain.people import PrincipalKind
from tests import factories as make
from tests.contract.conftest import Storage


@pytest.fixture
def full(storage: Storage) -> Storage:
    """A candidate with everything that can hang on one, and another with the same upload."""
    with storage.unit_of_work() as unit:
        make.store_run(unit)
        unit.runs.claim("run_1", 0, "worker-a", make.later(15), make.later(1))
        unit.runs.save_stage(make.make_stage())
        unit.runs.add_artifacts(
            [make.make_artifact(digest="a" * 64), make.make_artifact(name="b", digest="b" * 64)]
        )
        unit.grades.publish("run_1", (make.make_grade(),))
        unit.people.add_staff(make.make_staff())
        unit.reviews.add(make.make_review())
        assert unit.reviews.save_mark(make.make_mark())
        unit.overrides.add(make.make_override())
        unit.shares.add(make.make_share())
        unit.disputes.add(make.make_dispute())
        unit.people.add_session(make.make_session(kind=PrincipalKind.CANDIDATE, subject_id="inv_1"))
        # Of staff, under the same id by chance.
        unit.people.add_session(make.make_session(id="ses_2", token_digest="5" * 64, subject_id="inv_1"))
        unit.audit.add(make.make_audit_entry(subject="sub_1", reason="entry 3, secret.txt"))
        unit.audit.add(make.make_audit_entry(subject="ver_1", reason="published"))
        unit.people.add_candidate(make.make_candidate(id="can_2", email="other@example.org"))
        unit.people.add_invitation(
            make.make_invitation(id="inv_2", candidate_id="can_2", token_digest="6" * 64)
        )
        unit.submissions.add(make.make_submission(id="sub_2", invitation_id="inv_2"))
        unit.runs.add(make.make_run(id="run_2", submission_id="sub_2"))
        unit.commit()
    return storage


def test_erasing_names_the_bytes_that_nobody_else_has(full: Storage) -> None:
    with full.unit_of_work() as unit:
        assert unit.people.erase("can_1") == ("a" * 64, "b" * 64)
        assert unit.people.erase("can_1") == ()


def test_nothing_of_an_erased_candidate_is_left(full: Storage) -> None:
    with full.unit_of_work() as unit:
        unit.people.erase("can_1")
        unit.commit()
    with full.unit_of_work() as unit:
        for look in (
            lambda: unit.people.candidate("can_1"),
            lambda: unit.people.invitation("inv_1"),
            lambda: unit.submissions.get("sub_1"),
            lambda: unit.runs.get("run_1"),
        ):
            with pytest.raises(NotFoundError):
                look()
        assert unit.runs.stages("run_1") == unit.runs.artifacts("run_1") == unit.grades.of_run("run_1") == ()
        assert unit.grades.scorecards(["run_1"]) == {}
        assert unit.reviews.of(["sub_1"]) == unit.reviews.marks(["rev_1"]) == ()
        assert unit.disputes.of_submission("sub_1") == ()
        assert unit.overrides.of_run("run_1") == unit.shares.of_submission("sub_1") == ()
        assert unit.people.session_by_token("2" * 64) is None


def test_others_and_the_audit_log_stay(full: Storage) -> None:
    with full.unit_of_work() as unit:
        unit.people.erase("can_1")
        assert unit.people.candidate("can_2").email == "other@example.org"
        assert unit.runs.latest("sub_2").id == "run_2"
        assert unit.people.session_by_token("5" * 64) is not None
        assert [entry.reason for entry in unit.audit.about("sub_1")] == [""]
        assert [entry.reason for entry in unit.audit.about("ver_1")] == ["published"]


def test_invitations_and_sessions_of_one_candidate_are_found(full: Storage) -> None:
    with full.unit_of_work() as unit:
        assert [i.id for i in unit.people.invitations_of("can_1")] == ["inv_1"]
        assert unit.people.invitations_of("can_9") == ()
        assert [s.id for s in unit.people.sessions_of(["inv_1", "inv_2"])] == ["ses_1"]
