"""Geometry of two drawings: the metric on parts of the rows as dots with intervals, and residuals as a cloud."""

from collections.abc import Iterable
from dataclasses import dataclass

from audition.domain.grade import Curve
from audition.web.charts import MOST_POINTS, linear

LEFT, RIGHT = 12.0, 328.0
_TOP, _ROW = 30, 36
_ENDS = 3
#: Of the residual drawing: a square below which its axis is written.
BOX = (52.0, 8.0, 298.0, 208.0)
_MARGIN = 0.04


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One part: where its interval begins, its value lies and its interval ends, in units of the drawing."""

    name: str
    """Hostile text may be in it: values of the data."""
    value: float
    low: float
    high: float
    rows: int
    y: int
    left: float
    at: float
    right: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DotPlot:
    """Parts below each other on one axis."""

    label: str
    dots: tuple[Dot, ...]
    height: int
    whole: float
    """Where the value on all rows lies, in units of the drawing."""
    whole_value: float
    low: float
    high: float
    """Ends of the axis."""


def dot_plot(curves: Iterable[Curve], kind: str, whole: float) -> DotPlot | None:
    """The parts of one kind among a report's curves; None when there are none.

    Args:
        curves: Each part is one, with x = low, value, high and y = its rows.
        kind: "slice", "slice.worst" or "slice.group".
        whole: The metric on all rows.
    """
    found = [curve for curve in curves if curve.kind == kind and len(curve.x) == len(curve.y) == _ENDS]
    if not found:
        return None
    numbers = [number for curve in found for number in curve.x]
    low, high = min(*numbers, whole), max(*numbers, whole)

    def at(value: float) -> float:
        return linear(value, low, high, LEFT, RIGHT)

    return DotPlot(
        label=found[0].x_label,
        dots=tuple(
            Dot(
                name=curve.y_label,
                low=curve.x[0],
                value=curve.x[1],
                high=curve.x[2],
                rows=int(curve.y[0]),
                y=_TOP + _ROW * place,
                left=at(curve.x[0]),
                at=at(curve.x[1]),
                right=at(curve.x[2]),
            )
            for place, curve in enumerate(found)
        ),
        height=_TOP + _ROW * len(found) + 6,
        whole=at(whole),
        whole_value=whole,
        low=low,
        high=high,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """Points in a box, with the line of no error."""

    curve: Curve
    points: tuple[tuple[float, float], ...]
    zero: float
    """Height at which nothing is missed."""
    left_value: float
    right_value: float
    top_value: float


def cloud(curves: Iterable[Curve]) -> Cloud | None:
    """The residuals among a report's curves; None when there are none."""
    curve = next((c for c in curves if c.kind == "residual" and c.x and len(c.x) == len(c.y)), None)
    if curve is None:
        return None
    left, top, right, bottom = BOX
    width = max(curve.x) - min(curve.x)
    low, high = min(curve.x) - _MARGIN * width, max(curve.x) + _MARGIN * width
    # Symmetric about nothing missed, so that a lean to one side is seen as one.
    most = max(map(abs, curve.y)) * (1 + _MARGIN) or 1.0
    pairs = list(zip(curve.x, curve.y, strict=True))
    kept = pairs[:: max(1, -(-len(pairs) // MOST_POINTS))]
    return Cloud(
        curve=curve,
        points=tuple(
            (linear(x, low, high, left, right), linear(y, -most, most, bottom, top)) for x, y in kept
        ),
        zero=linear(0.0, -most, most, bottom, top),
        left_value=low,
        right_value=high,
        top_value=most,
    )
