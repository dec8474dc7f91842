"""Cohorts: scores in steps, and how often checks pass."""

import pytest

from audition.domain.cohort import check_rates, histogram, wilson
from audition.domain.grade import Dimension, GradeStatus, Outcome
from audition.domain.scorecard import Scorecard, scorecard_of
from tests import factories as make


def test_a_full_score_belongs_to_the_last_step() -> None:
    assert histogram([0.0, 0.05, 0.1, 0.55, 0.99, 1.0]) == (2, 1, 0, 0, 0, 1, 0, 0, 0, 2)


def test_checks_that_pass_least_come_first_and_only_what_counted_counts() -> None:
    def card(**outcomes: Outcome) -> Scorecard:
        return Scorecard(run_id="run_1", dimensions={}, outcomes=outcomes)

    rates = check_rates(
        [
            card(easy=Outcome.PASSED, hard=Outcome.FAILED, unseen=Outcome.NOT_ASSESSED),
            card(easy=Outcome.PASSED, hard=Outcome.PARTIAL),
            card(easy=Outcome.NOT_APPLICABLE, hard=Outcome.PASSED),
        ]
    )
    assert [(rate.check, rate.passed, rate.counted) for rate in rates] == [("hard", 1, 3), ("easy", 2, 2)]
    assert rates[0].low < rates[0].share < rates[0].high


def test_wilson_intervals_are_those_of_the_textbook() -> None:
    # Source: R. G. Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I, method 3.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=1e-4)


def test_a_scorecard_leaves_out_graders_that_failed_and_checks_without_points() -> None:
    idle = make.make_finding(check="x.idle", outcome=Outcome.INFORMATIVE, points=0.0, max_points=0.0)
    good = make.make_grade(findings=(make.make_finding(check="x.good"), idle))
    broken = make.make_grade(
        grader="broken",
        dimension=Dimension.DRIFT,
        status=GradeStatus.ERRORED,
        findings=(make.make_finding(check="x.broken"),),
    )
    card = scorecard_of("run_1", (good, broken))
    assert set(card.outcomes) == {"x.good"}
    assert card.dimensions[Dimension.DRIFT] is None
