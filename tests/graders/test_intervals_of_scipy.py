"""Intervals of each family of metrics beside those of scipy's bootstrap over scikit-learn's values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from graders.model_quality import amounts, classes, decisions, lists, ranked, survival, text
from graders.model_quality.intervals import estimate, normal
from graders.model_quality.statistic import Array, Statistic
from tests.graders.metric_samples import ROWS, amount, binary, labels
from tests.graders.test_metrics import people

CONFIDENCE = 0.9
#: Of scipy's rounds; ours are ten times as many. Ends of 400 rounds lie within a tenth of the width in 998 of 1,000.
ROUNDS = 400
Chosen = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A metric, and its value on chosen rows by somebody else's program."""

    ours: Statistic
    theirs: Callable[[Chosen], float]
    kinds: Sequence[Chosen]
    """Rows of each kind, which are drawn apart."""


def of_two_classes(
    build: Callable[[Array, Array], Statistic], value: Callable[[Array, Array], float]
) -> Case:
    truth, score = binary(1)
    return Case(
        ours=build(truth, score),
        theirs=lambda rows: value(truth[rows], score[rows]),
        kinds=[np.flatnonzero(truth == kind) for kind in (0, 1)],
    )


def of_labels(build: Callable[[Any, Any], Statistic], value: Callable[[Any, Any], float]) -> Case:
    truth, said = labels(1)
    return Case(
        ours=build(truth, said),
        theirs=lambda rows: value(truth[rows], said[rows]),
        kinds=[np.flatnonzero(truth == kind) for kind in range(5)],
    )


def of_amounts(build: Callable[[Array, Array], Statistic], value: Callable[[Array, Array], float]) -> Case:
    truth, said = amount(1)
    return Case(
        ours=build(truth, said),
        theirs=lambda rows: value(truth[rows], said[rows]),
        kinds=[np.arange(ROWS)],
    )


def of_queries() -> Case:
    random = np.random.default_rng(1)
    query = np.repeat(np.arange(60), 5)
    relevance, score = random.integers(0, 3, ROWS).astype(float), random.random(ROWS)
    gains, scores = (2.0**relevance - 1).reshape(60, 5), score.reshape(60, 5)
    there = np.flatnonzero(gains.any(axis=1))
    return Case(
        ours=lists.over_queries(lists.ndcg, relevance, score, query, 3),
        theirs=lambda rows: sk.ndcg_score(gains[rows], scores[rows], k=3),
        kinds=[there],
    )


def of_texts() -> Case:
    random = np.random.default_rng(1)
    true = ["one two three"] * 200
    said = [" ".join(["one", "two", "three", "four"][: random.integers(1, 5)]) for _ in true]
    overlap = [min(3, len(s.split())) for s in said]
    f1 = np.array([2 * o / (3 + len(s.split())) for o, s in zip(overlap, said, strict=True)])
    return Case(
        ours=text.token_f1(true, said), theirs=lambda rows: float(f1[rows].mean()), kinds=[np.arange(200)]
    )


CASES: dict[str, Callable[[], Case]] = {
    "average precision": lambda: of_two_classes(ranked.average_precision, sk.average_precision_score),
    "log loss": lambda: of_two_classes(decisions.log_loss, sk.log_loss),
    "Brier": lambda: of_two_classes(decisions.brier, sk.brier_score_loss),
    "Matthews": lambda: of_two_classes(
        lambda t, s: decisions.matthews(t, s, 0.5), lambda t, s: sk.matthews_corrcoef(t, s >= 0.5)
    ),
    "macro F1": lambda: of_labels(classes.macro_f1, lambda t, s: sk.f1_score(t, s, average="macro")),
    "kappa": lambda: of_labels(classes.kappa, sk.cohen_kappa_score),
    "RMSE": lambda: of_amounts(amounts.rmse, sk.root_mean_squared_error),
    "R2": lambda: of_amounts(amounts.r2, sk.r2_score),
    "WAPE of forecasts": lambda: of_amounts(amounts.wape, lambda t, s: float(abs(t - s).sum() / t.sum())),
    "NDCG of queries": of_queries,
    "token F1": of_texts,
}


@pytest.mark.parametrize("name", CASES)
def test_the_interval_is_that_of_scipys_bootstrap(name: str) -> None:
    case = CASES[name]()
    ours = estimate(case.ours, rounds=10 * ROUNDS, confidence=CONFIDENCE, seed=1)
    theirs = stats.bootstrap(
        tuple(case.kinds),
        lambda *drawn: case.theirs(np.concatenate(drawn)),
        n_resamples=ROUNDS,
        confidence_level=CONFIDENCE,
        method="percentile",
        vectorized=False,
        rng=np.random.default_rng(2),
    ).confidence_interval
    assert case.theirs(np.concatenate(case.kinds)) == pytest.approx(ours.value, rel=1e-11)
    off = max(abs(ours.low - theirs.low), abs(ours.high - theirs.high))
    assert off < 0.1 * (ours.high - ours.low)


@pytest.mark.parametrize("build", [survival.harrell_c, survival.uno_c])
def test_the_interval_of_a_concordance_leaves_out_each_row_in_turn(
    build: Callable[[Array, Array, Array], survival.Concordance],
) -> None:
    """Weights of censoring are those of all rows, so of Uno's C they are held still."""
    time, event, risk = people(1)
    statistic = build(time, event, risk)
    weights = survival.censoring_free(time, event, time, is_before=True) ** -2.0
    weights = (
        np.ones_like(time)
        if build is survival.harrell_c
        else weights * (event * (time < time[event == 1].max()))
    )
    left = [by_pairs(time, event, risk, weights, without=row) for row in range(time.size)]
    n, value = time.size, statistic.value
    error = np.sqrt((n - 1) / n * ((left - np.mean(left)) ** 2).sum())
    low, high = statistic.closed.ends(CONFIDENCE)
    middle, half = np.log(value / (1 - value)), normal(CONFIDENCE) * error / (value * (1 - value))
    expected = [1 / (1 + np.exp(-(middle + side * half))) for side in (-1, 1)]
    assert [low, high] == pytest.approx(expected, abs=1e-12)


def by_pairs(time: Array, event: Array, risk: Array, weights: Array, *, without: int) -> float:
    won = compared = 0.0
    rows = [row for row in range(time.size) if row != without]
    for i in (row for row in rows if event[row]):
        for j in rows:
            if time[i] < time[j] or (time[i] == time[j] and not event[j]):
                compared += weights[i]
                won += weights[i] * (float(risk[i] > risk[j]) + float(risk[i] == risk[j]) / 2)
    return won / compared
