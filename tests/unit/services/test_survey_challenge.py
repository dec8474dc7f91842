"""What an author is told of a version: how far people came, how long it took, what each check tells apart."""

from dataclasses import replace

import pytest

from audition.domain.challenge_stats import LEAST_COUNTED, Item, correlation, times_of
from audition.domain.cohort import CheckRate
from audition.domain.grade import Outcome
from audition.domain.run import Verdict
from audition.domain.submission import State
from audition.services.survey_challenge import survey_challenge
from tests import factories
from tests.unit.services.world import World, deployment_grade, model_grade

VERSION = "ver_1"


def tell(world: World, number: int, outcome: Outcome) -> None:
    """A candidate who started at the same moment as all, and was assessed `number` hours later."""
    key = f"c{number}"
    passed = 3.0 if outcome == Outcome.PASSED else 0.0
    finding = factories.make_finding(check="x.y", outcome=outcome, points=passed, max_points=3.0)
    with world.ports.unit_of_work() as uow:
        uow.people.add_candidate(factories.make_candidate(id=f"can_{key}", email=f"{key}@x.org", alias=key))
        invitation = factories.make_invitation(id=f"inv_{key}", candidate_id=f"can_{key}")
        uow.people.add_invitation(replace(invitation, token_digest=f"{number:064}", started_at=factories.NOW))
        sent = factories.make_submission(id=f"sub_{key}", invitation_id=f"inv_{key}", state=State.GRADED)
        uow.submissions.add(replace(sent, created_at=factories.later(3600 * number)))
        run = factories.make_run(id=f"run_{key}", submission_id=sent.id, verdict=Verdict.ACCEPTED)
        uow.runs.add(run)
        uow.grades.publish(run.id, (model_grade(), replace(deployment_grade(), findings=(finding,))))
        uow.commit()


def test_counts_times_and_checks_of_a_version_without_a_name(world: World) -> None:
    for number in range(1, 13):
        tell(world, number, Outcome.PASSED if number % 2 else Outcome.FAILED)
    found = survey_challenge(world.ports, VERSION)
    assert (found.funnel.started, found.funnel.assessed) == (12, 12)
    assert found.completion is not None
    share, low, high = found.completion
    assert low < share == 1.0 == high
    assert found.to_first is not None
    assert (found.to_first.candidates, found.to_first.middle) == (12, 6.5)
    assert found.to_first.low < 6.5 < found.to_first.high
    assert found.attempts == 1
    item = next(item for item in found.items if item.rate.check == "x.y")
    assert (item.rate.passed, item.rate.counted, item.remark) == (6, 12, "")
    # The score has nothing else that differs between them.
    assert item.discrimination == pytest.approx(1.0)
    assert not any(key in repr(found) for key in ("c1", "sub_", "inv_", "x.org"))


def test_a_version_that_nobody_was_assessed_in_has_no_numbers(world: World) -> None:
    found = survey_challenge(world.ports, VERSION)
    assert (found.median, found.to_first, found.attempts, found.items) == (None, None, None, ())


@pytest.mark.parametrize(
    ("passed", "discrimination", "remark"),
    [
        (0, None, "nobody passes"),
        (20, None, "everybody passes"),
        (9, 0.4, ""),
        (9, -0.1, "says nothing of who is good"),
    ],
)
def test_a_check_that_tells_nothing_is_remarked_on(
    passed: int, discrimination: float | None, remark: str
) -> None:
    rate = CheckRate(check="a.b", counted=20, passed=passed, low=0.0, high=1.0)
    assert Item(rate=rate, discrimination=discrimination).remark == remark
    few = replace(rate, counted=LEAST_COUNTED - 1, passed=0)
    assert Item(rate=few, discrimination=None).remark == ""


def test_correlations_are_those_of_pearson() -> None:
    passed = [True, False] * 5
    assert correlation(passed, [float(p) for p in passed]) == pytest.approx(1.0)
    assert correlation(passed, [1.0 - p for p in passed]) == pytest.approx(-1.0)
    assert correlation(passed, [0.5] * 10) is None
    assert correlation(passed[:9], [0.1] * 9) is None


def test_quartiles_of_few_hours() -> None:
    assert times_of([]) is None
    found = times_of([4.0, 1.0, 2.0])
    assert found is not None
    assert (found.low, found.middle, found.high) == (1.5, 2.0, 3.0)
