"""Everybody who was invited to one challenge version, as a whole."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt

from audition.domain.agreement import Agreement
from audition.domain.grade import JUDGED_OUTCOMES, Dimension, Outcome
from audition.domain.item_analysis import ItemStatistics
from audition.domain.run import Verdict
from audition.domain.scorecard import Scorecard
from audition.domain.submission import State

#: Bars of the histogram of scores.
BINS = 10
#: Of the standard normal distribution, for an interval of 95 %.
_Z = 1.959964


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One submission in a list of many."""

    submission_id: str
    alias: str
    invitation_id: str
    number: int
    state: State
    verdict: Verdict | None
    score: float | None
    """In [0, 1]; None when not computed."""
    dimensions: dict[Dimension, float | None]
    people: float | None
    """Share of the rubric's points, in [0, 1]; None until its panel is complete."""
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """How many candidates came how far; each is part of the one before."""

    invited: int
    started: int
    submitted: int
    assessed: int
    """Have a report."""
    released: int
    """May read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRate:
    """How a check went over each candidate's best attempt."""

    check: str
    counted: int
    """Attempts in which it counted."""
    passed: int
    low: float
    """Of the share that pass, the lower end of its Wilson interval of 95 %; likewise the upper."""
    high: float

    @property
    def share(self) -> float:
        """In [0, 1]."""
        return self.passed / self.counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """One challenge version's candidates."""

    version_id: str
    title: str
    number: int
    funnel: Funnel
    best: tuple[Attempt, ...]
    """The attempt that counts of each candidate who has one (their choice, else the best), highest first."""
    attempts: tuple[Attempt, ...]
    """All of them, oldest first."""
    bins: tuple[int, ...]
    """Best attempts by score, in `BINS` equal steps."""
    median: float | None
    dimensions: dict[Dimension, float]
    """Median score of the best attempts in each dimension that was computed for any."""
    checks: tuple[CheckRate, ...]
    """Fewest passes first."""
    items: dict[str, ItemStatistics]
    """Of each check."""
    marked: tuple[ItemStatistics, ...]
    """Of each item of the rubric, over the best attempts whose panel is complete."""
    agreements: tuple[Agreement, ...]
    """Of reviewers, one an item of the rubric."""


def histogram(scores: Iterable[float]) -> tuple[int, ...]:
    """Count scores in [0, 1]; 1 belongs to the last step."""
    counts = [0] * BINS
    for score in scores:
        counts[min(BINS - 1, int(score * BINS))] += 1
    return tuple(counts)


def check_rates(cards: Sequence[Scorecard]) -> tuple[CheckRate, ...]:
    """How often each check passed where it was looked at, fewest passes first; being blocked says nothing of it."""
    outcomes = Counter(pair for card in cards for pair in card.outcomes.items())
    counted, passed = Counter[str](), Counter[str]()
    for (check, outcome), count in outcomes.items():
        if outcome in JUDGED_OUTCOMES:
            counted[check] += count
        if outcome == Outcome.PASSED:
            passed[check] += count
    rates = (_rate(check, count, passed[check]) for check, count in counted.items())
    return tuple(sorted(rates, key=lambda rate: (rate.share, rate.check)))


def _rate(check: str, counted: int, passed: int) -> CheckRate:
    low, high = wilson(passed, counted)
    return CheckRate(check=check, counted=counted, passed=passed, low=low, high=high)


def wilson(passed: int, counted: int) -> tuple[float, float]:
    """Interval of 95 % for a share.

    Args:
        passed: In [0, counted].
        counted: At least 1.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
    """
    share, square = passed / counted, _Z**2
    centre = (share + square / (2 * counted)) / (1 + square / counted)
    half = _Z * sqrt(share * (1 - share) / counted + square / (4 * counted**2)) / (1 + square / counted)
    return max(0.0, centre - half), min(1.0, centre + half)
