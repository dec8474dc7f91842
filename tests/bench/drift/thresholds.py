"""What a window does to a threshold: PSI above 0.2 with windows from 50 to 1,000 rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from audition.domain.drift import DriftRun, Series
from audition.domain.drift_plan import Phase
from audition.domain.monitoring import DriftSignal
from graders.drift.alarms import alarms_of, false_alarms
from tests.bench.drift.experiments import as_runs
from tests.bench.drift.monitors import psi_values
from tests.bench.drift.traffic import Change, make_traffic

WINDOWS = (50, 100, 200, 500, 1000)
CHANGES = (Change.HALF, Change.ONE, Change.SPREAD)
RUNS = 4
"""Runs of each change: 12 in all."""
_WARM_UP, _CONTROL, _TEST = 2000, 1000, 3000
_SIGNAL = DriftSignal(metric="largest_psi", threshold=0.2)


@dataclass(frozen=True)
class Row:
    """One window: what its alarm does without drift, and after it."""

    window: int
    share: float
    """Of scrapes without drift at which the alarm was on."""
    per_thousand: float
    """Onsets per 1,000 requests without drift."""
    delays: dict[Change, float]
    """Median requests to the alarm; infinite where most were missed."""
    missed: int
    of: int


def rows(seed: int) -> Iterator[Row]:
    """One row for each window, all on the same traffic."""
    changes = [change for change in CHANGES for _ in range(RUNS)]
    changes += [Change.NONE] * len(changes)
    random = np.random.default_rng([seed, 77])
    traffic = make_traffic(random, changes=changes, lengths=(_WARM_UP + _CONTROL, _TEST))
    spans = {Phase.WARM_UP: _WARM_UP, Phase.CONTROL: _CONTROL, Phase.TEST: _TEST}
    drifts = [change != Change.NONE for change in changes]
    for window in WINDOWS:
        shown = {Series(metric="largest_psi"): psi_values(traffic, window).max(axis=2)}
        yield _row(window, as_runs(shown, traffic, drifts=drifts, spans=spans), changes)


def _row(window: int, runs: Sequence[DriftRun], changes: Sequence[Change]) -> Row:
    every = [alarms_of(run, (), (_SIGNAL,)) for run in runs]
    false = false_alarms(every)
    # Delays as they are: an alarm that is always on has the shortest.
    delays = [alarms.delay() for alarms in every]
    found = {
        change: median(
            float("inf") if delay is None else delay
            for delay, its in zip(delays, changes, strict=True)
            if its == change
        )
        for change in CHANGES
    }
    drifting = [delay for delay, change in zip(delays, changes, strict=True) if change != Change.NONE]
    return Row(
        window=window,
        share=false.share,
        per_thousand=false.per_thousand,
        delays=found,
        missed=sum(delay is None for delay in drifting),
        of=len(drifting),
    )
