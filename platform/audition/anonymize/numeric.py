"""What becomes of numbers: ends coded, rounded, swapped among neighbours, or replaced by their group's mean."""

import numpy as np

from audition.anonymize.columns import Flags, Floats, Ints, Numbers, class_ids, compact
from audition.anonymize.partition import partition

RANK_STEPS = 1000
_MOST_FOR_MDAV = 20_000
"""MDAV compares each group with all rows that are left; beyond this, rows are divided at medians instead."""


def clip(column: Numbers, bottom: float | None, top: float | None) -> Numbers:
    """Both ends coded: what lies beyond is released as the end."""
    low = -np.inf if bottom is None else bottom
    high = np.inf if top is None else top
    return Numbers(np.clip(column.values, low, high))


def rounded(values: Floats, step: float) -> Floats:
    """The nearest multiples of a step, halves upwards; unchanged where the step is 0."""
    if not step:
        return values
    # Steps such as 0.05 have no exact form: the last digits of the product are noise and go.
    return np.asarray(np.round(np.floor(values / step + 0.5) * step, 12))


def rank_swap(column: Numbers, reach: float, random: np.random.Generator) -> Numbers:
    """Swap each value with one that is at most `reach` of all ranks away; the distribution stays.

    Source: Moore, "Controlled data-swapping techniques for masking public use microdata sets", 1996.

    Args:
        column: Missing values stay where they are.
        reach: Share of all ranks, in (0, 1].
        random: Decides the partners.
    """
    there = np.flatnonzero(~column.missing())
    order = there[np.argsort(column.values[there], kind="stable")]
    out = column.values.copy()
    # Windows of 2 * half ranks are dealt from a random beginning; inside, a value changes places with one that is
    # half a window away, give or take a quarter of that: together at most `reach`.
    half = max(1, int(reach * len(order) * 4 / 5))
    begin = -int(random.integers(0, 2 * half))
    for low in range(begin, len(order), 2 * half):
        window = order[max(low, 0) : low + 2 * half]
        lower, upper = _partners(len(window), max(1, half // 4), random)
        out[window[lower]] = column.values[window[upper]]
        out[window[upper]] = column.values[window[lower]]
    return Numbers(out)


def _partners(count: int, block: int, random: np.random.Generator) -> tuple[Ints, Ints]:
    """Places of the lower half, mixed inside short blocks, and of the upper half in order."""
    lower = np.arange(count // 2, dtype=np.int64)
    for low in range(0, len(lower), block):
        random.shuffle(lower[low : low + block])
    return lower, np.arange(count - count // 2, count, dtype=np.int64)


def ranks(values: Floats, reference: Floats) -> Floats:
    """Place of each value among the reference's, in [0, RANK_STEPS]; 0 where it is missing."""
    ordered = np.sort(reference[~np.isnan(reference)])
    # In order and once each: looking for a million values in no order misses the cache with every step.
    distinct, inverse = np.unique(values, return_inverse=True)
    both = np.searchsorted(ordered, distinct, "left") + np.searchsorted(ordered, distinct, "right")
    places = np.floor(both * RANK_STEPS / max(2 * len(ordered), 1))
    return np.asarray(np.where(np.isnan(distinct), 0.0, places)[inverse])


def mdav(points: Floats, k: int) -> Ints:
    """Put alike rows in groups of k to 2k - 1: the farthest row from the middle and its nearest, repeat.

    Source: Domingo-Ferrer and Mateo-Sanz, "Practical data-oriented microaggregation for statistical disclosure
    control", IEEE TKDE 14(1), 2002; here in its one-ended form.

    Args:
        points: (rows, columns), with at least k rows.
        k: Size of a group.

    Returns:
        The group of each row, from 0.
    """
    left: Ints = np.arange(len(points), dtype=np.int64)
    groups: Ints = np.zeros(len(points), dtype=np.int64)
    number = 0
    while len(left) >= 2 * k:
        rest = points[left]
        farthest = ((rest - np.floor(rest.mean(axis=0))) ** 2).sum(axis=1).argmax()
        distance = ((rest - rest[farthest]) ** 2).sum(axis=1)
        # The k nearest, of equally near the first: what sorting everything would give, for a tenth of its time.
        close = np.flatnonzero(distance <= np.partition(distance, k - 1)[k - 1])
        near = close[np.argsort(distance[close], kind="stable")[:k]]
        groups[left[near]] = number
        left = np.delete(left, near)
        number += 1
    groups[left] = number
    return groups


def group_alike(columns: list[Numbers], k: int, blocks: Ints | None = None) -> Ints:
    """The group of each row: at least k rows with alike numbers that miss the same values.

    A pattern of missing values with fewer than k rows is a group of its own, to be suppressed.

    Args:
        columns: At least one; all of a length.
        k: Smallest group.
        blocks: Classes, from 0, that a group stays inside.
    """
    points = np.column_stack([ranks(column.values, column.values) for column in columns])
    pattern = missing_patterns(columns)
    if blocks is not None:
        pattern = class_ids([pattern, blocks], len(blocks))
    if len(points) > _MOST_FOR_MDAV:
        return partition(points.astype(np.int64), np.ones(len(points), dtype=np.int64), k, pattern)
    groups = np.zeros(len(points), dtype=np.int64)
    order = np.argsort(pattern, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(pattern[order])) + 1):
        groups[rows] = mdav(points[rows], k) + groups.max() + 1
    return compact(groups)[0]


def missing_patterns(columns: list[Numbers]) -> Ints:
    """For each row the number of its pattern of missing values."""
    return class_ids([column.missing().astype(np.int64) for column in columns], len(columns[0]))


def group_means(column: Numbers, groups: Ints, step: float) -> Numbers:
    """Each row gets the mean of its group, rounded; what is missing stays missing."""
    there: Flags = ~column.missing()
    count = int(groups.max(initial=-1)) + 1
    sums = np.bincount(groups[there], weights=column.values[there], minlength=count)
    sizes = np.bincount(groups[there], minlength=count)
    means = rounded(sums / np.maximum(sizes, 1), step)
    return Numbers(np.where(there, means[groups], np.nan))
