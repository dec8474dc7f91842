"""How good are predictions? Measured here for evaluation, gate and model card alike."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from credit.features import LEVELS, Matrix, Row

LEAST_SLICE = 100
"""Rows; below it the AUC of a part of the data says little."""


def auc(target: Matrix, scores: Matrix) -> float:
    """Area under the ROC curve: how often a bad loan has a higher score than a good one; ties count half.

    Raises:
        ValueError: There are no bad loans, or no good ones.
    """
    bad = int((target == 1).sum())
    good = len(target) - bad
    if not bad or not good:
        msg = "An AUC needs loans that were paid back and loans that were not."
        raise ValueError(msg)
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return float((ranks[target == 1].sum() - bad * (bad + 1) / 2) / (bad * good))


def standard_error(area: float, target: Matrix) -> float:
    """Of an AUC. Source: Hanley and McNeil (1982)."""
    bad = int((target == 1).sum())
    good = len(target) - bad
    one, two = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (bad - 1) * (one - area**2) + (good - 1) * (two - area**2)
    return float(np.sqrt(spread / (bad * good)))


def brier(target: Matrix, scores: Matrix) -> float:
    """Mean squared error of probabilities; 0 is perfect."""
    return float(((scores - target) ** 2).mean())


def slices(rows: Sequence[Row], target: Matrix, scores: Matrix) -> Iterator[dict[str, Any]]:
    """The AUC in each part of the data that has enough rows, with its size."""
    for name, levels in LEVELS.items():
        for level in levels:
            chosen = np.array([row[name] == level for row in rows])
            if chosen.sum() >= LEAST_SLICE and 0 < target[chosen].mean() < 1:
                area = auc(target[chosen], scores[chosen])
                yield {"column": name, "level": level, "rows": int(chosen.sum()), "roc_auc": round(area, 4)}
