"""What a drawing of the protocol needs: arrivals, signal, placebo, onset and alarm over one time axis, in seconds."""

import numpy as np

from audition.domain.drift import DriftRun
from audition.domain.drift_plan import Phase
from audition.domain.grade import Curve
from graders.drift.alarms import Alarms
from graders.drift.series import Track
from graders.drift.statistics import Array, Booleans
from graders.drift.study import Study, first_run

_TIME = "Seconds"


def curves_of(study: Study) -> tuple[Curve, ...]:
    """Curves of one drifting run and one placebo; none when no signal can be shown.

    `drift.onset` has two points, the beginning and the end of the drift; `drift.alarm` is 1 while the alarm is on.
    Signals are drawn from the end of the warm-up: before, windows are empty, and what they show would dwarf the rest.
    """
    best, drifting = study.best(), first_run(study.evidence.runs, drifts=True)
    placebo = first_run(study.evidence.runs, drifts=False)
    if best is None or drifting is None or placebo is None:
        return ()
    candidate = best[0].candidates[best[1]]
    column = study.candidates.index(candidate)
    track, alarms = study.tracks[drifting], study.alarms[drifting]
    words, other = candidate.words(), study.tracks[placebo]
    shown, also = _warm(alarms.run, track), _warm(study.evidence.runs[placebo], other)
    return (
        _curve("drift.arrivals", track.seconds, track.requests, "Requests"),
        _curve("drift.signal", track.seconds[shown], track.values[shown, column], words),
        _curve("drift.placebo", other.seconds[also], other.values[also, column], words),
        _onset(alarms, track),
        _curve("drift.alarm", track.seconds[shown], alarms.is_on[shown].astype(float), "Alarm"),
    )


def _warm(run: DriftRun, track: Track) -> Booleans:
    """The scrapes after the warm-up, (scrapes,)."""
    span = run.span(Phase.WARM_UP)
    return np.asarray(track.requests >= (span.end if span else 0), dtype=bool)


def _curve(kind: str, x: Array, y: Array, label: str) -> Curve:
    known = np.isfinite(y)
    return Curve(
        kind=kind,
        x=tuple(np.round(x[known], 3).tolist()),
        y=tuple(float(f"{value:.6g}") for value in y[known]),
        x_label=_TIME,
        y_label=label,
    )


def _onset(alarms: Alarms, track: Track) -> Curve:
    span = alarms.run.span(Phase.TEST)
    ends = np.array([span.first, span.end] if span else [], dtype=float)
    seconds = np.interp(ends, track.requests, track.seconds) if track.requests.size else np.empty(0)
    return _curve("drift.onset", seconds, ends[: seconds.size], "Requests")
