"""What every storage does: in memory, on SQLite and on PostgreSQL."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from audition.domain.audit import AuditFilter
from audition.domain.errors import ConflictError, NotFoundError
from audition.domain.people import PrincipalKind, Role, Scope
from audition.domain.submission import State
from audition.ports import UnitOfWork
from tests import factories as make
from tests.contract.conftest import Storage

NOW, later = make.NOW, make.later


def test_what_is_stored_comes_back_equal(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        make.store_run(unit)
        unit.people.add_staff(make.make_staff(roles=frozenset(Role)))
        unit.people.add_session(make.make_session())
        unit.commit()
    with storage.unit_of_work() as unit:
        assert unit.challenges.get("ver_1") == make.make_version()
        assert unit.people.candidate("can_1") == make.make_candidate()
        assert unit.people.staff("usr_1") == make.make_staff(roles=frozenset(Role))
        assert unit.people.invitation("inv_1") == make.make_invitation()
        assert unit.people.session_by_token("2" * 64) == make.make_session()
        assert unit.submissions.get("sub_1") == make.make_submission()
        assert unit.runs.get("run_1") == make.make_run()


def test_times_come_back_aware_in_utc_to_the_microsecond(storage: Storage) -> None:
    elsewhere = datetime(2030, 5, 1, 1, 2, 3, 456789, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    with storage.unit_of_work() as unit:
        make.store_invitation(unit)
        unit.submissions.add(make.make_submission(created_at=elsewhere))
        unit.commit()
    with storage.unit_of_work() as unit:
        stored = unit.submissions.get("sub_1").created_at
    assert stored == elsewhere
    assert stored.tzinfo is not None


def test_hostile_text_comes_back_as_it_was(storage: Storage) -> None:
    text = "'; DROP TABLE runs; -- \N{PILE OF POO} \"\\ \u202e%s {}"
    with storage.unit_of_work() as unit:
        make.store_invitation(unit)
        unit.submissions.add(make.make_submission(archive_name=text))
        unit.commit()
    with storage.unit_of_work() as unit:
        assert unit.submissions.get("sub_1").archive_name == text


# Transactions


def test_leaving_without_commit_changes_nothing(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        make.store_run(unit)
    with storage.unit_of_work() as unit:
        assert unit.submissions.recent() == ()
        assert unit.challenges.all() == ()


def test_an_exception_rolls_back_and_goes_on(storage: Storage) -> None:
    def fail_inside(unit: UnitOfWork) -> None:
        make.store_run(unit)
        unit.hint("execute", "run_1", 0)
        raise LookupError

    with pytest.raises(LookupError), storage.unit_of_work() as unit:
        fail_inside(unit)
    with storage.unit_of_work() as unit:
        assert unit.submissions.recent() == ()
    assert storage.queue.waiting == []


def test_a_unit_of_work_sees_its_own_writes(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        make.store_run(unit)
        assert unit.runs.latest("sub_1").id == "run_1"


def test_a_refused_insert_leaves_the_unit_of_work_usable(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        make.store_run(unit)
        with pytest.raises(ConflictError, match="exists already"):
            unit.runs.add(make.make_run(id="run_2"))
        unit.runs.add(make.make_run(id="run_2", number=2))
        unit.commit()
    with storage.unit_of_work() as unit:
        assert unit.runs.latest("sub_1").id == "run_2"


def test_a_unit_of_work_is_over_after_commit(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        unit.commit()
        with pytest.raises(RuntimeError, match="over"):
            unit.submissions.recent()
        with pytest.raises(RuntimeError):
            unit.commit()
    with pytest.raises(RuntimeError, match="twice"), unit:
        pass


# Hints


def test_hints_are_sent_after_commit_once_each(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        make.store_run(unit)
        unit.hint("execute", "run_1", 0)
        unit.hint("execute", "run_1", 0)
        unit.hint("grade", "run_1", 0)
        assert storage.queue.waiting == []
        unit.commit()
    assert storage.queue.waiting == [("execute", "run_1", 0), ("grade", "run_1", 0)]


def test_a_queue_that_is_down_loses_hints_and_nothing_else(
    storage: Storage, caplog: pytest.LogCaptureFixture
) -> None:
    storage.queue.is_down = True
    with storage.unit_of_work() as unit:
        make.store_run(unit)
        unit.hint("execute", "run_1", 0)
        unit.commit()
    assert "reconciler" in caplog.text
    with storage.unit_of_work() as unit:
        assert unit.runs.get("run_1") == make.make_run()


# Submissions


def test_a_second_submission_with_the_same_idempotency_key_is_refused(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        make.store_invitation(unit)
        unit.people.add_invitation(make.make_invitation(id="inv_2", token_digest="3" * 64))
        unit.submissions.add(make.make_submission(idempotency_key="k"))
        with pytest.raises(ConflictError):
            unit.submissions.add(make.make_submission(id="sub_2", idempotency_key="k"))
        unit.submissions.add(make.make_submission(id="sub_3", invitation_id="inv_2", idempotency_key="k"))
        unit.submissions.add(make.make_submission(id="sub_4"))
        unit.submissions.add(make.make_submission(id="sub_5"))
        found = unit.submissions.by_key("inv_1", "k")
        assert found is not None
        assert found.id == "sub_1"
        assert unit.submissions.by_key("inv_1", "other") is None


def test_a_submission_must_refer_to_what_is_stored(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        make.store_invitation(unit)
        with pytest.raises(ConflictError, match="not stored"):
            unit.submissions.add(make.make_submission(invitation_id="inv_9"))
        with pytest.raises(ConflictError, match="not stored"):
            unit.submissions.add(make.make_submission(challenge_version_id="ver_9"))
        with pytest.raises(ConflictError, match="not stored"):
            unit.runs.add(make.make_run(submission_id="sub_9"))


def test_submissions_are_listed_in_order_of_time(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        make.store_invitation(unit)
        for name, seconds, state in [
            ("sub_b", 2, State.GRADED),
            ("sub_c", 1, State.QUEUED),
            ("sub_a", 3, State.QUEUED),
        ]:
            at = later(seconds)
            unit.submissions.add(make.make_submission(id=name, created_at=at, state=state))
        oldest_first = ["sub_c", "sub_b", "sub_a"]
        submissions = unit.submissions
        assert [s.id for s in submissions.of_invitation("inv_1")] == oldest_first
        assert [s.id for s in submissions.recent()] == oldest_first[::-1]
        assert [s.id for s in submissions.recent(limit=1)] == ["sub_a"]
        assert [s.id for s in submissions.recent(before=submissions.get("sub_a"))] == ["sub_b", "sub_c"]
        assert [s.id for s in submissions.recent(1, submissions.get("sub_b"))] == ["sub_c"]
        assert submissions.recent(before=submissions.get("sub_c")) == ()
        assert [s.id for s in submissions.in_states([State.QUEUED])] == ["sub_c", "sub_a"]
        both = [State.QUEUED, State.GRADED]
        assert [s.id for s in submissions.in_states(both, limit=2)] == oldest_first[:2]
        assert submissions.in_states([]) == ()
        assert submissions.of_invitation("inv_9") == ()
        first = submissions.get("sub_c")
        same = submissions.of_archive(first.challenge_version_id, first.archive_digest)
        assert first in same
        assert [s.id for s in same] == [name for name in oldest_first if submissions.get(name) in same]
        assert submissions.of_archive("chv_9", first.archive_digest) == ()
        assert submissions.of_archive(first.challenge_version_id, "9" * 64) == ()


def test_practice_is_in_no_list_but_its_candidates_and_the_workers(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        make.store_invitation(unit)
        practice = make.make_submission(is_practice=True)
        unit.submissions.add(practice)
        submissions = unit.submissions
        assert submissions.of_invitation("inv_1") == submissions.in_states([State.QUEUED]) == (practice,)
        assert submissions.recent() == submissions.of_version("ver_1") == ()
        assert submissions.of_archive("ver_1", practice.archive_digest) == ()


def test_a_move_happens_from_the_expected_state_only(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        make.store_run(unit)
        assert not unit.submissions.move("sub_1", State.RUNNING, State.GRADING, "no", later(1))
        assert unit.submissions.get("sub_1") == make.make_submission()
        assert unit.submissions.move("sub_1", State.QUEUED, State.RUNNING, "claimed", later(1))
        assert not unit.submissions.move("sub_1", State.QUEUED, State.RUNNING, "again", later(2))
        moved = unit.submissions.get("sub_1")
        assert not unit.submissions.move("sub_9", State.QUEUED, State.RUNNING, "none", later(2))
    expected = make.make_submission(state=State.RUNNING, state_reason="claimed", state_changed_at=later(1))
    assert moved == expected


def test_release_is_stored(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        make.store_run(unit)
        unit.submissions.mark_released("sub_1", later(9))
        assert unit.submissions.get("sub_1").released_at == later(9)


# Challenges


def test_versions_are_unique_by_id_number_and_content(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        unit.challenges.add(make.make_version())
        for clash in (
            make.make_version(slug="other", digest="0" * 64),
            make.make_version(id="ver_2", digest="0" * 64),
            make.make_version(id="ver_2", number=2),
        ):
            with pytest.raises(ConflictError):
                unit.challenges.add(clash)


def test_the_newest_version_is_the_one_with_the_highest_number(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        for number in (1, 10, 2):
            unit.challenges.add(
                make.make_version(
                    id=f"ver_{number}",
                    number=number,
                    digest=f"{number:064}",
                    published_at=later(number),
                )
            )
        assert unit.challenges.latest("credit-scoring").number == 10
        assert unit.challenges.latest("credit-scoring", later(2)).number == 2
        with pytest.raises(NotFoundError):
            unit.challenges.latest("credit-scoring", later(0))
        assert [v.number for v in unit.challenges.all()] == [10, 2, 1]
        found = unit.challenges.by_digest(f"{2:064}")
        assert found is not None
        assert found.id == "ver_2"
        assert unit.challenges.by_digest("0" * 63) is None


# People


def test_addresses_are_compared_in_lower_case(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        people = unit.people
        people.add_staff(make.make_staff(email="Rita@Example.ORG"))
        people.add_candidate(make.make_candidate(email="ÄNNE@example.org"))
        with pytest.raises(ConflictError, match=r"rita@example.org exists"):
            people.add_staff(make.make_staff(id="usr_2", email="rita@example.org"))
        with pytest.raises(ConflictError):
            people.add_candidate(make.make_candidate(id="can_2", email="änne@EXAMPLE.org"))
        staff = people.staff_by_email("RITA@example.org")
        candidate = people.candidate_by_email("änne@example.org")
        assert staff is not None
        assert staff.email == "Rita@Example.ORG"
        assert candidate is not None
        assert candidate.id == "can_1"
        assert people.staff_by_email("nobody@example.org") is None
        assert people.candidate_by_email("nobody@example.org") is None


def test_invitations_are_found_replaced_and_listed(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        make.store_invitation(unit)
        second = make.make_invitation(id="inv_2", token_digest="3" * 64, created_at=later(1))
        unit.people.add_invitation(second)
        with pytest.raises(ConflictError):
            unit.people.add_invitation(make.make_invitation(id="inv_3"))
        started = make.make_invitation(started_at=later(5), revoked_at=later(6))
        unit.people.save_invitation(started)
        assert unit.people.invitation("inv_1") == started
        assert unit.people.invitation_by_token("1" * 64) == started
        assert unit.people.invitation_by_token("0" * 64) is None
        assert unit.people.invitations() == (second, started)
        assert unit.people.invitations(limit=1) == (second,)
        assert unit.people.invitations(before=second) == (started,)
        assert unit.people.invitations(before=started) == ()


def test_invitations_know_what_reviewers_call_their_candidates(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        make.store_invitation(unit)
        alias = unit.people.candidate("can_1").alias
        assert unit.people.aliases(["inv_1", "inv_none"]) == {"inv_1": alias}
        assert unit.people.aliases([]) == {}


def test_sessions_end_once(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        unit.people.add_session(make.make_session())
        with pytest.raises(ConflictError):
            unit.people.add_session(make.make_session(id="ses_2"))
        unit.people.revoke_session("ses_1", later(1))
        unit.people.revoke_session("ses_1", later(2))
        unit.people.revoke_session("ses_9", later(2))
        assert unit.people.session_by_token("2" * 64) == make.make_session(revoked_at=later(1))
        assert unit.people.session_by_token("0" * 64) is None


def test_what_is_not_there_is_not_found(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        for ask in (
            unit.submissions.get,
            unit.runs.get,
            unit.runs.latest,
            unit.challenges.get,
            unit.challenges.latest,
            unit.people.staff,
            unit.people.candidate,
            unit.people.invitation,
        ):
            with pytest.raises(NotFoundError, match="missing"):
                ask("missing")
        with pytest.raises(NotFoundError):
            unit.people.save_invitation(make.make_invitation())


def test_api_tokens_of_somebody_are_theirs_alone_and_keep_their_scopes(storage: Storage) -> None:
    token = make.make_session(id="ses_2", token_digest="3" * 64, is_api=True, scopes=(Scope.REVIEW,))
    candidate = replace(token, id="ses_3", token_digest="4" * 64, kind=PrincipalKind.CANDIDATE)
    with storage.unit_of_work() as unit:
        for session in (
            candidate,
            replace(token, id="ses_4", token_digest="5" * 64, subject_id="usr_2"),
            replace(token, id="ses_5", token_digest="6" * 64, created_at=later(-1)),
            token,
            make.make_session(),
        ):
            unit.people.add_session(session)
        found = unit.people.tokens_of(PrincipalKind.STAFF, "usr_1")
        assert [session.id for session in found] == ["ses_5", "ses_2"]
        assert found[1] == token


# Audit log


def test_the_audit_log_keeps_the_order_of_writing(storage: Storage) -> None:
    entries = [make.make_audit_entry(reason=f"step {n}", at=later(-n)) for n in range(3)]
    with storage.unit_of_work() as unit:
        for entry in entries:
            unit.audit.add(entry)
        unit.audit.add(make.make_audit_entry(subject="sub_2"))
        unit.commit()
    with storage.unit_of_work() as unit:
        assert unit.audit.about("sub_1") == tuple(entries)
        assert unit.audit.about("sub_3") == ()


def test_the_audit_log_is_read_backwards_in_pieces(storage: Storage) -> None:
    with storage.unit_of_work() as unit:
        for number in range(4):
            subject, action = f"sub_{number % 2}", "released" if number == 3 else "queued"
            unit.audit.add(make.make_audit_entry(subject=subject, action=action, reason=str(number)))
        unit.commit()
    with storage.unit_of_work() as unit:

        def reasons(limit: int = 10, before: int | None = None, **wanted: str) -> str:
            return "".join(line.reason for line in unit.audit.newest(AuditFilter(**wanted), limit, before))

        middle = unit.audit.newest(AuditFilter(), 2)[-1].number
        assert (reasons(), reasons(2), reasons(before=middle)) == ("3210", "32", "10")
        assert (reasons(subject="sub_1"), reasons(subject="sub_1", action="queued")) == ("31", "1")
        assert (reasons(1, middle, actor="candidate:inv_1"), reasons(actor="nobody")) == ("1", "")


def test_naive_times_are_a_mistake_in_the_factories_too() -> None:
    assert NOW.tzinfo is UTC
