"""What candidates take along, and what is left when they have had everything deleted."""

import io
import json
import zipfile

import pytest

from audition.domain.errors import ConflictError, DeniedError, NotFoundError
from audition.domain.submission import Submission
from audition.services.erase_data import erase_candidate, erase_own_data
from audition.services.export_data import export_data
from audition.services.list_inbox import inbox
from audition.services.release import release
from audition.services.sign_in import identify, sign_in_candidate, token_digest
from tests import factories
from tests.unit.services.world import ALICE, CAROL, PREDICTIONS, World


def exported(world: World) -> zipfile.ZipFile:
    sink = io.BytesIO()
    export_data(world.ports, CAROL, sink)
    return zipfile.ZipFile(sink)


def twin(world: World) -> str:
    """Another candidate with exactly the same upload; returns the id of the submission."""
    with world.ports.unit_of_work() as uow:
        uow.people.add_candidate(factories.make_candidate(id="can_d", email="d@example.org"))
        uow.people.add_invitation(
            factories.make_invitation(id="inv_d", candidate_id="can_d", token_digest="8" * 64)
        )
        digest = world.blobs.put(b"PK archive")
        uow.submissions.add(
            factories.make_submission(id="sub_d", invitation_id="inv_d", archive_digest=digest)
        )
        uow.runs.add(factories.make_run(id="run_d", submission_id="sub_d"))
        uow.commit()
    return "sub_d"


@pytest.fixture
def released(world: World) -> Submission:
    """Carol's submission with its report."""
    submission = world.graded()
    release(world.ports, ALICE, submission.id)
    return submission


def test_an_export_has_the_uploads_the_logs_and_the_released_report(
    world: World, released: Submission
) -> None:
    packed = exported(world)
    data = json.loads(packed.read("data.json"))

    assert data["candidate"]["name"] == "Cleo Candidate"
    assert [own["submission"]["id"] for own in data["submissions"]] == [released.id]
    assert packed.read(f"{released.id}/upload") == b"PK archive"
    names = packed.namelist()
    assert PREDICTIONS in [packed.read(name) for name in names if name.endswith("predict-output")]
    assert any(name.endswith("predict-stdout") for name in names)
    assert json.loads(packed.read(f"{released.id}/report.json"))["score"] is not None


def test_an_export_has_no_report_before_its_release(world: World) -> None:
    submission = world.graded()
    names = exported(world).namelist()
    assert f"{submission.id}/report.json" not in names
    assert not any("judge" in name or "evidence" in name for name in names)


def test_after_a_deletion_nothing_of_a_candidate_is_found(world: World, released: Submission) -> None:
    secret = sign_in_candidate_again(world)
    digests = {a.digest for a in world.artifacts(released)} | {released.archive_digest}

    assert erase_own_data(world.ports, CAROL) == 1
    assert inbox(world.ports, ALICE) == ()
    assert identify(world.ports, secret, is_api=False) is None
    with world.ports.unit_of_work() as uow:
        for look in (
            lambda: uow.people.candidate("can_1"),
            lambda: uow.people.invitation("inv_1"),
            lambda: uow.submissions.get(released.id),
        ):
            with pytest.raises(NotFoundError):
                look()
    for digest in digests:
        with pytest.raises(NotFoundError):
            world.blobs.get(digest)


def sign_in_candidate_again(world: World) -> str:
    """Another browser of Carol's; returns its secret."""
    with world.ports.unit_of_work() as uow:
        uow.people.save_invitation(factories.make_invitation(token_digest=token_digest("carol")))
        uow.commit()
    return sign_in_candidate(world.ports, "carol")


def test_the_audit_log_stays_without_its_reasons(world: World, released: Submission) -> None:
    erase_own_data(world.ports, CAROL)
    with world.ports.unit_of_work() as uow:
        moves, end = uow.audit.about(released.id), uow.audit.about("can_1")
    assert "graded->released" in [entry.action for entry in moves]
    assert {entry.reason for entry in moves} == {""}
    assert [(e.action, e.actor) for e in end] == [("erased", "candidate:inv_1")]


def test_bytes_that_others_have_or_that_the_challenge_needs_stay(world: World) -> None:
    world.graded()
    other = twin(world)
    with world.ports.unit_of_work() as uow:
        version = uow.challenges.get("ver_1")
    erase_own_data(world.ports, CAROL)
    assert world.blobs.get(world.submission(other).archive_digest) == b"PK archive"
    for digest in (version.kit_digest, version.manifest_digest, *(file.digest for file in version.files)):
        assert world.blobs.get(digest)


def test_a_starting_point_that_was_uploaded_as_it_is_stays_with_the_challenge() -> None:
    world = World(reference=b"PK archive")
    world.graded()
    erase_own_data(world.ports, CAROL)
    with world.ports.unit_of_work() as uow:
        assert world.blobs.get(uow.challenges.get("ver_1").files[-1].digest) == b"PK archive"


def test_what_a_worker_may_still_write_to_is_not_deleted(world: World) -> None:
    submission = world.submit()
    with pytest.raises(ConflictError, match="still queued"):
        erase_own_data(world.ports, CAROL)
    assert world.submission(submission.id) == submission


def test_staff_have_nothing_of_their_own_here_and_delete_on_request(world: World) -> None:
    world.graded()
    with pytest.raises(DeniedError):
        erase_own_data(world.ports, ALICE)
    with pytest.raises(DeniedError):
        export_data(world.ports, ALICE, io.BytesIO())
    with world.ports.unit_of_work() as uow:
        email = uow.people.candidate("can_1").email
    assert erase_candidate(world.ports, "cli", email) == 1
    with pytest.raises(NotFoundError):
        erase_candidate(world.ports, "cli", email)
