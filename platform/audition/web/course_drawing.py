"""Geometry of a run's course: its stages over one axis, and the time with the service over a second, finer one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from audition.domain.probe import Event
from audition.domain.run import StageRecord
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
    height: float


def course_drawing(stages: Sequence[StageRecord], events: Sequence[Event], now: datetime) -> Course:
    """Lay a run out.

    Args:
        stages: Of the run.
        events: Of the service's longest session, by time; empty without one.
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
    return Course(
        stages=found,
        stage_seconds=span(found),
        segments=segments,
        marks=marks,
        events=tuple(event for event in events if event.name not in {_PROBE, _END}),
        service_seconds=seconds if segments else 0.0,
        lanes=tuple((names[lane], y) for lane, y in places.items()),
        axis=axis,
        height=(top + LANE_ROW * len(used) + 18.0) if segments else axis + 6.0,
    )


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
