"""Geometry of the charts: numbers in, positions and paths out. `templates/charts/` does the drawing.

All charts are about 340 units wide, so that their text stays readable on a telephone.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import cos, pi, sin

from audition.domain.run import StageRecord

#: Most points of a curve that are drawn: more cannot be seen at this size.
MOST_POINTS = 160
#: Marks whose scores differ by less have words that would touch.
_CLOSE = 0.2
#: What can be seen of a line that misses a point, in units: about a third of a pixel on a telephone.
_SEEN = 0.15
#: Height of the words of a mark: three lines.
_ROW = 46


def linear(value: float, low: float, high: float, start: float, end: float) -> float:
    """Map a value from [low, high] to [start, end], clamped; an empty range maps to the start."""
    if high <= low:
        return round(start, 2)
    share = min(1.0, max(0.0, (value - low) / (high - low)))
    return round(start + share * (end - start), 2)


def arc(start: float, end: float, radius: float, x: float, y: float) -> str:
    """Path of a part of a half circle that opens downwards.

    Args:
        start: Where it starts, in [0, 1] from left to right over the top.
        end: Where it ends, in [start, 1].
        radius: In units.
        x: Of the centre.
        y: Of the centre.
    """
    x1, y1 = on_arc(start, radius, x, y)
    x2, y2 = on_arc(end, radius, x, y)
    return f"M{x1} {y1}A{radius} {radius} 0 0 1 {x2} {y2}"


def on_arc(share: float, radius: float, x: float, y: float) -> tuple[float, float]:
    """A point of that half circle, at a share of its length."""
    angle = pi * (1 - min(1.0, max(0.0, share)))
    return round(x + radius * cos(angle), 2), round(y - radius * sin(angle), 2)


def line(x: Sequence[float], y: Sequence[float], left: float, top: float, side: float) -> str:
    """Path of a curve in the unit square, drawn into a square; thinned where it has very many points."""
    step = max(1, -(-len(x) // MOST_POINTS))
    kept = [*range(0, len(x), step)]
    if kept and kept[-1] != len(x) - 1:
        kept.append(len(x) - 1)
    return path((linear(x[i], 0, 1, left, left + side), linear(y[i], 0, 1, top + side, top)) for i in kept)


def path(points: Iterable[tuple[float, float]]) -> str:
    """A line through points, each to a tenth of a unit; those that lie on the way to the next are left out."""
    all_ = [(round(x, 1), round(y, 1)) for x, y in points]
    # After the first point, pairs of numbers are lines. Source: SVG 2, path data, the moveto commands.
    return "M" + " ".join(f"{x:g} {y:g}" for x, y in _corners(all_)) if all_ else ""


def _corners(points: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    start = 0
    for end in range(len(points)):
        if not all(_is_between(points[start], point, points[end]) for point in points[start + 1 : end]):
            yield points[start]
            start = end - 1
    yield points[start]
    if start < len(points) - 1:
        yield points[-1]


def _is_between(start: tuple[float, float], point: tuple[float, float], end: tuple[float, float]) -> bool:
    """Whether a point is on the straight way from the one to the other, as far as can be seen."""
    if not start[0] <= point[0] <= end[0] or start[0] == end[0]:
        return False
    on_way = start[1] + (end[1] - start[1]) * (point[0] - start[0]) / (end[0] - start[0])
    return abs(on_way - point[1]) < _SEEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One stage on the time line.

    Attributes:
        start_seconds: From the start of the first stage.
        seconds: How long it took, or has taken so far.
    """

    record: StageRecord
    start_seconds: float
    seconds: float


def bars(stages: Sequence[StageRecord], now: datetime) -> tuple[Bar, ...]:
    """Stages as bars on one time axis."""
    if not stages:
        return ()
    origin = min(record.started_at for record in stages)
    return tuple(
        Bar(
            record=record,
            start_seconds=(record.started_at - origin).total_seconds(),
            seconds=max(0.0, ((record.finished_at or now) - record.started_at).total_seconds()),
        )
        for record in stages
    )


def span(timeline: Sequence[Bar]) -> float:
    """Length of the time axis in seconds, never zero."""
    return max((bar.start_seconds + bar.seconds for bar in timeline), default=0.0) or 1.0


def drops(scores: Sequence[float]) -> list[int]:
    """How far down the words of each mark on a score axis go, in units of the picture.

    A mark close behind another has its words one row below, so that the two do not lie on each other.

    Args:
        scores: Places of the marks in [0, 1], ascending; at least one.
    """
    found = [0]
    for before, score in pairwise(scores):
        found.append(_ROW - found[-1] if score - before < _CLOSE else 0)
    return found
