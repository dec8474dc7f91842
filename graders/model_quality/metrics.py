"""Metrics on hidden data, each with a bootstrap interval. NumPy only: importing more would cost seconds."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Bootstrap rounds are done in blocks of this many drawn rows, to bound memory at about 40 MB.
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


def resampled_roc_auc(truth: Array, score: Array, rounds: int, generator: np.random.Generator) -> Array:
    """The same for rounds of a bootstrap in which each class keeps its number of rows.

    Negatives are counted by the place of their score, so that each drawn positive only looks up how many it beats:
    a third of the time that weights for every row take, and equal to the last digit.

    Args:
        truth: float64, (rows,), 0 or 1, both present.
        score: float64, (rows,), finite.
        rounds: How many.
        generator: Where chance comes from; the negatives are drawn first.

    Returns:
        float64, (rounds,), in [0, 1].
    """
    _, place = np.unique(score, return_inverse=True)
    places = int(place.max()) + 1
    ours = np.arange(rounds)[:, np.newaxis] * places

    def drawn(label: float) -> NDArray[np.int64]:
        own = place[truth == label]
        return np.asarray(own[generator.integers(own.size, size=(rounds, own.size))] + ours)

    negative, positive = drawn(0), drawn(1)
    counts = np.bincount(negative.ravel(), minlength=rounds * places).reshape(rounds, places)
    # All negatives below a place and half of those in it, times two to stay with whole numbers.
    beaten = 2 * np.cumsum(counts, axis=1) - counts
    won = beaten.ravel()[positive].sum(axis=1) / 2
    return np.asarray(won / (positive.shape[1] * negative.shape[1]), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _How:
    """How a metric is measured: once, and in rounds of a bootstrap."""

    once: Callable[[Array, Array], Array]
    resampled: Callable[[Array, Array, int, np.random.Generator], Array]


METRICS = {"roc_auc": _How(roc_auc, resampled_roc_auc)}


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
    value = float(metric.once(truth, prediction)[0])
    generator = np.random.default_rng(seed)
    per_block = max(1, _BLOCK // max(1, truth.size))
    values = np.concatenate(
        [
            metric.resampled(truth, prediction, min(per_block, rounds - done), generator)
            for done in range(0, rounds, per_block)
        ]
    )
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    method = f"stratified percentile bootstrap, {rounds} rounds, seed {seed}"
    return Estimate(value=value, low=float(low), high=float(high), method=method)


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
