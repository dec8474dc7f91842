"""Metrics of a ranking in two classes."""

from collections.abc import Callable
from math import sqrt

import numpy as np

from graders.model_quality.intervals import normal, on_logit_scale
from graders.model_quality.statistic import Array, Closed, Ranked, divide

#: Halvings that bring an interval's end to within 1e-12.
_HALVINGS = 40


def roc_auc(truth: Array, score: Array) -> Ranked:
    """Area under the ROC curve: the probability that a positive ranks above a negative, ties half.

    Args:
        truth: float64, (rows,), 0 or 1, both present.
        score: float64, (rows,), finite; higher means more likely positive.

    Source: Hanley and McNeil, 1982 (equivalence with the Mann-Whitney statistic).
    """

    def combine(positive: Array, negative: Array) -> Array:
        total = negative.sum(axis=1, keepdims=True)
        below = total - np.cumsum(negative, axis=1)
        won = (positive * (below + negative / 2)).sum(axis=1)
        return divide(won, positive.sum(axis=1) * total[:, 0])

    closed = Closed(method="DeLong, on the logit scale", ends=lambda level: _auc_ends(truth, score, level))
    return Ranked(truth=truth, score=score, combine=combine, closed=closed)


def average_precision(truth: Array, score: Array) -> Ranked:
    """Mean of the precision at each positive, rows of equal score together."""

    def combine(positive: Array, negative: Array) -> Array:
        found = np.cumsum(positive, axis=1)
        precision = found / np.maximum(found + np.cumsum(negative, axis=1), 1)
        return divide((positive * precision).sum(axis=1), found[:, -1])

    return Ranked(truth=truth, score=score, combine=combine, is_of_positives=True)


def kolmogorov_smirnov(truth: Array, score: Array) -> Ranked:
    """Largest gap between the shares of positives and of negatives above a score."""

    def combine(positive: Array, negative: Array) -> Array:
        gaps = _rising(positive) - _rising(negative)
        return np.asarray(np.abs(gaps).max(axis=1))

    return Ranked(truth=truth, score=score, combine=combine)


def precision_at(first: int) -> Callable[[Array, Array], Ranked]:
    """The share of positives among the first; rows of equal score at the edge count in proportion."""

    def build(truth: Array, score: Array) -> Ranked:
        def combine(positive: Array, negative: Array) -> Array:
            both = positive + negative
            room = np.clip(first - (np.cumsum(both, axis=1) - both), 0, both)
            found = (positive * np.divide(room, both, out=np.zeros_like(both), where=both > 0)).sum(axis=1)
            return divide(found, room.sum(axis=1))

        return Ranked(truth=truth, score=score, combine=combine)

    return build


def _rising(counts: Array) -> Array:
    rising = np.cumsum(counts, axis=1)
    return divide(rising, rising[:, -1:])


def _auc_ends(truth: Array, score: Array, confidence: float) -> tuple[float, float]:
    value, variance = delong(truth, score)
    if variance > 0:
        return on_logit_scale(value, sqrt(variance), confidence)
    return _score_ends(value, int(truth.sum()), int(truth.size - truth.sum()), confidence)


def delong(truth: Array, score: Array) -> tuple[float, float]:
    """The area and its variance; the variance is 0 when nothing overlaps or a class has one row.

    Source: DeLong, DeLong and Clarke-Pearson, 1988, by midranks as in Sun and Xu, 2014.
    """
    placed = placements(truth, score)
    value = float(placed[0].mean())
    variance = sum(float(part.var(ddof=1)) / part.size if part.size > 1 else 0.0 for part in placed)
    is_known = min(part.size for part in placed) > 1
    return value, variance if is_known else 0.0


def placements(truth: Array, score: Array) -> tuple[Array, Array]:
    """For each positive the share of negatives it beats, and for each negative that of positives it loses to."""
    positive, negative = score[truth == 1], score[truth == 0]
    together = midranks(np.r_[positive, negative])
    ours, theirs = together[: positive.size], together[positive.size :]
    won = (ours - midranks(positive)) / negative.size
    lost = 1 - (theirs - midranks(negative)) / positive.size
    return won, lost


def midranks(values: Array) -> Array:
    """Ranks from 1, equal values at the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[place], dtype=np.float64)


def _score_ends(value: float, positives: int, negatives: int, confidence: float) -> tuple[float, float]:
    """The areas whose own standard error just reaches the value, which works at 0 and 1 too.

    Source: Newcombe, 2006, method 5.
    """
    z, half = normal(confidence), (positives + negatives) / 2

    def reaches(area: float) -> bool:
        spread = 1 + (half - 1) * ((1 - area) / (2 - area) + area / (1 + area))
        return abs(value - area) <= z * sqrt(area * (1 - area) * spread / (positives * negatives))

    def end(outside: float) -> float:
        inside = value
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if reaches(middle) else (inside, middle)
        return inside

    return end(0.0), end(1.0)


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
