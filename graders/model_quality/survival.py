"""Metrics of the time until something happens, where for some rows it had not happened when looking ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from graders.model_quality.intervals import on_logit_scale
from graders.model_quality.statistic import Array, Closed, Evaluate, Integers, Sums, mean

#: Pairs are compared in blocks of about this many, to bound memory at about 50 MB.
_BLOCK = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Concordance:
    """Share of comparable pairs in which who was given the higher risk had the event first, ties half."""

    won: Array
    """(rows,): weight of pairs won, in which the row is one of the two."""
    compared: Array
    """(rows,): weight of pairs that can be compared, likewise."""

    @property
    def value(self) -> float:
        """See `Statistic`; NaN without a pair that can be compared."""
        total = float(self.compared.sum())
        return float(self.won.sum()) / total if total else float("nan")

    @property
    def rows(self) -> int:
        """See `Statistic`."""
        return int(self.won.size)

    @property
    def strata(self) -> None:
        """See `Statistic`."""
        return

    @property
    def closed(self) -> Closed:
        """From leaving out each row in turn, with all its pairs."""
        return Closed(method="jackknife, on the logit scale", ends=self._ends)

    def _ends(self, confidence: float) -> tuple[float, float]:
        # Each pair counts at both of its rows, so the sums over rows are twice those over pairs.
        left = (self.won.sum() / 2 - self.won) / (self.compared.sum() / 2 - self.compared)
        spread = (self.rows - 1) / self.rows * float(((left - left.mean()) ** 2).sum())
        if not 0 < self.value < 1:
            return self.value, self.value
        return on_logit_scale(self.value, sqrt(spread), confidence)

    def evaluator(self, units: Integers | None, count: int) -> Evaluate:
        """There is none: a pair belongs to two units.

        Raises:
            ValueError: Always; `challenge validate` refuses such a design.
        """
        del units, count
        msg = "Concordance has an interval for rows that are drawn one by one only."
        raise ValueError(msg)


def harrell_c(time: Array, event: Array, risk: Array) -> Concordance:
    """Concordance over pairs of which one is known to have had the event first.

    Args:
        time: (rows,), of the event or of the last look.
        event: (rows,), 1 where it happened.
        risk: (rows,), higher for an earlier event.
    """
    return _concordance(time, event, risk, np.ones_like(time))


def uno_c(time: Array, event: Array, risk: Array) -> Concordance:
    """The same with pairs weighted by how likely they were not lost to censoring, up to the last event."""
    free = censoring_free(time, event, time, is_before=True)
    is_early = event * (time < time[event == 1].max(initial=-np.inf))
    weights = np.divide(1.0, free**2, out=np.zeros_like(free), where=(free > 0) & (is_early > 0))
    return _concordance(time, event, risk, weights)


def _concordance(time: Array, event: Array, risk: Array, weights: Array) -> Concordance:
    won, compared = np.zeros_like(time), np.zeros_like(time)
    events = np.flatnonzero((event == 1) & (weights > 0))
    per_block = max(1, _BLOCK // max(1, time.size))
    for start in range(0, events.size, per_block):
        rows = events[start : start + per_block]
        mine = time[rows, np.newaxis]
        # An event comes before a censoring at the same time.
        is_pair = (mine < time) | ((mine == time) & (event == 0))
        share = (risk[rows, np.newaxis] > risk) + 0.5 * (risk[rows, np.newaxis] == risk)
        pairs = is_pair * weights[rows, np.newaxis]
        wins = pairs * share
        won += wins.sum(axis=0)
        compared += pairs.sum(axis=0)
        won[rows] += wins.sum(axis=1)
        compared[rows] += pairs.sum(axis=1)
    return Concordance(won=won, compared=compared)


def integrated_brier(time: Array, event: Array, survival: Array, times: Sequence[float]) -> Sums:
    """Mean squared distance of survival probabilities from what was seen, averaged over the time between the columns.

    Args:
        time: (rows,), of the event or of the last look.
        event: (rows,), 1 where it happened.
        survival: (rows, times): probability that it has not happened by then.
        times: Ascending, one a column.

    Raises:
        ValueError: Nobody was still looked at by the last of the times.
    """
    grid = np.asarray(times, dtype=np.float64)
    free_at, free_before = (
        censoring_free(time, event, grid, is_before=False),
        censoring_free(time, event, time, is_before=True),
    )
    if free_at.min() <= 0:
        msg = f"Nobody is left to look at by time {times[-1]:g}; choose earlier metric.times."
        raise ValueError(msg)
    happened = ((time[:, np.newaxis] <= grid) & (event[:, np.newaxis] == 1)) / free_before[:, np.newaxis]
    ahead = (time[:, np.newaxis] > grid) / free_at
    losses = survival**2 * happened + (1 - survival) ** 2 * ahead
    if grid.size == 1:
        return mean(losses[:, 0])
    return mean(np.asarray(np.trapezoid(losses, grid, axis=1)) / (grid[-1] - grid[0]))


def censoring_free(time: Array, event: Array, at: Array, *, is_before: bool) -> Array:
    """Kaplan-Meier estimate of the probability of not being censored by a time, or just before it.

    Args:
        time: (rows,).
        event: (rows,), 1 where the event happened, 0 where the row was censored.
        at: (n,), times asked about.
        is_before: Just before them.
    """
    moments, place = np.unique(time, return_inverse=True)
    censored = np.bincount(place, 1 - event, minlength=moments.size)
    events = np.bincount(place, event, minlength=moments.size)
    present = np.cumsum((censored + events)[::-1])[::-1]
    # Events of a moment come first: who had one is no longer there to be censored.
    left = np.maximum(present - events, 1)
    free = np.r_[1.0, np.cumprod(1 - censored / left)]
    return np.asarray(free[np.searchsorted(moments, at, side="left" if is_before else "right")])
