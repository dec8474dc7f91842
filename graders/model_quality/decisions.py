"""Metrics of probabilities that the answer is 1, and of the decisions that a threshold makes of them."""

from collections.abc import Callable

import numpy as np

from graders.model_quality.statistic import Array, Integers, Sums, mean, shares

_EPSILON = float(np.finfo(np.float64).eps)


def log_loss(truth: Array, probability: Array) -> Sums:
    """Mean negative logarithm of the probability given to what happened, clipped as scikit-learn clips."""
    sure = np.clip(probability, _EPSILON, 1 - _EPSILON)
    return mean(-np.log(np.where(truth == 1, sure, 1 - sure)), strata=_classes(truth))


def brier(truth: Array, probability: Array) -> Sums:
    """Mean squared distance of the probability from what happened."""
    return mean((truth - probability) ** 2, strata=_classes(truth))


def f1(truth: Array, probability: Array, threshold: float) -> Sums:
    """Harmonic mean of precision and recall; 0 when nothing is right."""

    def combine(sums: Array) -> Array:
        hit, false_alarm, miss, _ = sums.T
        return shares(2 * hit, 2 * hit + false_alarm + miss)

    return _decided(truth, probability, threshold, combine)


def matthews(truth: Array, probability: Array, threshold: float) -> Sums:
    """Correlation of decision and truth; 0 when one of them never changes."""

    def combine(sums: Array) -> Array:
        hit, false_alarm, miss, silent = sums.T
        sizes = (hit + false_alarm) * (hit + miss) * (silent + false_alarm) * (silent + miss)
        return shares(hit * silent - false_alarm * miss, np.sqrt(sizes))

    return _decided(truth, probability, threshold, combine)


def balanced_accuracy(truth: Array, probability: Array, threshold: float) -> Sums:
    """Mean of the shares of positives and of negatives that are decided rightly."""

    def combine(sums: Array) -> Array:
        hit, false_alarm, miss, silent = sums.T
        return (shares(hit, hit + miss) + shares(silent, silent + false_alarm)) / 2

    return _decided(truth, probability, threshold, combine)


def outcomes(truth: Array, probability: Array, threshold: float) -> Array:
    """(rows, 4) of 0 and 1: hit, false alarm, miss, rightly silent."""
    is_yes, is_true = probability >= threshold, truth == 1
    kinds = (is_yes & is_true, is_yes & ~is_true, ~is_yes & is_true, ~is_yes & ~is_true)
    return np.stack(kinds, axis=1).astype(np.float64)


def _decided(truth: Array, probability: Array, threshold: float, combine: Callable[[Array], Array]) -> Sums:
    return Sums(parts=outcomes(truth, probability, threshold), combine=combine, strata=_classes(truth))


def _classes(truth: Array) -> Integers:
    return truth.astype(np.int64)
