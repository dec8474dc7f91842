"""Metrics on hidden data, each with a bootstrap interval. NumPy only: importing more would cost seconds."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Bootstrap rounds are done in blocks of this many weights, to bound memory at about 40 MB.
_BLOCK = 5_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A metric value with a percentile bootstrap interval."""

    value: float
    low: float
    high: float
    method: str


def roc_auc(truth: Array, score: Array, weights: Array | None = None) -> Array:
    """Area under the ROC curve, as the probability that a positive ranks above a negative, ties half.

    Args:
        truth: float64, (rows,), 0 or 1, both present.
        score: float64, (rows,), finite; higher means more likely positive.
        weights: float64, (rounds, rows), non-negative; None is one round of ones.

    Returns:
        float64, (rounds,), in [0, 1]; NaN for a round without both classes.

    Source: Hanley and McNeil, 1982 (equivalence with the Mann-Whitney statistic).
    """
    order = np.argsort(score, kind="stable")
    truth, score = truth[order], score[order]
    weights = np.ones((1, truth.size)) if weights is None else weights[:, order]
    positive, negative = weights * truth, weights * (1 - truth)
    # Groups of equal scores: a positive beats all negatives in lower groups and half of those in its own.
    starts = np.flatnonzero(np.r_[True, score[1:] != score[:-1]])
    positive = np.add.reduceat(positive, starts, axis=1)
    negative = np.add.reduceat(negative, starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative
    won = (positive * (below + negative / 2)).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(won / (positive.sum(axis=1) * negative.sum(axis=1)), dtype=np.float64)


METRICS: dict[str, Callable[[Array, Array, Array | None], Array]] = {"roc_auc": roc_auc}


def estimate(  # noqa: PLR0913  a metric, its data, and how the interval is made
    name: str, truth: Array, prediction: Array, *, rounds: int, confidence: float, seed: int
) -> Estimate:
    """A metric with a percentile interval from a bootstrap stratified by class.

    Stratifying keeps both classes in every round, as the hidden set's design did.

    Args:
        name: Key of `METRICS`.
        truth: float64, (rows,).
        prediction: float64, (rows,).
        rounds: Bootstrap rounds, at least 2.
        confidence: Coverage, in (0, 1).
        seed: Of the generator; equal seeds give equal intervals.

    Raises:
        KeyError: Unknown metric.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    """
    metric = METRICS[name]
    value = float(metric(truth, prediction, None)[0])
    generator = np.random.default_rng(seed)
    per_block = max(1, _BLOCK // max(1, truth.size))
    values = np.concatenate(
        [
            metric(truth, prediction, _resample(truth, min(per_block, rounds - done), generator))
            for done in range(0, rounds, per_block)
        ]
    )
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    method = f"stratified percentile bootstrap, {rounds} rounds, seed {seed}"
    return Estimate(value=value, low=float(low), high=float(high), method=method)


def _resample(truth: Array, rounds: int, generator: np.random.Generator) -> Array:
    """How often each row is drawn, (rounds, rows); each class keeps its number of rows."""
    weights = np.zeros((rounds, truth.size))
    for label in np.unique(truth):
        rows = np.flatnonzero(truth == label)
        # Counting drawn row numbers takes a quarter of the time that drawing multinomial counts does.
        drawn = generator.integers(rows.size, size=(rounds, rows.size))
        drawn += np.arange(rounds)[:, np.newaxis] * rows.size
        counts = np.bincount(drawn.ravel(), minlength=rounds * rows.size)
        weights[:, rows] = counts.reshape(rounds, rows.size)
    return weights


def roc_curve(truth: Array, score: Array, points: int = 120) -> tuple[Array, Array]:
    """False and true positive rates for falling thresholds, thinned to at most `points` points.

    Returns:
        Two float64 arrays of equal length, from (0, 0) to (1, 1), both non-decreasing.
    """
    order = np.argsort(-score, kind="stable")
    truth, score = truth[order], score[order]
    ends = np.flatnonzero(np.r_[score[1:] != score[:-1], True])
    true_rate = np.r_[0.0, np.cumsum(truth)[ends] / truth.sum()]
    false_rate = np.r_[0.0, np.cumsum(1 - truth)[ends] / (1 - truth).sum()]
    if true_rate.size > points:
        keep = np.unique(np.linspace(0, true_rate.size - 1, points).round().astype(int))
        true_rate, false_rate = true_rate[keep], false_rate[keep]
    return false_rate, true_rate
