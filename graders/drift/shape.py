"""F5 and F6: does the signal name what drifted, does it clear, and does more drift make more of it?"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from audition.domain.drift_plan import DriftKind, Phase
from graders.drift.alarms import Alarms
from graders.drift.contrast import CONTROL_LATER, NO_P, TEST_LATER, Contrast, effects_of, mean_of
from graders.drift.series import Candidate, Track, within

SECOND_CREDIT = 0.5
"""What naming the right column second is worth. Source: catalogue, F5."""
CLEARED_SHARE = 0.5
"""A signal that has gone at least this part of the way back has cleared."""


def column_of(candidate: Candidate, columns: Sequence[str]) -> str:
    """The column that a candidate speaks of; empty when it speaks of none, or of more than one."""
    signal, labels = candidate.signal, dict(candidate.series.labels)
    if signal is not None and signal.feature in columns:
        return signal.feature
    if signal is not None and labels.get(signal.feature_label) in columns:
        return labels[signal.feature_label]
    named = {value for value in labels.values() if value in columns}
    if not named:
        named = {c for c in columns if re.search(rf"(?:^|_){re.escape(c)}(?:_|$)", candidate.series.metric)}
    return named.pop() if len(named) == 1 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Columns that signals name, strongest effect first."""

    ranked: tuple[str, ...]
    p_value: float
    """Adjusted p-value of the strongest; 1 when no signal names a column."""

    def score(self, truth: str) -> float | None:
        """1 when the column that drifted comes first, 0.5 second, else 0; None when no signal names columns."""
        if not self.ranked:
            return None
        if self.p_value >= NO_P or truth not in self.ranked[:2]:
            return 0.0
        return 1.0 if self.ranked[0] == truth else SECOND_CREDIT


def attribute(found: Contrast, columns: Sequence[str]) -> Attribution:
    """Rank the columns that candidates name by their largest statistic."""
    strongest: dict[str, int] = {}
    for number in np.argsort(-np.abs(found.statistic), kind="stable").tolist():
        if column := column_of(found.candidates[number], columns):
            strongest.setdefault(column, number)
    ranked = tuple(strongest)
    return Attribution(ranked=ranked, p_value=float(found.p_value[strongest[ranked[0]]]) if ranked else 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How a signal behaves after drift and under more of it; None where no run shows it."""

    cleared: float | None
    """Share of recovering runs after which it cleared, in [0, 1]."""
    ordered: float | None
    """Share of the steps between doses at which it grew, or came earlier, in [0, 1]."""

    @property
    def score(self) -> float | None:
        """Mean of what is known, in [0, 1]. Source: catalogue, F6."""
        known = [share for share in (self.cleared, self.ordered) if share is not None]
        return sum(known) / len(known) if known else None


def shape_of(every: Sequence[Alarms], tracks: Sequence[Track], number: int, sign: float) -> Shape:
    """Look at one candidate in all valid runs.

    Args:
        every: Alarms of the runs.
        tracks: Of the same runs.
        number: Column of the candidate in the tracks.
        sign: Positive when drift raises it.
    """
    recovering = [pair for pair in zip(every, tracks, strict=True) if pair[0].run.plan.has_recovery]
    cleared = [_clears(alarms, track, number) for alarms, track in recovering]
    return Shape(
        cleared=sum(cleared) / len(cleared) if cleared else None,
        ordered=_ordered(every, tracks, number, sign),
    )


def _clears(alarms: Alarms, track: Track, number: int) -> bool:
    """The alarm is off at the end, or without one the signal has come back at least half of the way."""
    late = within(alarms.run, track, Phase.RECOVERY, after=TEST_LATER)
    if alarms.delay() is not None:
        return bool(late.any()) and not bool(alarms.is_on[late].any())
    column = track.values[:, [number]]
    before, during, after = (
        float(mean_of(column[scrapes])[0])
        for scrapes in (
            within(alarms.run, track, Phase.CONTROL, after=CONTROL_LATER),
            within(alarms.run, track, Phase.TEST, after=TEST_LATER),
            late,
        )
    )
    return abs(after - before) <= (1 - CLEARED_SHARE) * abs(during - before)


def _ordered(every: Sequence[Alarms], tracks: Sequence[Track], number: int, sign: float) -> float | None:
    effects: dict[float, list[float]] = {}
    delays: dict[float, list[float]] = {}
    for alarms, track in zip(every, tracks, strict=True):
        run = alarms.run
        if run.plan.kind not in {DriftKind.NONE, DriftKind.MEAN_SHIFT}:
            continue
        effects.setdefault(run.plan.dose, []).append(sign * float(effects_of(run, track)[number]))
        delay = alarms.delay()
        delays.setdefault(run.plan.dose, []).append(np.inf if delay is None else delay)
    doses = sorted(effects)
    if len(doses) <= 2:  # noqa: PLR2004  placebo and full dose only: the contrast has compared them already
        return None
    steps = [
        bool(
            np.nanmean(effects[high]) > np.nanmean(effects[low])
            or np.mean(delays[high]) < np.mean(delays[low])
        )
        for low, high in pairwise(doses)
    ]
    return sum(steps) / len(steps)
