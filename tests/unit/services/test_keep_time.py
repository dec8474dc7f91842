"""A personal clock: it starts with the candidate, stands still as often as allowed, and never outlives the window."""

from dataclasses import replace
from datetime import timedelta

import pytest

from audition.domain.errors import ConflictError, DeniedError, InvalidError
from audition.domain.people import Invitation
from audition.services.invite import invite
from audition.services.keep_time import pause_clock, resume_clock
from audition.services.sign_in import identify, sign_in_candidate
from tests import factories
from tests.unit.services.world import ALICE, CAROL, World

_HOUR = 3600.0


def clocked(world: World, **overrides: object) -> None:
    """Give Carol, who has just started, a clock of four hours with two pauses."""
    invitation = factories.make_invitation(
        started_at=world.clock.now(), **{"clock_hours": 4.0, "pauses": 2, **overrides}
    )
    with world.ports.unit_of_work() as uow:
        uow.people.save_invitation(invitation)
        uow.commit()


def carols(world: World) -> Invitation:
    with world.ports.unit_of_work() as uow:
        return uow.people.invitation("inv_1")


def test_the_time_is_up_when_the_clock_is(world: World) -> None:
    clocked(world)
    world.clock.advance(4 * _HOUR)
    with pytest.raises(ConflictError, match="The window of this invitation ended"):
        world.submit()


def test_extra_time_is_on_the_clock_too(world: World) -> None:
    clocked(world, extra_hours=1.0)
    world.clock.advance(4.5 * _HOUR)
    assert world.submit().attempt_number == 1


def test_a_pause_is_not_counted_and_nothing_is_submitted_meanwhile(world: World) -> None:
    clocked(world)
    world.clock.advance(3 * _HOUR)
    pause_clock(world.ports, CAROL)
    world.clock.advance(12 * _HOUR)
    with pytest.raises(ConflictError, match="stands still"):
        world.submit()
    resume_clock(world.ports, CAROL)
    assert carols(world).ends_at - world.clock.now() == timedelta(hours=1)
    assert world.submit().attempt_number == 1


def test_pauses_are_counted(world: World) -> None:
    clocked(world)
    for _ in range(2):
        pause_clock(world.ports, CAROL)
        with pytest.raises(ConflictError, match="stands still already"):
            pause_clock(world.ports, CAROL)
        resume_clock(world.ports, CAROL)
    with pytest.raises(ConflictError, match="All 2 pauses are used"):
        pause_clock(world.ports, CAROL)
    with pytest.raises(ConflictError, match="runs already"):
        resume_clock(world.ports, CAROL)


def test_no_pause_moves_the_window(world: World) -> None:
    clocked(world)
    pause_clock(world.ports, CAROL)
    world.clock.advance(7 * 24 * _HOUR)
    assert carols(world).is_over(world.clock.now())
    resume_clock(world.ports, CAROL)
    assert carols(world).ends_at == carols(world).window_ends_at
    with pytest.raises(ConflictError, match="The time is up"):
        pause_clock(world.ports, CAROL)


def test_without_a_clock_there_is_nothing_to_pause(world: World) -> None:
    with pytest.raises(ConflictError, match="no clock"):
        pause_clock(world.ports, CAROL)
    for act in (pause_clock, resume_clock):
        with pytest.raises(DeniedError):
            act(world.ports, ALICE)


def test_an_invitation_brings_the_clock_and_the_start_winds_it(world: World) -> None:
    made, secret = invite(
        world.ports, "cli", slug="credit-scoring", email="e@example.org", name="Erin", clock_hours=6
    )
    assert (made.clock_hours, made.pauses, made.ends_at) == (6, 2, made.window_ends_at)
    world.clock.advance(24 * _HOUR)
    erin = identify(world.ports, sign_in_candidate(world.ports, secret), is_api=False)
    assert erin is not None
    with world.ports.unit_of_work() as uow:
        assert uow.people.invitation(made.id).ends_at == world.clock.now() + timedelta(hours=6)
    world.carol = replace(CAROL, subject_id=made.id)
    assert world.submit().attempt_number == 1


@pytest.mark.parametrize("hours", [0.0, -1.0, 400.0, float("nan")])
def test_a_clock_that_makes_no_sense_is_refused(world: World, hours: float) -> None:
    with pytest.raises(InvalidError, match="not complete"):
        invite(
            world.ports, "cli", slug="credit-scoring", email="e@example.org", name="Erin", clock_hours=hours
        )
