"""How points add up, and that "not computed" is never zero."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audition.domain.grade import (
    COUNTED_OUTCOMES,
    Dimension,
    Finding,
    GradeStatus,
    Outcome,
    dimension_scores,
    earned_share,
    total_score,
)
from tests.factories import make_finding, make_grade

MODEL, DEPLOYMENT = Dimension.MODEL_QUALITY, Dimension.DEPLOYMENT


def finding(points: float, most: float, outcome: Outcome = Outcome.PARTIAL) -> Finding:
    return make_finding(points=points, max_points=most, outcome=outcome)


def test_points_are_weighted_by_what_they_could_be() -> None:
    assert earned_share((finding(1, 1), finding(0, 3))) == 0.25


@pytest.mark.parametrize("outcome", sorted(set(Outcome) - COUNTED_OUTCOMES))
def test_what_was_not_assessed_neither_helps_nor_harms(outcome: Outcome) -> None:
    assert earned_share((finding(1, 2), finding(0, 100, outcome))) == 0.5
    assert earned_share((finding(0, 100, outcome),)) is None


def static(points: float, most: float) -> Finding:
    return replace(finding(points, most), is_static=True)


def test_reading_files_is_at_most_35_percent_beside_what_was_observed() -> None:
    assert earned_share((static(100, 100), finding(0, 10))) == pytest.approx(0.35)
    assert earned_share((static(0, 100), finding(10, 10))) == pytest.approx(0.65)
    assert earned_share((static(1, 1), finding(0, 9))) == pytest.approx(0.1), (
        "little weighs no more than it is"
    )
    assert earned_share((static(1, 2),)) == 0.5, "alone it is all there is"


def test_more_static_points_never_lower_a_score() -> None:
    shares = [earned_share((static(points, 50), finding(3, 10))) for points in range(51)]
    assert shares == sorted(share for share in shares if share is not None)


def test_nothing_counted_is_no_score() -> None:
    assert earned_share(()) is None
    assert earned_share((finding(0, 0),)) is None


@given(
    points=st.lists(
        st.tuples(st.floats(0, 1), st.floats(0.1, 50), st.sampled_from(list(Outcome))), max_size=8
    )
)
def test_a_share_is_between_0_and_1(points: list[tuple[float, float, Outcome]]) -> None:
    share = earned_share(tuple(finding(part * most, most, outcome) for part, most, outcome in points))
    assert share is None or 0 <= share <= 1 + 1e-9


def test_a_broken_grader_gives_no_score_and_takes_none_away() -> None:
    ok = make_grade(findings=(finding(1, 2),))
    broken = make_grade(grader="other", status=GradeStatus.ERRORED, findings=(finding(0, 100),))

    assert dimension_scores((ok, broken)) == {MODEL: 0.5}
    assert dimension_scores((broken,)) == {MODEL: None}
    assert dimension_scores(()) == {}


def test_the_total_is_over_what_was_computed() -> None:
    weights = {MODEL: 0.7, DEPLOYMENT: 0.3}

    assert total_score({MODEL: 1.0, DEPLOYMENT: 0.0}, weights) == pytest.approx(0.7)
    assert total_score({MODEL: 0.6, DEPLOYMENT: None}, weights) == pytest.approx(0.6)
    assert total_score({MODEL: None}, weights) is None
    assert total_score({MODEL: 0.6}, {DEPLOYMENT: 1.0}) is None


def test_a_computed_zero_counts() -> None:
    assert total_score({MODEL: 0.0, DEPLOYMENT: 1.0}, {MODEL: 1.0, DEPLOYMENT: 1.0}) == 0.5
