"""Weigh checks: what each brought and cost, and which three to name first of either."""

from collections.abc import Mapping
from dataclasses import replace

from audition.domain.grade import Dimension, Finding, Outcome, point_values
from audition.domain.summary import Blockage, Highlight, Worth

#: Decimals of the share of a check's points that worths are made from: more would tell a hidden metric (corpus C11).
SHARE_DECIMALS = 2
#: A check that earns this much of its points is a strength, any other a risk: the floor of the band "strong".
STRENGTH_SHARE = 0.9
MOST_NAMED = 3
_HUNDRED = 100.0


def weigh(
    findings: Mapping[Dimension, tuple[Finding, ...]], weights: Mapping[Dimension, float]
) -> tuple[Worth, ...]:
    """What every check that counts was worth, most lost first; equal ones by name."""
    values = {dimension: point_values(found) for dimension, found in findings.items()}
    total = sum(max(0.0, weights.get(dimension, 0.0)) for dimension, found in values.items() if found)
    worths = (
        _worth(dimension, finding, value, max(0.0, weights.get(dimension, 0.0)) / total if total else 0.0)
        for dimension, found in values.items()
        for finding, value in found
    )
    return tuple(sorted(worths, key=lambda w: (-w.lost, -w.lost_of_dimension, w.check)))


def _worth(dimension: Dimension, finding: Finding, value: float, weight: float) -> Worth:
    share = round(finding.points / finding.max_points, SHARE_DECIMALS)
    most = _HUNDRED * value * finding.max_points
    return Worth(
        check=finding.check,
        dimension=dimension,
        won=round(most * share * weight, 2),
        lost=round(most * (1 - share) * weight, 2),
        won_of_dimension=round(most * share, 2),
        lost_of_dimension=round(most * (1 - share), 2),
    )


def strengths(worths: tuple[Worth, ...], findings: Mapping[str, Finding]) -> tuple[Highlight, ...]:
    """The checks that brought most, of those that earned nearly all they could."""
    good = [w for w in worths if w.won_of_dimension > 0 and _share(w) >= STRENGTH_SHARE]
    best = sorted(good, key=lambda w: (-w.won, -w.won_of_dimension, w.check))[:MOST_NAMED]
    return tuple(_highlight(w, findings[w.check], w.won, w.won_of_dimension) for w in best)


def risks(
    worths: tuple[Worth, ...], findings: Mapping[str, Finding], blockages: tuple[Blockage, ...] = ()
) -> tuple[Highlight, ...]:
    """The checks that cost most, of the others; each with what it blocks, which is no risk of its own."""
    folded = {blockage.cause: blockage for blockage in blockages}
    lossy = [w for w in worths if w.lost_of_dimension > 0 and _share(w) < STRENGTH_SHARE]
    causes = [w for w in lossy if findings[w.check].outcome != Outcome.BLOCKED]
    found = (_risk(w, findings[w.check], folded.get(w.check)) for w in causes)
    # Those with a weight before those without, as they come.
    return tuple(sorted(found, key=lambda risk: (-risk.has_weight, -risk.points))[:MOST_NAMED])


def _risk(worth: Worth, finding: Finding, blocks: Blockage | None) -> Highlight:
    if blocks is None:
        return _highlight(worth, finding, worth.lost, worth.lost_of_dimension)
    whole = round(worth.lost + blocks.lost, 2)
    risk = _highlight(worth, finding, whole, worth.lost_of_dimension)
    return replace(risk, blocks=len(blocks.checks))


def _share(worth: Worth) -> float:
    return worth.won_of_dimension / (worth.won_of_dimension + worth.lost_of_dimension)


def _highlight(worth: Worth, finding: Finding, whole: float, part: float) -> Highlight:
    has_weight = worth.won + worth.lost > 0
    return Highlight(
        check=finding.check,
        title=finding.title,
        sentence=finding.sentence,
        dimension=worth.dimension,
        points=whole if has_weight else part,
        has_weight=has_weight,
    )
