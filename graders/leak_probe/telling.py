"""How much something says about the answers: by itself, out of fold, and against what chance would say."""

import math
from collections.abc import Sequence

import numpy as np

from graders.leak_probe.tables import Array, Integers, Target, as_numbers

_FOLDS = 5
_BINS = 40
#: Standard errors beyond which chance is no explanation: six, because a challenge has many columns.
MOST_CHANCE = 6.0


def codes_of(cells: Sequence[str]) -> Integers | None:
    """A column in a few dozen kinds: levels, or quantiles of numbers; None where nearly each cell is its own."""
    numbers = as_numbers(cells)
    if numbers is not None and len(set(cells)) > _BINS:
        known = numbers[np.isfinite(numbers)]
        edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1]))
        coded = np.searchsorted(edges, numbers, side="right")
        return np.where(np.isfinite(numbers), coded, len(edges) + 1).astype(np.int64)
    levels, coded = np.unique(np.array(cells, dtype=object).astype(str), return_inverse=True)
    return None if len(levels) > len(cells) // 4 else coded.astype(np.int64)


def told_by(codes: Integers, target: Target) -> float:
    """How much of the answers the mean by code says, out of fold: 0 as chance does, 1 all.

    Of classes the share of wrong guesses that it spares; of amounts R².
    """
    fold = np.arange(len(codes)) % _FOLDS
    said = np.zeros_like(target.values)
    for one in range(_FOLDS):
        there, here = fold != one, fold == one
        said[here] = means(codes[there], target.values[there], codes[here], int(codes.max()) + 1)
    return spared(said, target)


def means(codes: Integers, values: Array, asked: Integers, levels: int) -> Array:
    """Mean of the values by code, for the codes asked for; of a code that is not known the mean of all."""
    counts = np.bincount(codes, minlength=levels)
    sums = np.stack([np.bincount(codes, column, minlength=levels) for column in values.T], axis=1)
    overall = values.mean(axis=0)
    return np.where(counts[asked, None] > 0, sums[asked] / np.maximum(counts[asked, None], 1), overall)


def spared(said: Array, target: Target) -> float:
    """How much better guesses are than the best constant, in [.., 1]."""
    truth = target.values
    if not target.is_classes:
        around = ((truth - truth.mean(axis=0)) ** 2).sum()
        return float(1 - ((truth - said) ** 2).sum() / around) if around > 0 else 0.0
    right = float((said.argmax(axis=1) == truth.argmax(axis=1)).mean())
    base = float(truth.mean(axis=0).max())
    return (right - base) / (1 - base) if base < 1 else 0.0


def rises_with(order: Array, target: Target) -> tuple[float, float]:
    """Whether answers rise or fall along an order: the largest rank correlation, and that in standard errors."""
    place = _ranks(order)
    found = max((abs(_correlation(place, _ranks(column))) for column in target.values.T), default=0.0)
    return found, found * math.sqrt(max(len(order) - 1, 1))


def goes_with(said: Array, target: Target) -> tuple[float, float]:
    """Correlation of guesses with answers, the largest of the classes, and in standard errors."""
    pairs = zip(said.T, target.values.T, strict=True)
    found = max((_correlation(one, other) for one, other in pairs), default=0.0)
    return found, found * math.sqrt(max(len(said) - 1, 1))


def _correlation(one: Array, other: Array) -> float:
    if one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def _ranks(values: Array) -> Array:
    """Ranks, equal values sharing the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    shared: Array = ends - (counts - 1) / 2
    return shared[inverse]
