"""Record linkage: how often somebody who knows a person finds that person's row, and how surely."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audition.anonymize.columns import Floats, Ints
from audition.anonymize.intervals import Rate, wilson
from audition.anonymize.space import Axis, portions, total_gaps

_EQUAL = 1e-4
"""Distances that differ by less are equal: a thousandth of a rank is the smallest step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Linkage:
    """What one who knows some columns finds."""

    knows: str
    """In words."""
    columns: tuple[str, ...]
    expected: Rate
    """Of people, those found by choosing among the nearest rows."""
    certain: Rate
    """Of people, those whose row alone is the nearest."""
    without: tuple[tuple[str, float], ...] = ()
    """Columns, with what `expected` would be if they were not known; the most telling first."""


def link(axes: Sequence[Axis], targets: Ints, own: Ints, knows: str) -> Linkage:
    """Look for people by all of some columns.

    Args:
        axes: What is known and what is searched.
        targets: Known rows that are looked for.
        own: The row of each target among the released ones.
        knows: The knowledge, in words.
    """
    hits = _hits(axes, targets, own, leave_out=False)
    return Linkage(
        knows=knows,
        columns=tuple(axis.name for axis in axes),
        expected=wilson(float(hits[0].sum()), len(targets)),
        certain=wilson(float((hits[0] == 1).sum()), len(targets)),
    )


def blame(axes: Sequence[Axis], targets: Ints, own: Ints) -> tuple[tuple[str, float], ...]:
    """For each column, what would be found if it were not known; the most telling first."""
    found = _hits(axes, targets, own, leave_out=True)[1:]
    shares = [(axis.name, float(hits.mean())) for axis, hits in zip(axes, found, strict=True)]
    return tuple(sorted(shares, key=lambda item: item[1]))


def _hits(axes: Sequence[Axis], targets: Ints, own: Ints, *, leave_out: bool) -> Floats:
    """Chance of each target to be found with all columns, then (if asked) with all but each; (1 + axes, targets)."""
    rows = len(axes[0].released)
    out = []
    for place in portions(np.arange(len(targets), dtype=np.int64), rows):
        total = total_gaps(axes, targets[place])
        known = targets[place]
        every = [total, *(total - a.gaps(a.known[known], a.released) for a in (axes if leave_out else ()))]
        found = [_chance(gaps, own[place]) for gaps in every]
        out.append(np.array(found))
    return np.concatenate(out, axis=1) if out else np.zeros((1 + len(axes), 0))


def _chance(total: np.ndarray[tuple[int, ...], np.dtype[np.float32]], own: Ints) -> Floats:
    """1 / how many rows are nearest where a target's own is among them, else 0."""
    near = total <= total.min(axis=1, keepdims=True) + _EQUAL
    is_among = near[np.arange(len(own)), own]
    return np.asarray(np.where(is_among, 1 / near.sum(axis=1), 0.0))
