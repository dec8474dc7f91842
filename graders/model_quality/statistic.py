"""What a metric is to whoever asks how far chance moves it: a number for any way of weighting the rows.

Two kinds cover nearly all. Most metrics are a function of sums over rows, so that any resampling is a product of
matrices. Metrics of a ranking in two classes are a function of how many of each class lie at each place.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
#: Counts, float64 (rounds, units), to values, float64 (rounds,); NaN where a round has no value.
Evaluate = Callable[[Array], Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """An interval that needs no resampling."""

    method: str
    ends: Callable[[float], tuple[float, float]]
    """Coverage in (0, 1) to the two ends."""


class Statistic(Protocol):
    """A metric on given answers and predictions."""

    @property
    def value(self) -> float:
        """On the rows as they are."""
        ...

    @property
    def rows(self) -> int:
        """How many things can be drawn one by one: rows, or queries where the metric is one number for each."""
        ...

    @property
    def strata(self) -> Integers | None:
        """(rows,), kind of each row; a round keeps as many of each. None for one kind."""
        ...

    @property
    def closed(self) -> Closed | None:
        """An interval for rows that are independent, where there is one in closed form."""
        ...

    def evaluator(self, units: Integers | None, count: int) -> Evaluate:
        """What values rounds of a resampling.

        Args:
            units: (rows,), which of `count` things that are drawn whole a row belongs to; None for each its own.
            count: How many units.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """A function of sums over rows."""

    parts: Array
    """(rows, sums): what each row adds to each sum."""
    combine: Evaluate
    """Sums, (rounds, sums), to values, (rounds,)."""
    strata: Integers | None = None
    closed: Closed | None = None

    @property
    def value(self) -> float:
        """See `Statistic`."""
        return float(self.combine(self.parts.sum(axis=0)[np.newaxis])[0])

    @property
    def rows(self) -> int:
        """See `Statistic`."""
        return int(self.parts.shape[0])

    def evaluator(self, units: Integers | None, count: int) -> Evaluate:
        """See `Statistic`."""
        parts = self.parts
        if units is not None:
            columns = [np.bincount(units, column, minlength=count) for column in parts.T]
            parts = np.stack(columns, axis=1)
        return lambda counts: self.combine(counts @ parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A function of how many rows of each class lie at each place of a ranking."""

    truth: Array
    """(rows,), 0 or 1."""
    score: Array
    """(rows,), finite; equal scores share a place."""
    combine: Callable[[Array, Array], Array]
    """Positives and negatives, each (rounds, places), the highest score first, to values, (rounds,)."""
    closed: Closed | None = None
    is_of_positives: bool = False
    """Whether only places with positives matter, and of negatives only how many stand above each."""

    @property
    def value(self) -> float:
        """See `Statistic`."""
        return float(self.evaluator(None, self.rows)(np.ones((1, self.rows)))[0])

    @property
    def rows(self) -> int:
        """See `Statistic`."""
        return int(self.truth.size)

    @property
    def strata(self) -> Integers | None:
        """Each class keeps its number of rows."""
        return self.truth.astype(np.int64)

    def drawn(self, rounds: int, generator: np.random.Generator) -> Array:
        """Values of rounds in which each class keeps its number of rows, float64 (rounds,).

        Rows are counted at their places as they are drawn: a third of the time that weights for every row take.
        """
        place, places = self._places()
        ours = np.arange(rounds)[:, np.newaxis] * places

        def counts(label: float) -> Array:
            own = place[self.truth == label]
            at = own[generator.integers(own.size, size=(rounds, own.size))] + ours
            found = np.bincount(at.ravel(), minlength=rounds * places).reshape(rounds, places)
            return found.astype(np.float64)

        return self.combine(counts(1), counts(0))

    def _places(self) -> tuple[Integers, int]:
        """(rows,), place of each row, 0 for the highest score; and how many places there are."""
        values = np.unique(self.score[self.truth == 1]) if self.is_of_positives else np.unique(self.score)
        # A negative goes to the first place with positives that does not stand above it.
        place = values.size - np.searchsorted(values, self.score, side="right")
        return place.astype(np.int64), int(values.size) + 1

    def evaluator(self, units: Integers | None, count: int) -> Evaluate:
        """See `Statistic`; `count` is not needed."""
        del count
        order = np.argsort(-self.score, kind="stable")
        ordered = self.score[order]
        starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        is_positive = self.truth[order]
        # Where a row's weight stands among those of the units that are drawn.
        source = order if units is None else units[order]

        def evaluate(counts: Array) -> Array:
            weights = counts[:, source]
            positive = np.add.reduceat(weights * is_positive, starts, axis=1)
            return self.combine(positive, np.add.reduceat(weights, starts, axis=1) - positive)

        return evaluate


def mean(values: Array, *, strata: Integers | None = None, closed: Closed | None = None) -> Sums:
    """The mean of one value a row."""
    parts = np.stack([values, np.ones_like(values)], axis=1)
    return Sums(parts=parts, combine=ratio, strata=strata, closed=closed)


def ratio(sums: Array) -> Array:
    """The first sum over the second; NaN where that is 0."""
    return divide(sums[:, 0], sums[:, 1])


def divide(above: Array, below: Array) -> Array:
    """A quotient, elementwise; NaN where the divisor is 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(below == 0, np.nan, above / below)


def shares(above: Array, below: Array) -> Array:
    """A quotient, elementwise; 0 where the divisor is 0, as scikit-learn has it for scores of decisions."""
    return np.divide(above, below, out=np.zeros_like(above), where=below != 0)
