"""Risk against utility over k, so that an author can choose; and the drawing of it."""

from dataclasses import dataclass, replace
from html import escape

import numpy as np

from audition.anonymize.columns import Frame, row_count, take_rows
from audition.anonymize.linkage import link
from audition.anonymize.release import Making, Say, make_release
from audition.anonymize.space import space
from audition.anonymize.utility import Score, measure_utility
from audition.domain.errors import InvalidError

_STEPS = (2, 3, 5, 10, 20)
_MODEL = "random forest"
_ANY_SHARE = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One k."""

    k: int
    risk: float
    """Expected share of people found by one who knows all their released columns."""
    utility: Score
    """Of a random forest."""
    suppressed_share: float


def risk_utility(source: Frame, making: Making, say: Say = lambda _: None) -> tuple[Point, ...]:
    """Release a sample with several k, and measure both.

    Args:
        source: The raw table.
        making: The policy; its own k is among those tried.
        say: Told what is being done.
    """
    random = np.random.default_rng(making.gate.seed)
    sample = take_rows(source, random.permutation(row_count(source))[: making.gate.rows])
    points = []
    for k in sorted({*_STEPS, making.gate.k}):
        say(f"k = {k}")
        point = _point(sample, making, k, random)
        if point:
            points.append(point)
    return tuple(points)


def _point(sample: Frame, making: Making, k: int, random: np.random.Generator) -> Point | None:
    gate = replace(making.gate, k=k, suppressed_share=max(making.gate.suppressed_share, 0.2))
    try:
        made = make_release(sample, replace(making, gate=gate))
    except InvalidError:
        return None  # A k that leaves nothing is no choice.
    utility = measure_utility(sample, made, making.table, gate.rows, only=_MODEL)
    if utility is None:
        return None
    targets = random.permutation(len(made.origin))[: gate.attacks]
    found = link(space(made.known, made.frame), made.origin[targets], targets, "every released column")
    return Point(
        k=k,
        risk=found.expected.value,
        utility=utility.models[0].released,
        suppressed_share=made.suppressed_share,
    )


_WIDTH, _HEIGHT, _LEFT, _TOP = 560, 300, 64, 24
_PLOT = (460, 220)


def draw_curve(points: tuple[Point, ...], metric: str, chosen: int) -> str:
    """The curve as SVG: risk to the right, utility upwards, the policy's own k filled."""
    lows, highs = [p.utility.low for p in points], [p.utility.high for p in points]
    floor, ceiling = min(lows), max(*highs, min(lows) + 1e-6)

    def at(risk: float, utility: float) -> tuple[float, float]:
        share = (utility - floor) / (ceiling - floor)
        return _LEFT + risk * _PLOT[0], _TOP + (1 - share) * _PLOT[1]

    marks = []
    for p in points:
        x, y = at(p.risk, p.utility.value)
        ends = [at(p.risk, end)[1] for end in (p.utility.low, p.utility.high)]
        fill = "currentColor" if p.k == chosen else "none"
        bar = f'x1="{x:.1f}" x2="{x:.1f}" y1="{ends[0]:.1f}" y2="{ends[1]:.1f}"'
        marks += [
            f'<line {bar} stroke="currentColor" opacity=".4"/>',
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{fill}" stroke="currentColor"/>',
            f'<text x="{x + 8:.1f}" y="{y - 8:.1f}">k = {p.k}</text>',
        ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(p.risk, p.utility.value) for p in points))
    bottom, right = _TOP + _PLOT[1], _LEFT + _PLOT[0]
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="Risk against utility" font-size="12" '
        'fill="currentColor">'
        f'<polyline points="{path}" fill="none" stroke="currentColor" opacity=".5"/>{"".join(marks)}'
        f'<path d="M{_LEFT} {_TOP}V{bottom}H{right}" fill="none" stroke="currentColor"/>'
        f'<text x="{_LEFT}" y="{bottom + 18}">0</text><text x="{right - 8}" y="{bottom + 18}">1</text>'
        f'<text x="{_LEFT + 120}" y="{bottom + 36}">people found by one who knows everything</text>'
        f'<text x="8" y="{_TOP + 6}">{ceiling:.3f}</text><text x="8" y="{bottom}">{floor:.3f}</text>'
        f'<text x="{_LEFT}" y="{_TOP - 8}">{escape(metric)}</text></svg>'
    )
