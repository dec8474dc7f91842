"""Which attempt counts: the best, or the one that its candidate chose."""

from dataclasses import replace

import pytest

from audition.domain.errors import ConflictError, DeniedError, NotFoundError
from audition.domain.submission import Submission
from audition.services.cancel import cancel
from audition.services.choose_attempt import choose_attempt, counting_attempt
from audition.services.survey_cohort import survey_cohort
from tests import factories
from tests.unit.services.world import ALICE, CAROL, World, grades


def weaker(world: World) -> Submission:
    """An attempt of Carol's with a lower score than those of the world."""
    finding = factories.make_finding(check="model.metric.primary", points=1.0, max_points=10.0)
    world.sandbox.programs["score"] = grades(factories.make_grade(findings=(finding,)))
    world.clock.advance(60)
    return world.graded()


def test_the_best_counts_unless_another_is_chosen(world: World) -> None:
    best, later = world.graded(), weaker(world)

    found = counting_attempt(world.ports, ALICE, later.id)
    assert (found.submission_id, found.is_chosen, found.graded) == (best.id, False, 2)
    choose_attempt(world.ports, CAROL, later.id)
    found = counting_attempt(world.ports, ALICE, best.id)
    assert (found.submission_id, found.attempt_number, found.is_chosen) == (later.id, 2, True)
    assert [a.submission_id for a in survey_cohort(world.ports, ALICE, "ver_1").best] == [later.id]
    assert "attempt chosen" in world.history(later)


def test_the_last_choice_holds(world: World) -> None:
    first, second = world.graded(), weaker(world)
    for chosen in (second, first):
        choose_attempt(world.ports, CAROL, chosen.id)
    assert counting_attempt(world.ports, ALICE, second.id).submission_id == first.id


def test_a_choice_without_a_score_gives_way_to_the_best(world: World) -> None:
    best = world.graded()
    waiting = world.submit()
    choose_attempt(world.ports, CAROL, waiting.id)
    assert counting_attempt(world.ports, ALICE, best.id).submission_id == best.id
    assert [a.submission_id for a in survey_cohort(world.ports, ALICE, "ver_1").best] == [best.id]


def test_nothing_counts_before_it_is_graded(world: World) -> None:
    waiting = world.submit()
    assert counting_attempt(world.ports, ALICE, waiting.id).submission_id is None


def test_practice_and_what_was_cancelled_cannot_be_chosen(world: World) -> None:
    practised = world.practise()
    cancelled = world.submit()
    cancel(world.ports, CAROL, cancelled.id)
    for never in (practised, cancelled):
        with pytest.raises(ConflictError, match="cannot count"):
            choose_attempt(world.ports, CAROL, never.id)


def test_after_the_window_the_choice_stays(world: World) -> None:
    submission = world.graded()
    world.clock.advance(8 * 86_400)
    with pytest.raises(ConflictError, match="window ended"):
        choose_attempt(world.ports, CAROL, submission.id)


def test_nobody_chooses_for_another(world: World) -> None:
    submission = world.graded()
    with pytest.raises(DeniedError):
        choose_attempt(world.ports, ALICE, submission.id)
    with world.ports.unit_of_work() as uow:
        uow.people.add_invitation(factories.make_invitation(id="inv_2", token_digest="7" * 64))
        uow.commit()
    with pytest.raises(NotFoundError):
        choose_attempt(world.ports, replace(CAROL, subject_id="inv_2"), submission.id)
    with pytest.raises(DeniedError):
        counting_attempt(world.ports, CAROL, submission.id)
