"""F2, F3, F4: when did the monitoring call somebody, and was there something to see?

A gauge, or the mean of a histogram, alarms when its declared threshold is crossed in two scrapes in a row; a counter of
events when it grows by more than its threshold between two scrapes, for an event is over by the next; an alert rule
while it fires.
Source: the design's drift protocol, 10.4; measures after Bifet et al. (2013), CD-MOA.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp

import numpy as np

from audition.domain.drift import DriftRun, Family, MetricKind, Series
from audition.domain.drift_plan import BONUS_KINDS, DriftKind, Phase
from audition.domain.drift_validity import family_of, is_growing
from audition.domain.monitoring import DriftSignal, SignalDirection
from graders.drift.series import Form, is_declared, matrix, read_columns
from graders.drift.statistics import Array, Booleans, most_events, share_interval

STANDING_SHARE = 0.5
"""An alarm that is on for this share of the control phase says nothing about what comes after."""
_PER = 1000.0
_FALSE_WEIGHT = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """The alarm of one run over time."""

    run: DriftRun
    requests: Array
    """(scrapes,)"""
    is_on: Booleans
    """(scrapes,)"""

    def during(self, phase: Phase) -> Booleans:
        """Which scrapes belong to a phase."""
        span = self.run.span(phase)
        if span is None:
            return np.zeros(self.requests.shape, dtype=bool)
        return np.asarray((self.requests > span.first) & (self.requests <= span.end), dtype=bool)

    def length(self, phase: Phase) -> int:
        """Requests in a phase."""
        span = self.run.span(phase)
        return span.end - span.first if span else 0

    def onsets(self, phase: Phase) -> int:
        """How often the alarm went on during a phase."""
        went_on = self.is_on & ~np.concatenate([[False], self.is_on[:-1]])
        return int((went_on & self.during(phase)).sum())

    def share(self, phase: Phase) -> float:
        """Share of a phase's scrapes with the alarm on, in [0, 1]."""
        states = self.is_on[self.during(phase)]
        return float(states.mean()) if states.size else 0.0

    def is_standing(self) -> bool:
        """Whether the alarm was on before anything happened."""
        return self.share(Phase.CONTROL) >= STANDING_SHARE

    def delay(self) -> float | None:
        """Requests from the beginning of the test phase to the first alarm in it; None without one."""
        span = self.run.span(Phase.TEST)
        ringing = np.flatnonzero(self.is_on & self.during(Phase.TEST))
        if span is None or not ringing.size:
            return None
        return float(self.requests[ringing[0]] - span.first)


def can_alarm(signals: Sequence[DriftSignal], alerts: Sequence[str]) -> bool:
    """Whether anything was declared that could call somebody."""
    return bool(alerts) or any(signal.threshold is not None for signal in signals)


def alarms_of(run: DriftRun, families: Sequence[Family], signals: Sequence[DriftSignal]) -> Alarms:
    """The alarm of one run: any declared threshold, any alert that fires."""
    known = {family.name: family for family in families}
    requests = np.array(run.scrapes.requests, dtype=float)
    is_on = np.zeros(requests.shape, dtype=bool)
    shown = list(_shown(run, known, signals))
    for signal in signals:
        for series, values, is_event in shown:
            if signal.threshold is not None and is_declared(series, family_of(series, known), signal):
                is_on |= _beyond(values, signal, signal.threshold, is_event=is_event)
    for firing in run.firings:
        end = np.inf if firing.to_request is None else firing.to_request
        is_on |= (requests >= firing.from_request) & (requests < end)
    return Alarms(run=run, requests=requests, is_on=is_on)


def _shown(
    run: DriftRun, families: Mapping[str, Family], signals: Sequence[DriftSignal]
) -> Iterator[tuple[Series, Array, bool]]:
    """What a threshold may be on: values, means of histograms, and new events of counters (marked)."""
    for (series, form), values in read_columns(run.scrapes, families, signals).items():
        if form in {Form.VALUE, Form.MEAN}:
            yield series, values, False
    for series, values in zip(run.scrapes.series, matrix(run.scrapes), strict=True):
        if family_of(series, families).kind == MetricKind.COUNTER and is_growing(series, families):
            with np.errstate(invalid="ignore"):
                yield series, np.diff(values, prepend=np.nan), True


def _beyond(values: Array, signal: DriftSignal, threshold: float, *, is_event: bool) -> Booleans:
    if is_event:
        return np.asarray(values > threshold, dtype=bool)
    return in_a_row(crossed(values, threshold, signal.direction))


def crossed(values: Array, threshold: float, direction: SignalDirection) -> Booleans:
    """Where a threshold is crossed; never where there is no value."""
    if direction == SignalDirection.DOWN:
        return np.asarray(values < threshold, dtype=bool)
    shown = np.abs(values) if direction == SignalDirection.BOTH else values
    return np.asarray(shown > threshold, dtype=bool)


def in_a_row(states: Booleans) -> Booleans:
    """True where this scrape and the one before it are, along the first axis."""
    before = np.concatenate([np.zeros_like(states[:1]), states[:-1]])
    return np.asarray(states & before, dtype=bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarms:
    """F4: what the alarm did when nothing drifted."""

    requests: int
    onsets: int
    share: float
    """Of scrapes with the alarm on, in [0, 1]."""

    @property
    def per_thousand(self) -> float:
        """Onsets per 1,000 requests."""
        return _PER * self.onsets / self.requests if self.requests else 0.0

    @property
    def requests_between(self) -> float:
        """Mean requests between false alarms that the data allow at least, with 95 % confidence (MTFA)."""
        return self.requests / most_events(self.onsets)

    @property
    def score(self) -> float:
        """In [0, 1]. Source: catalogue, F4."""
        return exp(-_FALSE_WEIGHT * self.per_thousand) * (1 - self.share)


def false_alarms(every: Sequence[Alarms]) -> FalseAlarms:
    """Over all control phases, and over the test phases of placebos."""
    quiet = [(alarms, Phase.CONTROL) for alarms in every]
    quiet += [(alarms, Phase.TEST) for alarms in every if alarms.run.plan.kind == DriftKind.NONE]
    scrapes = sum(int(alarms.during(phase).sum()) for alarms, phase in quiet)
    ringing = sum(int((alarms.is_on & alarms.during(phase)).sum()) for alarms, phase in quiet)
    return FalseAlarms(
        requests=sum(alarms.length(phase) for alarms, phase in quiet),
        onsets=sum(alarms.onsets(phase) for alarms, phase in quiet),
        share=ringing / scrapes if scrapes else 0.0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Whether and when the drift of one run was noticed."""

    kind: DriftKind
    delay: float | None
    """Requests; None when it was missed, or when the alarm was on all along."""
    budget: float
    """Length of the test phase, in requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """F2 and F3: what was noticed of the drift that every monitor should see."""

    runs: tuple[Notice, ...]

    def by_kind(self) -> dict[DriftKind, float]:
        """Share of the runs of each kind that were missed."""
        kinds = dict.fromkeys(notice.kind for notice in self.runs)
        return {kind: _missed([n for n in self.runs if n.kind == kind]) for kind in kinds}

    @property
    def missed_share(self) -> float:
        """Mean over kinds of the share missed, in [0, 1] (MDR)."""
        shares = self.by_kind().values()
        return sum(shares) / len(shares) if shares else 1.0

    @property
    def interval(self) -> tuple[float, float]:
        """What the number of runs allows to say of the share missed, with 95 % confidence."""
        return share_interval(sum(notice.delay is None for notice in self.runs), len(self.runs))

    @property
    def promptness(self) -> float:
        """Mean of 1 - delay / budget, 0 where it was missed, in [0, 1]. Source: catalogue, F3."""
        shares = [1 - n.delay / n.budget if n.delay is not None and n.budget else 0.0 for n in self.runs]
        return sum(shares) / len(shares) if shares else 0.0

    @property
    def mean_delay(self) -> float | None:
        """Mean requests to the alarm where there was one (MTD)."""
        delays = [notice.delay for notice in self.runs if notice.delay is not None]
        return sum(delays) / len(delays) if delays else None


def _missed(notices: Sequence[Notice]) -> float:
    return sum(notice.delay is None for notice in notices) / len(notices)


def notices(every: Sequence[Alarms], *, is_bonus: bool = False) -> Notices:
    """What was noticed in the runs that drift at full dose.

    Args:
        every: The alarms of all valid runs.
        is_bonus: Look at the kinds that only few monitors can see, instead of those that all should.
    """
    chosen = [
        alarms
        for alarms in every
        if alarms.run.plan.dose == 1 and alarms.run.plan.kind != DriftKind.NONE
        if (alarms.run.plan.kind in BONUS_KINDS) == is_bonus
    ]
    return Notices(
        runs=tuple(
            Notice(
                kind=alarms.run.plan.kind,
                delay=None if alarms.is_standing() else alarms.delay(),
                budget=float(alarms.length(Phase.TEST)),
            )
            for alarms in chosen
        )
    )


def mean_time_ratio(false: FalseAlarms, seen: Notices) -> float | None:
    """MTR = MTFA / MTD x (1 - MDR): larger is better; None where nothing was noticed. Source: CD-MOA."""
    if not seen.mean_delay:
        return None
    return false.requests_between / seen.mean_delay * (1 - seen.missed_share)
