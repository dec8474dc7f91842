"""Geometry of a run's course: its stages over one axis, and what happened within two of them over finer ones.

The second panel is the longest session with the service, the third one run of traffic that drifts.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from audition.domain.grade import Curve
from audition.domain.probe import Event
from audition.domain.run import StageRecord
from audition.web import drift_drawing as drifts
from audition.web.charts import Bar, bars, linear, span

LEFT, RIGHT = 64.0, 336.0
STAGE_ROW = 26
LANE_ROW = 15
_BETWEEN = 56.0
"""Height between the two panels: an axis, a heading and the first row of marks."""
_MARK_ROW = 14
_MARK_ROWS = 3
_SMALLEST = 2.0
#: Lanes of the service's panel, and what is in each; what is in none is about answers.
LANES = {
    "Start": frozenset({"start", "binding"}),
    "Answers": frozenset[str](),
    "Metrics": frozenset({"exposition", "signals", "sharding", "cardinality"}),
    "Load": frozenset({"cost", "capacity", "latency", "overload", "health"}),
    "Stop": frozenset({"stop"}),
}
_ANSWERS = list(LANES).index("Answers")
#: Events that get a mark of their own; the rest is in the table.
MARKED = frozenset({"first prediction", "overload", "recovered", "not recovered", "SIGTERM", "ended", "died"})
_PROBE, _END = "probe", "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One probe on its lane."""

    probe: str
    start_seconds: float
    seconds: float
    x: float
    y: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One event worth a number."""

    number: int
    event: Event
    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftPanel:
    """One run of traffic that drifts: when it did, and when the alarm was on."""

    top: float
    onset: tuple[float, float]
    """Left end and width of the drift, as of each alarm."""
    alarms: tuple[tuple[float, float], ...]
    onset_seconds: float
    alarm_seconds: float | None
    """The first alarm since; None without one."""
    seconds: float
    """Length of the axis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Positions of everything, in units of the picture."""

    stages: tuple[Bar, ...]
    stage_seconds: float
    """Length of the first axis."""
    segments: tuple[Segment, ...]
    marks: tuple[Mark, ...]
    events: tuple[Event, ...]
    """All but the turns from one probe to the next, for the table."""
    service_seconds: float
    """Length of the second axis; 0 without a service."""
    lanes: tuple[tuple[str, float], ...]
    """Name and top of each lane that has something in it."""
    axis: float
    """Where the first axis ends, from the top."""
    foot: float
    """Where the second one ends; that of the first without a service."""
    drift: DriftPanel | None
    height: float


def course_drawing(
    stages: Sequence[StageRecord], events: Sequence[Event], curves: Iterable[Curve], now: datetime
) -> Course:
    """Lay a run out.

    Args:
        stages: Of the run.
        events: Of the service's longest session, by time; empty without one.
        curves: Of the report; those of the drift are drawn where there are any.
        now: For a stage that has not ended.
    """
    found = bars(stages, now)
    axis = STAGE_ROW * len(found) + 16.0
    top = axis + _BETWEEN
    seconds = max((event.seconds for event in events), default=0.0)
    marks = tuple(_marks(events, seconds, axis + 44.0))
    probes = tuple(_probes(events))
    used = sorted({_lane(probe) for probe, _, _ in probes})
    places = {lane: top + LANE_ROW * row for row, lane in enumerate(used)}
    segments = tuple(
        Segment(
            probe=probe,
            start_seconds=start,
            seconds=end - start,
            x=_at(start, seconds),
            y=places[_lane(probe)],
            width=max(_SMALLEST, round(_at(end, seconds) - _at(start, seconds), 2)),
        )
        for probe, start, end in probes
    )
    names = list(LANES)
    foot = (top + LANE_ROW * len(used) + 18.0) if segments else axis + 2.0
    drift = _drift(curves, foot + 10.0)
    return Course(
        stages=found,
        stage_seconds=span(found),
        segments=segments,
        marks=marks,
        events=tuple(event for event in events if event.name not in {_PROBE, _END}),
        service_seconds=seconds if segments else 0.0,
        lanes=tuple((names[lane], y) for lane, y in places.items()),
        axis=axis,
        foot=foot,
        drift=drift,
        height=drift.top + 2 * LANE_ROW + 18.0 if drift else foot + 4.0,
    )


def _drift(curves: Iterable[Curve], top: float) -> DriftPanel | None:
    """The large drawing of the drift, made small: its places are moved from its axis to this one."""
    found = drifts.drift_drawing(curves)
    if found is None:
        return None
    begin, end = (_moved(x) for x in found.onset)
    return DriftPanel(
        top=top,
        onset=(begin, round(end - begin, 2)),
        alarms=tuple(
            (_moved(x), max(_SMALLEST, round(_moved(x + w) - _moved(x), 2))) for x, w in found.alarms
        ),
        onset_seconds=found.onset_seconds,
        alarm_seconds=found.alarm_seconds,
        seconds=found.seconds,
    )


def _moved(x: float) -> float:
    return linear(x, drifts.LEFT, drifts.RIGHT, LEFT, RIGHT)


def _at(value: float, seconds: float) -> float:
    return linear(value, 0.0, seconds, LEFT, RIGHT)


def _probes(events: Sequence[Event]) -> Iterator[tuple[str, float, float]]:
    """Each probe from where it begins to where the next does; before the first, the service starts."""
    turns = [event for event in events if event.name in {_PROBE, _END}]
    if turns and turns[0].seconds > 0:
        yield "start", 0.0, turns[0].seconds
    for event, after in pairwise(turns):
        if event.name == _PROBE:
            yield event.detail, event.seconds, after.seconds


def _lane(probe: str) -> int:
    return next((i for i, members in enumerate(LANES.values()) if probe in members), _ANSWERS)


def _marks(events: Sequence[Event], seconds: float, top: float) -> Iterator[Mark]:
    """Numbered events; one that would lie on the one before stands a row higher."""
    last, row = float("-inf"), 0
    for number, event in enumerate((e for e in events if e.name in MARKED), 1):
        # Its disc stays inside the picture.
        x = min(_at(event.seconds, seconds), RIGHT - 4.0)
        row = (row + 1) % _MARK_ROWS if x - last < _MARK_ROW else 0
        last = x
        yield Mark(number=number, event=event, x=x, y=top - row * _MARK_ROW)
