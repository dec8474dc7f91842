"""Extra time is granted before the start, by those who invite, and no reviewer can read of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from audition.domain.errors import ConflictError, DeniedError, InvalidError
from audition.domain.people import Role
from audition.services import look_up
from audition.services.grant_time import grant_time, list_invitations
from audition.services.sign_in import sign_in_candidate, token_digest
from tests import factories
from tests.unit.services.world import ALICE, CAROL, World

BOB = replace(ALICE, roles=frozenset({Role.AUTHOR}))


def invite_erin(world: World) -> None:
    """Another candidate, who has not started."""
    with world.ports.unit_of_work() as uow:
        uow.people.add_candidate(factories.make_candidate(id="can_e", email="e@example.org", name="Erin"))
        uow.people.add_invitation(
            factories.make_invitation(
                id="inv_e",
                candidate_id="can_e",
                token_digest=token_digest("erin"),
                created_at=factories.later(1),
            )
        )
        uow.commit()


def test_extra_time_makes_the_window_longer(world: World) -> None:
    invite_erin(world)
    before = look_up.landing(world.ports, "erin").invitation.ends_at
    granted = grant_time(world.ports, BOB, "inv_e", 36)

    assert granted.ends_at - before == timedelta(hours=36)
    world.clock.advance(8 * 86_400)
    sign_in_candidate(world.ports, "erin")
    world.carol = replace(CAROL, subject_id="inv_e")
    assert world.submit().attempt_number == 1
    world.clock.advance(86_400)
    with pytest.raises(ConflictError, match="The window of this invitation ended"):
        world.submit()


def test_it_is_too_late_once_they_started(world: World) -> None:
    invite_erin(world)
    sign_in_candidate(world.ports, "erin")
    with pytest.raises(ConflictError, match="before the start"):
        grant_time(world.ports, BOB, "inv_e", 2)


@pytest.mark.parametrize("hours", [-1.0, 745.0, float("nan"), float("inf")])
def test_hours_that_make_no_sense_are_refused(world: World, hours: float) -> None:
    with pytest.raises(InvalidError):
        grant_time(world.ports, BOB, "inv_1", hours)


def test_who_reviews_can_neither_grant_nor_read_it(world: World) -> None:
    for ask in (
        lambda: grant_time(world.ports, ALICE, "inv_1", 2),
        lambda: list_invitations(world.ports, ALICE),
        lambda: grant_time(world.ports, CAROL, "inv_1", 2),
    ):
        with pytest.raises(DeniedError):
            ask()
    grant_time(world.ports, BOB, "inv_1", 2)
    submission = world.graded()
    assert "extra time granted" not in world.history(submission)


def test_invitations_are_listed_with_what_was_used(world: World) -> None:
    world.practise()
    world.graded()
    invite_erin(world)
    rows = list_invitations(world.ports, BOB)

    assert [(row.name, row.attempts_used) for row in rows] == [("Erin", 0), ("Cleo Candidate", 1)]
