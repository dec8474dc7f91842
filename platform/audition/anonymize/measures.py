"""How much the classes of a table tell: k-anonymity and the models that look at sensitive values.

Sources: Samarati and Sweeney 1998 (k); Machanavajjhala et al., TKDD 2007 (l, entropy-l, recursive (c,l)); Li, Li and
Venkatasubramanian, ICDE 2007 (t); Wong et al., KDD 2006 (alpha, k); Brickell and Shmatikov, KDD 2008 (delta); Cao and
Karras, VLDB 2012 (beta).
"""

from dataclasses import dataclass

import numpy as np

from audition.anonymize.columns import Column, Flags, Floats, Ints, Levels, codes_of, compact


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassMeasures:
    """Sizes of the classes of rows that share all quasi-identifiers."""

    rows: int
    classes: int
    k: int
    """Smallest class; 0 of no rows."""
    unique_share: float
    """Rows that are alone in their class, in [0, 1]."""
    small_share: float
    """Rows in classes below the k that is asked for, in [0, 1]."""
    average_risk: float
    """Expected share of people found by one who knows that they are in the table: classes / rows."""
    highest_risk: float
    """Of the person that is easiest to find: 1 / k."""
    sizes: tuple[tuple[str, int], ...]
    """Rows by the size of their class: 1, 2-4, 5-10, …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitiveMeasures:
    """What the classes tell about one sensitive column, at worst."""

    column: str
    l: int  # noqa: E741  the measure's name
    """Fewest different values in a class."""
    entropy_l: float
    """exp of the smallest entropy of a class."""
    recursive_c: float
    """Smallest c for which every class is recursively (c, l)-diverse with the l above; infinite where l is 1."""
    t: float
    """Largest distance of a class from the whole: earth mover's with ordered values, else total variation."""
    alpha: float
    """Largest share of one value in a class."""
    beta: float
    """Largest relative gain: (share in a class - share in all) / share in all."""
    delta: float
    """Largest |ln(share in a class / share in all)|; infinite where a class misses a value."""


_MOST_STEPS = 256
"""Numbers with more distinct values are measured in as many steps of equally many values."""
_SIZES = (1, 2, 5, 11, 21, 51, 101)


def measure_classes(ids: Ints, k: int) -> ClassMeasures:
    """Measure classes.

    Args:
        ids: The class of each row, from 0 without gaps.
        k: Which classes are called small.
    """
    sizes = np.bincount(ids).astype(np.int64)
    rows = len(ids)
    smallest = int(sizes.min(initial=rows)) if rows else 0
    return ClassMeasures(
        rows=rows,
        classes=len(sizes),
        k=smallest,
        unique_share=float((sizes == 1).sum() / rows) if rows else 0.0,
        small_share=float(sizes[sizes < k].sum() / rows) if rows else 0.0,
        average_risk=len(sizes) / rows if rows else 0.0,
        highest_risk=1 / smallest if smallest else 0.0,
        sizes=tuple(_histogram(sizes)),
    )


def _histogram(sizes: Ints) -> list[tuple[str, int]]:
    out = []
    for low, high in zip(_SIZES, (*_SIZES[1:], None), strict=True):
        label = f"{low}+" if high is None else str(low) if high == low + 1 else f"{low}-{high - 1}"
        inside: Flags = (sizes >= low) & (sizes < (high or np.inf))
        out.append((label, int(sizes[inside].sum())))
    return out


def measure_sensitive(name: str, column: Column, ids: Ints) -> SensitiveMeasures:
    """Measure what classes tell about a column; a missing value is a value of its own.

    Args:
        name: For the report.
        column: The sensitive values.
        ids: The class of each row, from 0 without gaps.
    """
    codes, count = compact(codes_of(column))
    is_ordered = not isinstance(column, Levels)
    if is_ordered and count > _MOST_STEPS:
        codes, count = compact(codes * _MOST_STEPS // count)
    classes = int(ids.max(initial=-1)) + 1
    pairs, inverse = np.unique(ids * count + codes, return_inverse=True)
    numbers = np.bincount(inverse).astype(np.float64)
    of, value = pairs // count, pairs % count
    sizes = np.bincount(of, weights=numbers, minlength=classes)
    within, overall = numbers / sizes[of], np.bincount(codes, minlength=count) / max(len(codes), 1)
    different = np.bincount(of, minlength=classes)
    entropy = np.bincount(of, weights=-within * np.log(within), minlength=classes)
    fewest = int(different.min(initial=count))
    gain = within / overall[value]
    return SensitiveMeasures(
        column=name,
        l=fewest,
        entropy_l=float(np.exp(entropy.min(initial=np.log(max(count, 1))))),
        recursive_c=_recursive_c(numbers, of, fewest),
        t=_distance(within, of, value, overall, classes, is_ordered=is_ordered),
        alpha=float(within.max(initial=0.0)),
        beta=float(max(0.0, (gain - 1).max(initial=0.0))),
        delta=float("inf") if fewest < count else float(np.abs(np.log(gain)).max(initial=0.0)),
    )


def _recursive_c(numbers: Floats, of: Ints, least: int) -> float:
    """Largest ratio of a class's commonest value to the sum of its l-th commonest and all rarer ones."""
    if least <= 1:
        return float("inf")
    order = np.lexsort((-numbers, of))
    ordered, block = numbers[order], of[order]
    begins = np.searchsorted(block, np.arange(int(block.max()) + 1))
    place = np.arange(len(block)) - begins[block]
    rare = np.bincount(block, weights=np.where(place >= least - 1, ordered, 0.0))
    return float((ordered[begins] / rare).max())


_CELLS = 1 << 22


def _distance(  # noqa: PLR0913  one formula's terms
    within: Floats, of: Ints, value: Ints, overall: Floats, classes: int, *, is_ordered: bool
) -> float:
    """Largest distance of a class's distribution from the whole's, in [0, 1]; in portions of classes."""
    worst = 0.0
    portion = max(1, _CELLS // max(len(overall), 1))
    for low in range(0, classes, portion):
        rows = slice(*np.searchsorted(of, [low, low + portion]))
        shares = np.zeros((min(portion, classes - low), len(overall)))
        shares[of[rows] - low, value[rows]] = within[rows]
        gap = shares - overall
        if is_ordered and len(overall) > 1:
            distance = np.abs(np.cumsum(gap, axis=1)).sum(axis=1) / (len(overall) - 1)
        else:
            distance = np.abs(gap).sum(axis=1) / 2
        worst = max(worst, float(distance.max(initial=0.0)))
    return worst
