"""How far the applications of late are from those the model was trained on: PSI for each column and for the scores.

The population stability index compares shares of ten bins of equal size, and of missing values and values that
training never saw. With nothing but chance it is about (bins - 1) x (1/window + 1/reference): 0.02 for 500 rows, and
passes 0.1 less than once in a hundred thousand windows. That is why the window is not shorter.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from credit.features import COLUMNS, LEVELS, Matrix

WINDOW = 500
"""Rows that are compared with the reference; nothing is said before there are so many."""
ALARM = 0.1
BINS = 10
_FLOOR = 5e-4
"""The least share of a bin: an empty one has no logarithm."""


@dataclass(frozen=True)
class Bins:
    """One column as training had it."""

    edges: tuple[float, ...]
    """Ascending; a value above n of them is in bin n. Levels lie between them."""
    shares: tuple[float, ...]
    """Of each bin, and of missing values at the end; they sum up to 1."""
    mean: float
    deviation: float
    missing: float
    low: float
    high: float
    rows: int

    @classmethod
    def of(cls, values: Matrix, edges: Matrix) -> "Bins":
        """Bins of a column with these edges."""
        known = values[~np.isnan(values)]
        return cls(
            edges=tuple(float(edge) for edge in edges),
            shares=tuple(float(share) for share in shares(values, edges)),
            mean=float(known.mean()),
            deviation=float(known.std()),
            missing=float(np.isnan(values).mean()),
            low=float(known.min()),
            high=float(known.max()),
            rows=len(values),
        )

    def psi(self, values: Matrix) -> float:
        """Population stability index of some values against the reference."""
        now = np.maximum(shares(values, np.array(self.edges)), _FLOOR)
        then = np.maximum(np.array(self.shares), _FLOOR)
        return float(((now - then) * np.log(now / then)).sum())


def shares(values: Matrix, edges: Matrix) -> Matrix:
    """Shares of the bins, and of missing values at the end."""
    is_missing = np.isnan(values)
    place = np.where(is_missing, len(edges) + 1, np.searchsorted(edges, values, side="left"))
    counts = np.bincount(place, minlength=len(edges) + 2)
    return counts / max(1, len(values))


def _edges(name: str, values: Matrix) -> Matrix:
    if name in LEVELS:
        # One bin for each level, and one beyond the last for levels that training has not seen.
        return np.arange(len(LEVELS[name])) + 0.5
    known = values[~np.isnan(values)]
    inner = np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])
    # Values outside of what training saw have bins of their own.
    return np.unique([known.min() - 1e-9, *inner, known.max()])


@dataclass(frozen=True)
class Reference:
    """What the training data looked like, and how the model scored it."""

    columns: Mapping[str, Bins]
    scores: Bins

    @classmethod
    def of(cls, table: Matrix, scores: Matrix) -> "Reference":
        """Of encoded rows and their predictions."""
        columns = {
            name: Bins.of(values, _edges(name, values)) for name, values in zip(COLUMNS, table.T, strict=True)
        }
        return cls(columns, Bins.of(scores, _edges("score", scores)))

    @classmethod
    def load(cls, path: Path) -> "Reference":
        """Read what `save` wrote.

        Raises:
            OSError: There is no file.
            ValueError, KeyError, TypeError: It is another one.
        """
        document = json.loads(path.read_text(encoding="utf-8"))
        columns = {name: Bins(**document["columns"][name]) for name in COLUMNS}
        return cls(columns, Bins(**document["scores"]))

    def save(self, path: Path) -> None:
        """Write it as JSON that people can read, too."""
        document = {
            "window": WINDOW,
            "alarm": ALARM,
            "columns": {name: asdict(bins) for name, bins in self.columns.items()},
            "scores": asdict(self.scores),
        }
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Drift:
    """What the window shows at one moment."""

    columns: Mapping[str, float]
    """PSI by column; 0 while the window is not full."""
    scores: float
    missing: Mapping[str, float]
    """Share of missing values by column."""
    means: Mapping[str, float]
    """Mean of what is known, by column of numbers; the reference's while there is nothing."""
    rows: int
    """In the window."""


class Window:
    """The last rows that were scored; remembering one costs next to nothing, comparing is done when asked."""

    def __init__(self, reference: Reference, size: int = WINDOW) -> None:
        """Start empty."""
        self._reference = reference
        self._table = np.full((size, len(COLUMNS)), np.nan)
        self._scores = np.full(size, np.nan)
        self._seen = 0

    def add(self, table: Matrix, scores: Matrix) -> None:
        """Remember encoded rows and their scores, the latest in place of the oldest."""
        size = len(self._scores)
        table, scores = table[-size:], scores[-size:]
        places = (self._seen + np.arange(len(scores))) % size
        self._table[places] = table
        self._scores[places] = scores
        self._seen += len(scores)

    def look(self) -> Drift:
        """Compare the window with the reference."""
        size = len(self._scores)
        rows = min(self._seen, size)
        table = self._table[:rows]
        is_full = rows == size
        columns = dict(zip(COLUMNS, table.T, strict=True))
        known = {name: values[~np.isnan(values)] for name, values in columns.items() if name not in LEVELS}
        bins = self._reference.columns
        return Drift(
            columns={name: bins[name].psi(values) if is_full else 0.0 for name, values in columns.items()},
            scores=self._reference.scores.psi(self._scores) if is_full else 0.0,
            missing={name: float(np.isnan(v).mean()) if rows else 0.0 for name, v in columns.items()},
            means={name: float(v.mean()) if len(v) else bins[name].mean for name, v in known.items()},
            rows=rows,
        )
