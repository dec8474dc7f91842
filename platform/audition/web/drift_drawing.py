"""Geometry of the drift drawing: arrivals, signal, placebo, onset and alarm over one time axis."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from audition.domain.grade import Curve
from audition.web.charts import MOST_POINTS, linear, path

LEFT, RIGHT = 52.0, 334.0
TOP, BOTTOM = 24.0, 150.0
"""Panel of the signal."""
ALARM_TOP, ALARM_BOTTOM = 160.0, 172.0
ARRIVALS_TOP, ARRIVALS_BOTTOM = 184.0, 214.0
_PREFIX = "drift."
_NEEDED = ("arrivals", "signal", "placebo", "onset", "alarm")
_EDGES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftDrawing:
    """Positions and paths of one drawing, in its own units."""

    label: str
    """The signal, as the service calls it; the candidate's text."""
    signal: str
    placebo: str
    arrivals: str
    onset: tuple[float, float]
    """Where the drift begins and ends."""
    alarms: tuple[tuple[float, float], ...]
    """Left end and width of each time the alarm was on."""
    low: float
    high: float
    """Range of the signal's axis."""
    seconds: float
    """Length of the time axis."""
    requests: float
    """Sent by the end."""
    onset_seconds: float
    alarm_seconds: float | None
    """First alarm at or after the onset; None without one."""
    rows: tuple[tuple[float, float, float | None], ...]
    """Seconds, requests, signal: a few, for the table."""


def drift_drawing(curves: Iterable[Curve]) -> DriftDrawing | None:
    """What to draw of a report's curves; None when they hold no drift."""
    found = {c.kind.removeprefix(_PREFIX): c for c in curves if c.kind.startswith(_PREFIX) and c.x}
    if any(name not in found for name in _NEEDED) or len(found["onset"].x) != _EDGES:
        return None
    signal, placebo, arrivals = found["signal"], found["placebo"], found["arrivals"]
    onset, alarm = found["onset"], found["alarm"]
    seconds, requests = max(arrivals.x[-1], placebo.x[-1]) or 1.0, max(arrivals.y) or 1.0
    low, high = min(*signal.y, *placebo.y), max(*signal.y, *placebo.y)
    first = next((x for x, y in zip(alarm.x, alarm.y, strict=False) if y and x >= onset.x[0]), None)
    return DriftDrawing(
        label=signal.y_label,
        signal=_path(signal, seconds, (low, high), (BOTTOM, TOP)),
        placebo=_path(placebo, seconds, (low, high), (BOTTOM, TOP)),
        arrivals=_path(arrivals, seconds, (0.0, requests), (ARRIVALS_BOTTOM, ARRIVALS_TOP)),
        onset=(_at(onset.x[0], seconds), _at(onset.x[1], seconds)),
        alarms=tuple(_bars(alarm, seconds)),
        low=low,
        high=high,
        seconds=seconds,
        requests=requests,
        onset_seconds=onset.x[0],
        alarm_seconds=first,
        rows=tuple(_rows(arrivals, signal)),
    )


def _at(value: float, seconds: float) -> float:
    return linear(value, 0.0, seconds, LEFT, RIGHT)


def _thinned(size: int, most: int) -> list[int]:
    kept = [*range(0, size, max(1, -(-size // most)))]
    return kept if kept[-1] == size - 1 else [*kept, size - 1]


def _path(curve: Curve, seconds: float, values: tuple[float, float], ends: tuple[float, float]) -> str:
    return path(
        (_at(curve.x[i], seconds), linear(curve.y[i], *values, *ends))
        for i in _thinned(len(curve.x), MOST_POINTS)
    )


def _bars(alarm: Curve, seconds: float) -> Iterator[tuple[float, float]]:
    """From the scrape at which it is on to the one at which it is off again."""
    start: float | None = None
    for x, y in zip(alarm.x, alarm.y, strict=False):
        if y and start is None:
            start = x
        elif not y and start is not None:
            yield _bar(start, x, seconds)
            start = None
    if start is not None:
        yield _bar(start, alarm.x[-1], seconds)


def _bar(start: float, end: float, seconds: float) -> tuple[float, float]:
    left = _at(start, seconds)
    return left, max(2.0, round(_at(end, seconds) - left, 2))


def _rows(arrivals: Curve, signal: Curve, most: int = 20) -> Iterator[tuple[float, float, float | None]]:
    known: dict[float, float] = dict(zip(signal.x, signal.y, strict=False))
    chosen: Sequence[int] = _thinned(len(arrivals.x), most)
    for i in chosen:
        yield arrivals.x[i], arrivals.y[i], known.get(arrivals.x[i])
