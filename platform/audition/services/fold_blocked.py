"""Fold what is blocked under its cause: a fault is told once, with all that it costs."""

from collections.abc import Mapping

from audition.domain.grade import Finding, Outcome
from audition.domain.summary import Blockage, Worth


def fold_blocked(worths: tuple[Worth, ...], findings: Mapping[str, Finding]) -> tuple[Blockage, ...]:
    """One blockage for each cause, the one that costs most first.

    Args:
        worths: Of every check that counts, most lost first.
        findings: Of the run, by check.
    """
    groups: dict[str, list[Worth]] = {}
    for worth in worths:
        if findings[worth.check].outcome == Outcome.BLOCKED:
            groups.setdefault(_root(worth.check, findings), []).append(worth)
    folded = (_blockage(cause, found, findings) for cause, found in groups.items())
    return tuple(sorted(folded, key=lambda blockage: (-blockage.lost, blockage.cause)))


def _root(check: str, findings: Mapping[str, Finding]) -> str:
    """The first cause: what blocks may be blocked itself."""
    seen = {check}
    cause = findings[check].blocked_by
    while cause in findings and findings[cause].blocked_by and cause not in seen:
        seen.add(cause)
        cause = findings[cause].blocked_by
    return cause


def _blockage(cause: str, found: list[Worth], findings: Mapping[str, Finding]) -> Blockage:
    return Blockage(
        cause=cause,
        sentence=findings[found[0].check].sentence,
        checks=tuple(worth.check for worth in found),
        lost=round(sum(worth.lost for worth in found), 2),
    )
