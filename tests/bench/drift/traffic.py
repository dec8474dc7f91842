"""Rows and predictions of a service with eight standard normal features, drifting or not."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from graders.drift.statistics import Array

FEATURES = 8
REFERENCE_ROWS = 5000
SCRAPE_EVERY = 50
#: Weight of each feature in the model; the one that drifts is neither the strongest nor the weakest.
_WEIGHTS = np.array([0.3, 0.8, -0.5, 0.2, 0.6, -0.3, 0.4, 0.1])
_CORRELATION = 0.9


class Change(StrEnum):
    """What happens to the rows of a test phase."""

    NONE = "no drift"
    HALF = "1 feature 0.5 sigma"
    ONE = "1 feature 1 sigma"
    ALL = "all 0.5 sigma"
    SPREAD = "1 feature x2 spread"
    CORRELATION = "correlation 0.9"


@dataclass(frozen=True)
class Traffic:
    """What some services were sent: each run is one service with a fresh start."""

    reference: Array
    """The training rows, (rows, features)."""
    rows: Array
    """(runs, requests, features)"""
    predictions: Array
    """(runs, requests), in (0, 1)."""

    @property
    def scrapes(self) -> int:
        """Scrapes of each run."""
        return self.rows.shape[1] // SCRAPE_EVERY

    @property
    def requests(self) -> Array:
        """Requests before each scrape, (scrapes,)."""
        return np.arange(1, self.scrapes + 1) * float(SCRAPE_EVERY)


def make_traffic(random: np.random.Generator, *, changes: list[Change], lengths: tuple[int, int]) -> Traffic:
    """Draw one run for each change.

    Args:
        random: Draws everything.
        changes: What happens in each run.
        lengths: Requests before the test phase, and in it.
    """
    before, test = lengths
    rows = random.normal(size=(len(changes), before + test, FEATURES))
    for number, change in enumerate(changes):
        _apply(rows[number, before:], change)
    reference = random.normal(size=(REFERENCE_ROWS, FEATURES))
    return Traffic(reference=reference, rows=rows, predictions=1 / (1 + np.exp(-rows @ _WEIGHTS)))


def _apply(rows: Array, change: Change) -> None:
    """Change rows in place, (requests, features)."""
    if change == Change.HALF:
        rows[:, 0] += 0.5
    elif change == Change.ONE:
        rows[:, 0] += 1.0
    elif change == Change.ALL:
        rows += 0.5
    elif change == Change.SPREAD:
        rows[:, 0] *= 2.0
    elif change == Change.CORRELATION:
        rows[:, 0] = _CORRELATION * rows[:, 1] + np.sqrt(1 - _CORRELATION**2) * rows[:, 0]
