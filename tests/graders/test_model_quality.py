"""The metric, its interval, its score, and what is said about them."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from sklearn.metrics import roc_curve as roc_curve_of_sklearn

from audition.domain.challenge import Anchor
from audition.domain.grade import GradeStatus, Outcome
from audition.domain.metrics import Direction
from audition.grading import Workspace
from audition.grading.versions import sources_of
from graders import model_quality
from graders.model_quality import grader
from graders.model_quality.anchors import place, score_of
from graders.model_quality.intervals import Estimate, estimate
from graders.model_quality.ranked import roc_auc, roc_curve
from graders.model_quality.statistic import Array
from tests.factories import make_manifest
from tests.graders.workspaces import make_workspace, with_answers, with_output


def anchors(*pairs: tuple[float, float]) -> tuple[Anchor, ...]:
    names = ("constant", "baseline", "reference", "ceiling")
    return tuple(Anchor(name=n, value=v, score=s) for n, (v, s) in zip(names, pairs, strict=False))


RISING = anchors((0.5, 0.0), (0.79, 0.4), (0.84, 0.9), (0.86, 1.0))
FALLING = anchors((2.0, 0.0), (1.0, 0.4), (0.5, 0.9))


def brute_force(truth: Sequence[float], score: Sequence[float]) -> float:
    pairs = [
        1.0 if p > n else 0.5 if p == n else 0.0
        for (t, p), (u, n) in itertools.product(zip(truth, score, strict=True), repeat=2)
        if (t, u) == (1, 0)
    ]
    return sum(pairs) / len(pairs)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("levels", [2, 10, 10**9])
def test_auc_equals_scikit_learn_with_and_without_ties(seed: int, levels: int) -> None:
    random = np.random.default_rng(seed)
    truth = (random.random(500) < 0.3).astype(float)
    score = random.integers(0, levels, 500) / levels
    assert roc_auc(truth, score).value == pytest.approx(roc_auc_score(truth, score), abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_weighted_auc_equals_scikit_learn(seed: int) -> None:
    random = np.random.default_rng(seed)
    truth = (random.random(200) < 0.4).astype(float)
    score = random.integers(0, 30, 200) / 30
    weights = random.integers(0, 4, (3, 200)).astype(float)
    expected = [roc_auc_score(truth, score, sample_weight=w) for w in weights]
    found = roc_auc(truth, score).evaluator(None, 200)(weights)
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("rows", [2, 3, 4, 5])
def test_auc_equals_the_share_of_pairs_in_every_small_case(rows: int) -> None:
    for truth in itertools.product((0.0, 1.0), repeat=rows):
        if len(set(truth)) == 2:
            for score in itertools.product((0.1, 0.2, 0.9), repeat=rows):
                found = roc_auc(np.array(truth), np.array(score)).value
                assert found == pytest.approx(brute_force(truth, score), abs=1e-12)


values = st.lists(st.tuples(st.booleans(), st.integers(0, 20)), min_size=2, max_size=40).filter(
    lambda rows: len({truth for truth, _ in rows}) == 2
)


@given(rows=values, which=st.integers(0, 39), by=st.integers(1, 10))
def test_a_better_ranking_never_lowers_metric_or_score(
    rows: list[tuple[bool, int]], which: int, by: int
) -> None:
    """Moving a positive up, or a negative down, never costs anything."""
    truth = np.array([float(t) for t, _ in rows])
    before = np.array([float(s) for _, s in rows])
    after = before.copy()
    row = which % len(rows)
    after[row] += by if rows[row][0] else -by
    low, high = roc_auc(truth, before).value, roc_auc(truth, after).value
    assert high >= low - 1e-12
    assert score_of(high, RISING) >= score_of(low, RISING) - 1e-12


@given(rows=values)
def test_only_the_ranking_counts(rows: list[tuple[bool, int]]) -> None:
    truth = np.array([float(t) for t, _ in rows])
    score = np.array([float(s) for _, s in rows])
    auc = roc_auc(truth, score).value
    assert roc_auc(truth, np.exp(score / 7)).value == pytest.approx(auc, abs=1e-12)
    assert roc_auc(truth, -score).value == pytest.approx(1 - auc, abs=1e-12)
    assert roc_auc(1 - truth, score).value == pytest.approx(1 - auc, abs=1e-12)


def sample(seed: int, rows: int, shift: float = 1.0) -> tuple[Array, Array]:
    """Half positives; scores are normal and `shift` apart, so the true AUC is Phi(shift / sqrt 2)."""
    random = np.random.default_rng(seed)
    truth = (np.arange(rows) % 2).astype(float)
    return truth, random.normal(size=rows) + shift * truth


def auc_estimate(truth: Array, score: Array, confidence: float) -> Estimate:
    return estimate(roc_auc(truth, score), rounds=100, confidence=confidence, seed=1)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """80 % intervals over 400 data sets: 320 expected, standard deviation 8; the bounds are 3.5 of them."""
    true_auc = 0.76025  # Phi(1 / sqrt 2)
    covered = 0
    for seed in range(400):
        found = auc_estimate(*sample(seed, 200), 0.8)
        covered += found.low <= true_auc <= found.high
    assert 292 <= covered <= 348


def test_more_rows_and_less_confidence_make_narrower_intervals() -> None:
    def width(rows: int, confidence: float) -> float:
        found = auc_estimate(*sample(3, rows), confidence)
        return found.high - found.low

    assert width(2000, 0.95) < width(200, 0.95) / 2
    assert width(500, 0.5) < width(500, 0.95)


def test_a_perfect_ranking_of_few_rows_is_not_certain() -> None:
    """DeLong's variance is 0 there; the ends come from Newcombe's fifth method instead."""
    truth = np.array([0.0] * 5 + [1.0] * 5)
    found = auc_estimate(truth, truth, 0.95)
    assert (found.value, found.high) == (1, 1)
    assert 0.4 < found.low < 0.8
    more = np.repeat(truth, 100)
    assert 0.98 < auc_estimate(more, more, 0.95).low < 1


@pytest.mark.parametrize("line", [RISING, FALLING])
def test_anchors_are_worth_what_they_say_and_beyond_them_nothing_changes(line: tuple[Anchor, ...]) -> None:
    for anchor in line:
        assert score_of(anchor.value, line) == pytest.approx(anchor.score)
    assert score_of(line[0].value + (line[0].value - line[-1].value) * 5, line) == line[0].score
    assert score_of(line[-1].value + (line[-1].value - line[0].value) * 5, line) == line[-1].score


@pytest.mark.parametrize(
    ("value", "score"),
    [(0.645, 0.2), (0.815, 0.65), (0.85, 0.95), (0.0, 0.0), (1.0, 1.0)],
)
def test_between_two_anchors_runs_a_straight_line(value: float, score: float) -> None:
    assert score_of(value, RISING) == pytest.approx(score)


@pytest.mark.parametrize(("value", "score"), [(1.5, 0.2), (0.75, 0.65), (0.1, 0.9), (9.0, 0.0)])
def test_lower_can_be_better(value: float, score: float) -> None:
    assert score_of(value, FALLING) == pytest.approx(score)


@given(a=st.floats(-1, 3), b=st.floats(-1, 3))
def test_scores_follow_the_direction_of_the_anchors(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert 0 <= score_of(low, RISING) <= score_of(high, RISING) <= 1
    assert 1 >= score_of(low, FALLING) >= score_of(high, FALLING) >= 0


@pytest.mark.parametrize(
    ("line", "value", "words"),
    [
        (RISING, 0.4, "below the constant"),
        (RISING, 0.5, "between the constant and the baseline"),
        (RISING, 0.8, "between the baseline and the reference"),
        (RISING, 0.9, "at or beyond the ceiling"),
        (FALLING, 3.0, "below the constant"),
        (FALLING, 0.7, "between the baseline and the reference"),
        (FALLING, 0.5, "at or beyond the reference"),
    ],
)
def test_where_a_value_lies_is_said_in_words(line: tuple[Anchor, ...], value: float, words: str) -> None:
    assert place(value, line) == words


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), levels=st.sampled_from([2, 5, 1000]))
def test_the_roc_curve_rises_from_corner_to_corner(seed: int, levels: int) -> None:
    random = np.random.default_rng(seed)
    truth = (np.arange(400) % 3 == 0).astype(float)
    score = random.integers(0, levels, 400) / levels
    x, y = roc_curve(truth, score)
    assert x.size == y.size <= 120
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert (np.diff(x) >= 0).all()
    assert (np.diff(y) >= 0).all()


def test_the_roc_curve_has_the_points_of_scikit_learn() -> None:
    truth, score = sample(5, 60)
    expected_x, expected_y, _ = roc_curve_of_sklearn(truth, score, drop_intermediate=False)
    x, y = roc_curve(truth, score)
    assert x == pytest.approx(expected_x)
    assert y == pytest.approx(expected_y)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Forty ids, half of them positive, and the anchors of RISING."""
    metric = replace(make_manifest().metric, anchors=RISING, bootstrap_rounds=200)
    made = make_workspace(tmp_path, metric=metric)
    return with_answers(made, {f"r{n}": n % 2 for n in range(40)})


def predict(workspace: Workspace, values: Sequence[float]) -> Workspace:
    rows = "".join(f"r{n},{value}\n" for n, value in enumerate(values))
    return with_output(workspace, f"id,probability\n{rows}")


def test_a_grade_has_metric_interval_score_curve_and_sentence(workspace: Workspace) -> None:
    """Row 0 is a negative on top of all twenty positives: 19 of 20 negatives are beaten."""
    values = [1.0, *(n % 2 / 2 for n in range(1, 40))]
    grade = grader.grade(predict(workspace, values))
    metric, finding = grade.metrics[0], grade.findings[0]
    assert grade.status == GradeStatus.OK
    assert metric.value == pytest.approx(0.95)
    assert (metric.score, metric.rows, metric.is_higher_better) == (1.0, 40, True)
    assert 0.7 < metric.low < 0.95 < metric.high < 1
    assert metric.score_low <= metric.score <= metric.score_high
    assert (finding.outcome, finding.points, finding.max_points) == (Outcome.PASSED, 10, 10)
    assert "ROC AUC is 0.950 on 40 hidden rows (95% interval" in finding.sentence
    assert finding.sentence.endswith("at or beyond the ceiling.")
    assert (grade.curves[0].kind, grade.curves[0].x[0], grade.curves[0].y[-1]) == ("roc", 0.0, 1.0)
    assert grader.grade(predict(workspace, values)) == grade


@pytest.mark.parametrize(
    ("values", "outcome", "points"),
    [
        ([0.5] * 40, Outcome.FAILED, 0.0),
        ([1 - n % 2 for n in range(40)], Outcome.FAILED, 0.0),
        ([0.0] * 16 + [n % 2 for n in range(16, 40)], Outcome.PARTIAL, 5.0),
    ],
)
def test_points_are_the_score(
    workspace: Workspace, values: list[float], outcome: Outcome, points: float
) -> None:
    """The last: twelve of twenty positives above all negatives, the rest tied with all: 0.6 + 0.4 / 2 = 0.8."""
    finding = grader.grade(predict(workspace, values)).findings[0]
    assert finding.outcome == outcome
    assert finding.points == pytest.approx(points)
    assert finding.how_to_fix


def test_points_follow_the_direction_lower(workspace: Workspace) -> None:
    line = anchors((0.9, 0.0), (0.5, 0.4), (0.1, 1.0))
    metric = replace(workspace.manifest.metric, direction=Direction.LOWER, anchors=line)
    turned = replace(workspace, manifest=replace(workspace.manifest, metric=metric))
    grade = grader.grade(predict(turned, [0.5] * 40))
    assert grade.findings[0].points == pytest.approx(4)
    assert not grade.metrics[0].is_higher_better
    assert grade.metrics[0].score_low <= grade.metrics[0].score <= grade.metrics[0].score_high


def test_predictions_that_cannot_be_measured_are_worth_nothing_and_say_why(workspace: Workspace) -> None:
    for content, words in (("", "0 bytes"), ("id,probability\nr0,NaN\n", "39 ids are missing")):
        grade = grader.grade(with_output(workspace, content))
        finding = grade.findings[0]
        assert (grade.status, finding.outcome, finding.points) == (GradeStatus.OK, Outcome.FAILED, 0.0)
        assert words in finding.sentence
        assert (grade.metrics, grade.curves) == ((), ())


def test_no_predictions_are_worth_nothing(workspace: Workspace) -> None:
    finding = grader.grade(workspace).findings[0]
    assert finding.sentence == "There were no predictions to measure."
    assert (finding.points, finding.max_points) == (0, 10)


def test_hidden_values_are_never_told(workspace: Workspace) -> None:
    """A finding may not say which rows are wrong: it would be an oracle."""
    grade = grader.grade(predict(workspace, [n / 40 for n in range(40)]))
    assert grade.findings[0].evidence == ()
    assert "r1" not in repr(grade.findings)


def test_the_grader_version_follows_the_reader_of_predictions() -> None:
    assert grader.version.startswith("1+")
    names = {path.name for path in sources_of(str(model_quality.__file__))}
    assert {"predictions.py", "cells.py", "answers.py", "intervals.py", "received.py"} <= names
