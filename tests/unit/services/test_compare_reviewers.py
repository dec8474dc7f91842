"""How each reviewer marks beside the others: over complete panels only, and a lean only from enough marks on."""

import pytest

from audition.domain.errors import DeniedError, NotFoundError
from audition.services.compare_reviewers import ENOUGH_MARKS, compare_reviewers
from tests import factories
from tests.unit.services.test_survey_cohort import tell_candidate
from tests.unit.services.world import ALICE, CAROL, World, model_grade
from tests.web.reviews import review

VERSION = "ver_1"


@pytest.fixture
def staffed(world: World) -> World:
    """With Ann and Ben, who review."""
    with world.ports.unit_of_work() as uow:
        for name in ("ann", "ben"):
            uow.people.add_staff(
                factories.make_staff(id=f"usr_{name}", email=f"{name}@example.org", name=name.capitalize())
            )
        uow.commit()
    return world


def _marked(world: World, number: int) -> None:
    """Ann gives half of the points that Ben gives for the first item; else they agree."""
    submission_id = tell_candidate(world, number, model_grade())
    review(world.ports, "ann", submission_id, (1, 1, 1))
    review(world.ports, "ben", submission_id, (2, 1, 1))


def test_who_is_stricter_shows_once_there_are_enough_marks(staffed: World) -> None:
    for number in range(1, ENOUGH_MARKS):
        _marked(staffed, number)
    few = compare_reviewers(staffed.ports, ALICE, VERSION)
    assert {one.lean for one in few} == {None}
    _marked(staffed, ENOUGH_MARKS)
    found = {(one.reviewer, one.item): one for one in compare_reviewers(staffed.ports, ALICE, VERSION)}
    strict, mild = found["Ann", "validation"], found["Ben", "validation"]
    assert (strict.marked, strict.same, strict.lean) == (ENOUGH_MARKS, 0, -0.5)
    assert mild.lean == 0.5
    assert (found["Ann", "image"].same, found["Ann", "image"].lean) == (ENOUGH_MARKS, 0.0)


def test_marks_of_a_panel_that_is_not_complete_stay_blind(staffed: World) -> None:
    submission_id = tell_candidate(staffed, 1, model_grade())
    review(staffed.ports, "ann", submission_id, (1, 1, 1))
    assert compare_reviewers(staffed.ports, ALICE, VERSION) == ()


def test_it_is_for_reviewers(staffed: World) -> None:
    with pytest.raises(DeniedError):
        compare_reviewers(staffed.ports, CAROL, VERSION)
    with pytest.raises(NotFoundError):
        compare_reviewers(staffed.ports, ALICE, "ver_9")
