"""Mondrian: rows are divided at medians, again and again, as long as both halves keep k rows.

All blocks of a round are divided at once, and rows that are equal are one row with a count, so that a million rows cost
a few sorts of their distinct tuples.

Source: LeFevre, DeWitt and Ramakrishnan, "Mondrian multidimensional k-anonymity", ICDE 2006 (strict partitioning).
"""

from dataclasses import dataclass

import numpy as np

from audition.anonymize.columns import Flags, Floats, Ints, compact


def partition(points: Ints, counts: Ints, k: int, blocks: Ints | None = None) -> Ints:
    """Divide rows into groups of at least k.

    Args:
        points: int64, (rows, dimensions); equal distances count equally, relative to the span of a dimension.
        counts: How many people each row stands for.
        k: Smallest group, in people. A block that has fewer to begin with stays as it is.
        blocks: Numbers of blocks from 0 that are never joined; one block when left out.

    Returns:
        The group of each row, from 0 without gaps.
    """
    groups = np.zeros(len(points), dtype=np.int64) if blocks is None else blocks.astype(np.int64)
    spans = np.maximum(np.ptp(points, axis=0), 1) if len(points) else np.ones(points.shape[1])
    active: Ints = np.arange(len(points), dtype=np.int64)
    while len(active):
        inside, count = compact(groups[active])
        part = _Blocks(points[active], counts[active], inside, count)
        halves, divided = _divide(part, spans, k)
        fresh = int(groups.max()) + 1
        upper = divided[inside] & halves
        groups[active[upper]] = fresh + inside[upper]
        active = active[divided[inside]]
    return compact(groups)[0]


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Rows that may still be divided."""

    points: Ints
    counts: Ints
    inside: Ints
    """The block of each row, from 0."""
    blocks: int


def _divide(part: _Blocks, spans: Floats, k: int) -> tuple[Flags, Flags]:
    """One round: for each row whether it is in the upper half, and for each block whether it could be divided."""
    halves: Flags = np.zeros(len(part.points), dtype=bool)
    divided: Flags = np.zeros(part.blocks, dtype=bool)
    people = np.bincount(part.inside, weights=part.counts, minlength=part.blocks).astype(np.float64)
    widths = _widths(part) / spans
    hopeful: Flags = people >= 2 * k
    every = np.arange(part.blocks)
    for _ in range(part.points.shape[1]):
        chosen = widths.argmax(axis=1)
        hopeful &= widths[every, chosen] > 0
        rows = np.flatnonzero(hopeful[part.inside])
        if not len(rows):
            break
        block = part.inside[rows]
        upper, good = _cut(part.points[rows, chosen[block]], part.counts[rows], block, people, k)
        won = good & hopeful
        halves[rows] = np.where(won[block], upper, halves[rows])
        divided |= won
        hopeful &= ~won
        widths[every, chosen] = 0.0
    return halves, divided


def _widths(part: _Blocks) -> Floats:
    """Span of each dimension in each block; (blocks, dimensions)."""
    order = np.argsort(part.inside)
    begins = np.searchsorted(part.inside[order], np.arange(part.blocks))
    ordered = part.points[order]
    widths = np.maximum.reduceat(ordered, begins) - np.minimum.reduceat(ordered, begins)
    return widths.astype(np.float64)


def _cut(values: Ints, counts: Ints, block: Ints, people: Floats, k: int) -> tuple[Flags, Flags]:
    """Cut each block at the value nearest to its median that leaves k people on both sides.

    Returns:
        For each row whether it lies above the cut, and for each block whether there is one.
    """
    # One number for block and value sorts several times faster than two keys; the order of equals does not matter.
    low = int(values.min(initial=0))
    order = np.argsort(block * (int(values.max(initial=0)) - low + 1) + values - low)
    block, values = block[order], values[order]
    running = np.cumsum(counts[order], dtype=np.float64)
    begins = np.searchsorted(block, np.arange(len(people)))
    before = np.concatenate([[0.0], running])[np.minimum(begins, len(running))]
    below = running - before[block]
    above = people[block] - below
    # A cut lies behind the last row with a value, so that equal values stay together.
    is_last: Flags = np.ones(len(values), dtype=bool)
    is_last[:-1] = (values[1:] != values[:-1]) | (block[1:] != block[:-1])
    allowed = is_last & (below >= k) & (above >= k)
    cost = np.where(allowed, np.abs(below - above), np.inf)
    best = np.full(len(people), np.inf)
    np.minimum.at(best, block, cost)
    at_best = np.flatnonzero(allowed & (cost == best[block]))
    cut = np.full(len(people), np.iinfo(np.int64).max)
    np.minimum.at(cut, block[at_best], values[at_best])
    upper: Flags = np.zeros(len(values), dtype=bool)
    upper[order] = values > cut[block]
    return upper, np.isfinite(best)
