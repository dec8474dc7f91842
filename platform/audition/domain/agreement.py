"""How far two reviewers who did not see each other's marks agree, beyond what chance gives."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """On one item of a rubric, over submissions that two reviewers have signed."""

    item: str
    pairs: int
    """Submissions that both marked."""
    same: int
    """On which both chose the same level."""
    kappa: float | None
    """In [-1, 1]; 0 is chance, 1 is always the same. None where it is not defined."""


def agreement(item: str, pairs: Sequence[tuple[int, int]], levels: int) -> Agreement:
    """Count pairs of levels.

    Args:
        item: Of the rubric.
        pairs: The two levels of each submission, each in [0, levels).
        levels: How many there are.
    """
    return Agreement(
        item=item,
        pairs=len(pairs),
        same=sum(first == second for first, second in pairs),
        kappa=weighted_kappa(pairs, levels),
    )


def weighted_kappa(pairs: Sequence[tuple[int, int]], levels: int) -> float | None:
    """Kappa with quadratic weights, for reviewers who are interchangeable.

    Who has the first seat is chance, so what chance gives is computed from the levels of both together (Scott's pi);
    levels two steps apart weigh four times as much as neighbours.

    Args:
        pairs: The two levels of each submission, each in [0, levels).
        levels: How many there are.

    Returns:
        None with fewer than two pairs, and where all levels are the same: there is nothing to agree on.

    Source: W. A. Scott, "Reliability of content analysis", 1955; J. Cohen, "Weighted kappa", 1968.
    """
    if len(pairs) < 2 or levels < 2:  # noqa: PLR2004  one pair has no chance to compare with
        return None
    counts = Counter(level for pair in pairs for level in pair)
    total = 2 * len(pairs)
    expected = sum(
        (a - b) ** 2 * counts[a] * counts[b] / total**2 for a in range(levels) for b in range(levels)
    )
    observed = sum((a - b) ** 2 for a, b in pairs) / len(pairs)
    return 1 - observed / expected if expected else None
