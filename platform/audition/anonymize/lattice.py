"""Full-domain generalisation: every combination of steps of all hierarchies is looked at, and the best one taken.

Rows with equal values are one row with a count from the beginning, so the cost of a combination follows the number of
distinct tuples and not of rows. All are looked at instead of a greedy descent: that finds combinations that coarsen one
column and leave four as they are.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

from audition.anonymize.columns import Ints, class_ids
from audition.anonymize.hierarchies import Hierarchy
from audition.domain.errors import InvalidError

MOST_NODES = 20_000
"""More combinations than this are refused; at a millisecond each it would be a coffee break."""


@dataclass(frozen=True, slots=True)
class Node:
    """One combination."""

    steps: tuple[int, ...]
    """For each hierarchy, the step."""
    suppressed: int
    """Rows in classes below k, which would be left out."""
    loss: float
    """Mean over the columns of the share of values that can no longer be told apart, in [0, 1]."""
    classes: int


@dataclass(frozen=True, slots=True)
class Lattice:
    """What was found."""

    nodes: tuple[Node, ...]
    """All of them, in the order of their steps."""
    best: Node
    rows: int


def search(
    hierarchies: list[Hierarchy], k: int, suppressed_share: float, fixed: Ints | None = None
) -> Lattice:
    """Look at every node and take the best that leaves out few enough rows.

    The best loses least information; among equals it leaves out fewest rows, then is lowest.

    Args:
        hierarchies: At least one.
        k: Smallest class.
        suppressed_share: Of rows, in [0, 1], that may be left out.
        fixed: Classes, from 0, over quasi-identifiers that have no hierarchy.

    Raises:
        InvalidError: Too many combinations, or none that suffices.
    """
    heights = [h.height for h in hierarchies]
    count = int(np.prod([height + 1 for height in heights]))
    if count > MOST_NODES:
        raise InvalidError(
            f"The hierarchies have {count:,} combinations; at most {MOST_NODES:,} are looked at.",
            next_step="Give the columns fewer steps, or give one column a fixed transform such as band.",
        )
    rows = len(hierarchies[0].codes)
    base = np.zeros(rows, dtype=np.int64) if fixed is None else fixed
    ids = class_ids([base, *(h.codes for h in hierarchies)], rows)
    first = np.zeros(int(ids.max(initial=-1)) + 1, dtype=np.int64)
    first[ids] = np.arange(rows)
    people = np.bincount(ids, minlength=len(first)).astype(np.int64)
    tuples = [h.codes[first] for h in hierarchies]
    losses = [_losses(h) for h in hierarchies]
    nodes = []
    for steps in product(*(range(height + 1) for height in heights)):
        mapped = [h.maps[step][codes] for h, step, codes in zip(hierarchies, steps, tuples, strict=True)]
        sizes = np.bincount(class_ids([base[first], *mapped], len(first)), weights=people)
        loss = sum(column[step] for column, step in zip(losses, steps, strict=True)) / len(steps)
        nodes.append(Node(steps, int(sizes[sizes < k].sum()), float(loss), int((sizes >= k).sum())))
    return Lattice(tuple(nodes), _best(nodes, rows, suppressed_share), rows)


def _losses(hierarchy: Hierarchy) -> list[float]:
    """For each step, how many of the pairs of different rows it makes equal; 0 at the bottom, 1 at the top."""
    counts = np.bincount(hierarchy.codes, minlength=len(hierarchy.maps[0])).astype(np.float64)
    rows = counts.sum()
    different = rows**2 - float((counts**2).sum())
    out = []
    for codes in hierarchy.maps:
        merged = np.bincount(codes, weights=counts)
        out.append(1 - (rows**2 - float((merged**2).sum())) / different if different else 0.0)
    return out


def _best(nodes: list[Node], rows: int, suppressed_share: float) -> Node:
    enough = [node for node in nodes if node.suppressed <= suppressed_share * rows and node.classes]
    if not enough:
        fewest = min(node.suppressed for node in nodes) / max(rows, 1)
        raise InvalidError(
            f"No combination of steps is enough: the best still leaves out {fewest:.1%} of rows.",
            next_step="Lower gate.k, raise gate.suppressed_share, or coarsen the columns without a hierarchy.",
        )
    return min(enough, key=lambda node: (round(node.loss, 9), node.suppressed, sum(node.steps)))
