"""Links to a report: what they show, when they end, and that each opening is written down."""

from dataclasses import replace

import pytest

from audition.domain.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from audition.domain.grade import Evidence
from audition.services.share_report import create_share, open_share, revoke_share, shares_of
from tests import factories
from tests.unit.services.world import ALICE, CAROL, World, deployment_grade, grades

DAY = 24 * 3600.0
_SECRETS = ("Between us.", "USER root", "Dockerfile:3", "Seed 42.")


@pytest.fixture
def submission_id(world: World) -> str:
    """Graded, with things that are not for everybody."""
    finding = factories.make_finding(
        reviewer_note="Between us.",
        evidence=(Evidence(summary="Dockerfile:3", file="Dockerfile", line=3, excerpt="USER root"),),
    )
    grade = replace(deployment_grade(), note="Seed 42.", findings=(finding,))
    world.sandbox.programs["judge"] = grades(grade)
    return world.graded().id


def test_a_link_shows_the_report_without_code_notes_or_name(world: World, submission_id: str) -> None:
    share, secret = create_share(world.ports, ALICE, submission_id, 7)
    opened, report = open_share(world.ports, secret)
    assert opened == share
    assert report.score is not None
    assert (report.artifacts, report.prompts, report.curves, report.provenance.host) == ((), (), (), {})
    text = repr(report)
    assert not [said for said in (*_SECRETS, "Cleo", "cleo@example.org") if said in text]


def test_each_opening_is_written_down(world: World, submission_id: str) -> None:
    share, secret = create_share(world.ports, ALICE, submission_id, 7)
    for _ in range(2):
        open_share(world.ports, secret)
    assert shares_of(world.ports, ALICE, submission_id) == ((share, 2),)
    with world.ports.unit_of_work() as uow:
        said = [(e.actor, e.action) for e in uow.audit.about(submission_id) if "share" in e.action]
    assert said == [("staff:usr_1", "share made"), *[(f"share:{share.id}", "share opened")] * 2]


def test_a_link_ends_by_itself_or_by_hand_and_only_its_digest_is_kept(
    world: World, submission_id: str
) -> None:
    share, secret = create_share(world.ports, ALICE, submission_id, 1)
    assert secret not in repr(share)
    world.clock.advance(DAY - 1)
    open_share(world.ports, secret)
    world.clock.advance(1)
    with pytest.raises(ConflictError, match="ended on"):
        open_share(world.ports, secret)
    other, second = create_share(world.ports, ALICE, submission_id, 90)
    for _ in range(2):
        revoke_share(world.ports, ALICE, submission_id, other.id)
    for unknown in (second, share.token_digest, ""):
        with pytest.raises(NotFoundError, match="not valid"):
            open_share(world.ports, unknown)


def test_a_report_that_is_made_again_is_not_shown(world: World, submission_id: str) -> None:
    _, secret = create_share(world.ports, ALICE, submission_id, 7)
    with world.ports.unit_of_work() as uow:
        submission = uow.submissions.get(submission_id)
        state = type(submission.state).GRADING
        uow.submissions.move(submission_id, submission.state, state, "Again.", world.clock.now())
        uow.commit()
    with pytest.raises(ConflictError, match="made again"):
        open_share(world.ports, secret)


def test_bad_links_are_refused(world: World, submission_id: str) -> None:
    for days in (0.0, -1.0, 90.5, float("nan")):
        with pytest.raises(InvalidError, match="days"):
            create_share(world.ports, ALICE, submission_id, days)
    with pytest.raises(DeniedError):
        create_share(world.ports, CAROL, submission_id, 7)
    with pytest.raises(DeniedError):
        shares_of(world.ports, CAROL, submission_id)
    with pytest.raises(ConflictError, match="no report"):
        create_share(world.ports, ALICE, world.submit(b"PK other").id, 7)
    share, _ = create_share(world.ports, ALICE, submission_id, 7)
    with pytest.raises(NotFoundError, match="no link"):
        revoke_share(world.ports, ALICE, "sub_other", share.id)
    with pytest.raises(DeniedError):
        revoke_share(world.ports, CAROL, submission_id, share.id)
