"""Do probabilities mean what they say? The reliability curve and the expected calibration error.

Even a perfect model has an error above 0 on a finite number of rows, so it is compared with what chance gives one
that is right: answers drawn from the predictions themselves.
"""

from dataclasses import dataclass

import numpy as np

from graders.model_quality.intervals import Estimate, estimate
from graders.model_quality.statistic import Array, Integers, Sums, divide

BINS = 10
_DRAWS = 400
_SEED = 20_240_503


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What was seen."""

    error: Estimate
    """Mean distance of predicted and observed share over bins of equal size, weighted by rows."""
    by_chance: float
    """What a model whose probabilities are right stays below in 95 of 100 cases."""
    predicted: tuple[float, ...]
    """Mean prediction of each bin."""
    observed: tuple[float, ...]
    """Share of answers that are 1 in each bin."""

    @property
    def is_right(self) -> bool:
        """Whether chance alone explains the error."""
        return self.error.value <= self.by_chance


def calibration(
    truth: Array, probability: Array, *, rounds: int, confidence: float, seed: int
) -> Calibration:
    """Look at probabilities.

    Args:
        truth: (rows,), 0 or 1.
        probability: (rows,), in [0, 1].
        rounds: Of the bootstrap of the error's interval.
        confidence: Of that interval, in (0, 1).
        seed: Of the bootstrap.

    Source: Naeini, Cooper and Hauskrecht, 2015 (ECE); equal-mass bins as in Nguyen and O'Connor, 2015.
    """
    place = bins(probability)
    statistic = _error(truth, probability, place)
    sums = statistic.parts.sum(axis=0).reshape(3, -1)
    return Calibration(
        error=estimate(statistic, rounds=rounds, confidence=confidence, seed=seed),
        by_chance=_by_chance(probability, place),
        predicted=tuple(np.round(sums[1] / sums[0], 5).tolist()),
        observed=tuple(np.round(sums[2] / sums[0], 5).tolist()),
    )


def bins(probability: Array) -> Integers:
    """(rows,), bin of each row from 0 without gaps: as many rows each as ties allow."""
    edges = np.quantile(probability, np.arange(1, BINS) / BINS)
    place = np.searchsorted(np.unique(edges), probability, side="left")
    return np.unique(place, return_inverse=True)[1].astype(np.int64)


def _error(truth: Array, probability: Array, place: Integers) -> Sums:
    member = (place[:, np.newaxis] == np.arange(place.max() + 1)).astype(np.float64)
    size = member.shape[1]
    parts = np.hstack([member, member * probability[:, np.newaxis], member * truth[:, np.newaxis]])

    def combine(sums: Array) -> Array:
        gap = np.abs(sums[:, size : 2 * size] - sums[:, 2 * size :]).sum(axis=1)
        return divide(gap, sums[:, :size].sum(axis=1))

    return Sums(parts=parts, combine=combine)


def _by_chance(probability: Array, place: Integers) -> float:
    generator = np.random.default_rng(_SEED)
    expected = np.bincount(place, probability)
    errors = [
        np.abs(np.bincount(place, generator.random(probability.size) < probability) - expected).sum()
        for _ in range(_DRAWS)
    ]
    return float(np.quantile(errors, 0.95)) / probability.size
