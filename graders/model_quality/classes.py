"""Metrics of labels: truth and prediction are codes, 0 to the number of labels."""

from collections.abc import Callable

import numpy as np

from graders.model_quality.intervals import wilson_of
from graders.model_quality.statistic import Array, Integers, Sums, divide, mean, shares

_EPSILON = float(np.finfo(np.float64).eps)


def accuracy(truth: Integers, prediction: Integers) -> Sums:
    """Share of rows with the right label."""
    is_right = (truth == prediction).astype(np.float64)
    return mean(is_right, strata=truth, closed=wilson_of(is_right))


def macro_f1(truth: Integers, prediction: Integers) -> Sums:
    """Mean F1 over the labels that answers or predictions have."""

    def combine(right: Array, said: Array, true: Array) -> Array:
        # Of a part of the rows some labels may be gone.
        there = (said + true > 0).sum(axis=1)
        return divide(_f1(right, said, true).sum(axis=1), there.astype(np.float64))

    return _by_label(truth, prediction, combine)


def weighted_f1(truth: Integers, prediction: Integers) -> Sums:
    """Mean F1 over labels, each as heavy as it is frequent among the answers."""

    def combine(right: Array, said: Array, true: Array) -> Array:
        return divide((_f1(right, said, true) * true).sum(axis=1), true.sum(axis=1))

    return _by_label(truth, prediction, combine)


def kappa(truth: Integers, prediction: Integers) -> Sums:
    """Agreement beyond what the two frequencies of labels give by chance."""

    def combine(right: Array, said: Array, true: Array) -> Array:
        rows = true.sum(axis=1)
        by_chance = divide((said * true).sum(axis=1), rows**2)
        return divide(divide(right.sum(axis=1), rows) - by_chance, 1 - by_chance)

    return _by_label(truth, prediction, combine)


def log_loss(truth: Integers, probabilities: Array) -> Sums:
    """Mean negative logarithm of the probability given to the right label; rows are made to add up to 1.

    Args:
        truth: (rows,).
        probabilities: (rows, labels).
    """
    clipped = np.clip(probabilities, _EPSILON, 1)
    given = clipped[np.arange(truth.size), truth] / clipped.sum(axis=1)
    return mean(-np.log(given), strata=truth)


def _f1(right: Array, said: Array, true: Array) -> Array:
    return shares(2 * right, said + true)


def _by_label(truth: Integers, prediction: Integers, combine: Callable[[Array, Array, Array], Array]) -> Sums:
    """Counts for each label: rows where both have it, where the prediction has it, where the answer has it."""
    labels = np.union1d(truth, prediction)
    true, said = truth[:, np.newaxis] == labels, prediction[:, np.newaxis] == labels
    parts = np.hstack([true & said, said, true]).astype(np.float64)
    size = labels.size
    return Sums(
        parts=parts,
        combine=lambda sums: combine(sums[:, :size], sums[:, size : 2 * size], sums[:, 2 * size :]),
        strata=truth,
    )
