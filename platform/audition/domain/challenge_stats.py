"""How a challenge version does with those who were invited to it: what its author needs to mend it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean

from audition.domain.cohort import CheckRate, Funnel

LEAST_COUNTED = 10
"""Candidates below which nothing is said of how well a check tells them apart, or whether everybody passes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One check over the attempts that count."""

    rate: CheckRate
    discrimination: float | None
    """Correlation in [-1, 1] of passing it with the score, of which it is itself a part; None with too few or equal
    ones. Near 0, or below, it says nothing of who is good. Source: Lord and Novick, 1968 (point-biserial)."""

    @property
    def remark(self) -> str:
        """What its author may want to know; empty when there is nothing."""
        if self.rate.counted < LEAST_COUNTED:
            return ""
        if self.rate.passed in {0, self.rate.counted}:
            return "nobody passes" if self.rate.passed == 0 else "everybody passes"
        return "says nothing of who is good" if (self.discrimination or 0.0) <= 0 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Hours between two moments, over candidates."""

    candidates: int
    low: float
    """A quarter took no longer."""
    middle: float
    high: float
    """Three quarters took no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeStats:
    """One challenge version, without anybody's name or alias."""

    version_id: str
    title: str
    number: int
    declared_hours: float
    funnel: Funnel
    completion: tuple[float, float, float] | None
    """Share of those who started that were assessed, and its Wilson interval of 95 %; None when nobody started."""
    bins: tuple[int, ...]
    median: float | None
    to_first: Times | None
    """From the start to the first submission; it holds breaks and nights. None when nobody submitted."""
    to_last: Times | None
    attempts: float | None
    """Mean number of attempts of those who submitted."""
    items: tuple[Item, ...]
    """Fewest passes first."""


def times_of(hours: Sequence[float]) -> Times | None:
    """Quartiles; None of nothing."""
    if not hours:
        return None
    ordered = sorted(hours)
    low, middle, high = (_quantile(ordered, share) for share in (0.25, 0.5, 0.75))
    return Times(candidates=len(ordered), low=low, middle=middle, high=high)


def correlation(passed: Sequence[bool], scores: Sequence[float]) -> float | None:
    """Point-biserial correlation in [-1, 1]; None with fewer than `LEAST_COUNTED`, or where nothing differs."""
    if len(passed) < LEAST_COUNTED:
        return None
    mean_pass, mean_score = fmean(passed), fmean(scores)
    both = [(p - mean_pass, s - mean_score) for p, s in zip(passed, scores, strict=True)]
    spread = sqrt(sum(p * p for p, _ in both) * sum(s * s for _, s in both))
    return sum(p * s for p, s in both) / spread if spread else None


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
