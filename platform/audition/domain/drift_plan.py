"""The drift protocol as a plan: which runs a service gets, in which order, with which traffic.

Theory of operation. A fresh container gets one *run* of traffic: rows as in training until its windows are full
(warm-up), more of the same (control), then a test phase in which the rows either drift or do not. A run whose test
phase does not drift is a *placebo*: only what tells four drifting runs from four placebos can have seen the data. The
order of the runs is drawn without restrictions, because the permutation test that judges them needs every order to
have been equally likely. Source: the design's drift protocol, 10.1 and 10.3.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import comb

from audition.domain.monitoring import DriftSignal

SCRAPE_EVERY_REQUESTS = 50
MAX_WINDOW_REQUESTS = 1000
"""A declared window counts up to this."""
MAX_RATE_PER_SECOND = 200.0
CAPACITY_SHARE = 0.3
"""Of the measured capacity that is used at most, so that nothing queues."""
MAX_SETTLE_SECONDS = 15.0
"""Longest wait at the end of a phase for what is computed in the background."""
RUNS_PER_ARM = 4
"""4 + 4 runs have 70 labelings: the smallest two-sided p is 2/70 = 0.029. With 3 + 3 it is 0.1, too large."""
RECOVERING = 2
"""Drifting runs that end with rows as in training."""
DOSES = (0.5, 2.0)
"""Besides 1, in multiples of the primary injection's amount."""
DECISIVE_P = 0.03
"""What a permutation test must be able to reach to tell drift from chance. Source: catalogue, F1."""
#: Smallest number of runs in an arm that a variance can be taken of.
_LEAST_RUNS = 2


class DriftKind(StrEnum):
    """What is done to the rows of the test phase."""

    NONE = "none"
    """Nothing: a placebo."""
    MEAN_SHIFT = "mean_shift"
    SCALE = "scale"
    UNIT_ERROR = "unit_error"
    MISSING = "missing"
    CATEGORY = "category"
    PRIOR = "prior"
    CORRELATION = "correlation"
    LABEL_SWAP = "label_swap"


#: Kinds that a monitor of one column at a time, or one without the truth, cannot see: a bonus, never a miss.
BONUS_KINDS = frozenset({DriftKind.CORRELATION, DriftKind.LABEL_SWAP})


class Phase(StrEnum):
    """Parts of one run, in this order."""

    WARM_UP = "warm_up"
    CONTROL = "control"
    TEST = "test"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """One way to make rows drift; private, as part of a challenge's drift family.

    Attributes:
        amount: What it is depends on the kind. mean_shift: standard deviations added. scale: factor on the spread.
            unit_error: factor on the values. missing: share of rows that lose their value. category: share of rows
            that get an unseen level. prior: share of positive rows. correlation: rank correlation made.
            label_swap: share of labels swapped.
    """

    kind: DriftKind
    column: str = ""
    """The column that changes; empty for prior and label_swap."""
    amount: float = 1.0
    partner: str = ""
    """The second column of a correlation."""
    level: str = ""
    """The unseen category."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftFamily:
    """The ways in which a challenge's traffic may drift; private."""

    primary: Injection
    """A mean shift of one column that matters; the only kind that is compared with placebos."""
    others: tuple[Injection, ...] = ()
    """One injection for each further kind."""


class DriftScale(StrEnum):
    """How many runs a service gets."""

    LEAN = "lean"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """Requests in the phases of a run, at least. The defaults are the design's drift protocol, 10.3."""

    warm_up_requests: int = 1000
    control_requests: int = 1000
    test_requests: int = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftSpec:
    """`[drift]` of `challenge.toml`: what is sent to a service, and how it drifts; private."""

    rows: str
    """File with rows as in training that requests are drawn from, public or private."""
    reference: str
    """File with the training data; the same file as `rows` when requests are drawn from training rows."""
    label: str
    """Column of the truth in both files, which is never sent."""
    family: DriftFamily
    scale: DriftScale = DriftScale.LEAN
    lengths: Lengths = field(default_factory=Lengths)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What a service's own properties mean for its runs."""

    window_requests: int = 500
    """The longest window that the candidate declares."""
    refresh_seconds: float = 0.0
    """The longest declared refresh."""
    capacity_per_second: float | None = None
    """Requests that the service can answer; None when it was not measured."""
    lengths: Lengths = field(default_factory=Lengths)

    def rate_per_second(self) -> float:
        """Requests a second in every phase of a run."""
        if self.capacity_per_second is None:
            return MAX_RATE_PER_SECOND
        return min(MAX_RATE_PER_SECOND, CAPACITY_SHARE * self.capacity_per_second)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """One run of traffic against a fresh container."""

    injection: Injection | None
    """None in a placebo."""
    dose: float
    """Multiple of the injection's amount: 0 in a placebo, 1 as a rule."""
    rate_per_second: float
    number: int = 0
    """1-based, in the order in which runs are done."""
    seed: int = 0
    """Draws the rows, and their timing where it is shuffled."""
    is_timing_shuffled: bool = False
    """Gaps between requests are drawn instead of equal; the mean rate stays."""
    is_contrast: bool = True
    """Whether it is one of the runs that the permutation test compares."""
    has_recovery: bool = False

    @property
    def kind(self) -> DriftKind:
        """What is done to its rows."""
        return self.injection.kind if self.injection else DriftKind.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftPlan:
    """All runs for one service. The same plan and rows give the same traffic."""

    runs: tuple[PlannedRun, ...]
    window_requests: int
    warm_up_requests: int
    control_requests: int
    test_requests: int
    recovery_requests: int
    settle_seconds: float
    """Wait at the end of each phase."""
    scrape_every_requests: int = SCRAPE_EVERY_REQUESTS
    seed: int = 0

    def phases_of(self, run: PlannedRun) -> dict[Phase, int]:
        """Requests in each phase of a run, in order."""
        lengths = {
            Phase.WARM_UP: self.warm_up_requests,
            Phase.CONTROL: self.control_requests,
            Phase.TEST: self.test_requests,
        }
        return lengths | {Phase.RECOVERY: self.recovery_requests} if run.has_recovery else lengths

    def total_requests(self) -> int:
        """Over all runs, recovery included."""
        return sum(sum(self.phases_of(run).values()) for run in self.runs)

    def seconds_of(self, run: PlannedRun) -> float:
        """How long its requests and waits take, without the start of the service."""
        lengths = self.phases_of(run)
        return sum(lengths.values()) / run.rate_per_second + len(lengths) * self.settle_seconds


def smallest_p(drifting: int, placebos: int) -> float:
    """The smallest p-value that the permutation test of so many runs can give, in (0, 1]."""
    if min(drifting, placebos) < _LEAST_RUNS:
        return 1.0
    # With arms of equal size each labeling has a mirror image with the same statistic.
    mirrored = 2 if drifting == placebos else 1
    return mirrored / comb(drifting + placebos, drifting)


def pace_of(
    signals: Sequence[DriftSignal],
    capacity_per_second: float | None = None,
    lengths: Lengths | None = None,
) -> Pace:
    """The pace for what a candidate declares: the longest window and the longest refresh of all signals."""
    windows = [signal.window_requests for signal in signals if signal.window_requests is not None]
    return Pace(
        window_requests=max(windows, default=Pace().window_requests),
        refresh_seconds=max((signal.refresh_seconds for signal in signals), default=0.0),
        capacity_per_second=capacity_per_second,
        lengths=lengths or Lengths(),
    )


def make_plan(spec: DriftSpec, scale: DriftScale, pace: Pace, seed: int) -> DriftPlan:
    """The plan of a challenge at a scale, which may be smaller than the one it asks for."""
    return (full_plan if scale == DriftScale.FULL else lean_plan)(spec.family, pace, seed)


def lean_plan(family: DriftFamily, pace: Pace, seed: int) -> DriftPlan:
    """Four placebos and four runs that drift: the least that can be told from chance.

    Args:
        family: How they drift.
        pace: How fast, and how long the phases must be.
        seed: Draws the order of the runs and the seed of each.
    """
    return _plan(_contrast(family.primary, pace.rate_per_second()), pace, seed)


def full_plan(family: DriftFamily, pace: Pace, seed: int) -> DriftPlan:
    """The lean plan, one run for each other kind, two doses and two odd placebos: 17 runs for five other kinds.

    The odd placebos, one at twice the rate and one with shuffled timing, catch signals that follow the traffic.
    Arguments are those of `lean_plan`.
    """
    rate = pace.rate_per_second()
    alone = PlannedRun(injection=None, dose=0.0, rate_per_second=rate, is_contrast=False)
    runs = [
        *_contrast(family.primary, rate),
        *(replace(alone, injection=other, dose=1.0) for other in family.others),
        *(replace(alone, injection=family.primary, dose=dose) for dose in DOSES),
        replace(alone, rate_per_second=2 * rate),
        replace(alone, is_timing_shuffled=True),
    ]
    return _plan(runs, pace, seed)


def _contrast(primary: Injection, rate: float) -> list[PlannedRun]:
    placebo = PlannedRun(injection=None, dose=0.0, rate_per_second=rate)
    drift = replace(placebo, injection=primary, dose=1.0)
    recovering = replace(drift, has_recovery=True)
    return [placebo] * RUNS_PER_ARM + [recovering] * RECOVERING + [drift] * (RUNS_PER_ARM - RECOVERING)


def _plan(runs: list[PlannedRun], pace: Pace, seed: int) -> DriftPlan:
    order = random.Random(seed)  # noqa: S311  an order that can be drawn again, not a secret
    order.shuffle(runs)
    window = max(1, min(pace.window_requests, MAX_WINDOW_REQUESTS))
    return DriftPlan(
        runs=tuple(replace(run, number=n, seed=order.getrandbits(32)) for n, run in enumerate(runs, 1)),
        window_requests=window,
        warm_up_requests=max(pace.lengths.warm_up_requests, 2 * window),
        control_requests=pace.lengths.control_requests,
        test_requests=max(pace.lengths.test_requests, 3 * window),
        recovery_requests=3 * window,
        settle_seconds=min(max(pace.refresh_seconds, 0.0), MAX_SETTLE_SECONDS),
        seed=seed,
    )
