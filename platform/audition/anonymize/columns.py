"""Columns as the toolchain holds them: numbers as floats, everything else as codes into its distinct values.

Whatever is done to a value is done once for each distinct value and then mapped: a table of a million rows has few
distinct cities, and each customer is pseudonymized once.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

MISSING = -1
"""The code of a value that is not there."""
_MOST_SPAN = 1 << 22
"""Up to this many possible codes, which of them occur is looked up in an array instead of sorted out."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Texts: each row has the place of its value among the distinct ones."""

    codes: npt.NDArray[np.int32]
    """(rows,); -1 where nothing is."""
    values: tuple[str, ...]
    """The distinct values; not every one needs to occur."""

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.codes)

    def take(self, rows: Ints | Flags) -> "Levels":
        """Some rows, in the order asked for."""
        return Levels(self.codes[rows], self.values)

    def used(self) -> "Levels":
        """Without values that no row has."""
        places = np.flatnonzero(self.counts())
        lookup = np.full(len(self.values) + 1, MISSING, dtype=np.int32)
        lookup[places] = np.arange(len(places))
        return Levels(lookup[self.codes], tuple(self.values[place] for place in places))

    def mapped(self, change: Callable[[str], str | None]) -> "Levels":
        """Every value changed; values that become equal are one value afterwards, None is nothing."""
        return self.replaced([change(value) for value in self.values])

    def replaced(self, texts: Sequence[str | None]) -> "Levels":
        """Every value replaced by the text at its place; None is nothing."""
        places: dict[str, int] = {}
        lookup = np.full(len(texts) + 1, MISSING, dtype=np.int32)
        for place, text in enumerate(texts):
            if text is not None:
                lookup[place] = places.setdefault(text, len(places))
        return Levels(lookup[self.codes], tuple(places))

    def counts(self) -> Ints:
        """How many rows each value has."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.values)).astype(np.int64)

    def missing(self) -> Flags:
        """Where nothing is."""
        return np.asarray(self.codes == MISSING)

    def texts(self) -> list[str | None]:
        """Row by row, for small tables."""
        lookup: list[str | None] = [*self.values, None]
        return [lookup[code] for code in self.codes]


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers, NaN where nothing is."""

    values: Floats
    """(rows,)."""

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.values)

    def take(self, rows: Ints | Flags) -> "Numbers":
        """Some rows, in the order asked for."""
        return Numbers(self.values[rows])

    def missing(self) -> Flags:
        """Where nothing is."""
        return np.asarray(np.isnan(self.values))


Column = Levels | Numbers
Frame = dict[str, Column]
"""Columns by name, all of the same length."""


def levels(texts: Iterable[str | None]) -> Levels:
    """Texts as a column."""
    places: dict[str, int] = {}
    codes = [MISSING if text is None else places.setdefault(text, len(places)) for text in texts]
    return Levels(np.array(codes, dtype=np.int32), tuple(places))


def numbers(values: Iterable[float | None]) -> Numbers:
    """Numbers as a column."""
    return Numbers(np.array([np.nan if value is None else value for value in values], dtype=np.float64))


def row_count(frame: Frame) -> int:
    """How many rows a table has; 0 for one without columns."""
    return len(next(iter(frame.values()))) if frame else 0


def take_rows(frame: Frame, rows: Ints | Flags) -> Frame:
    """Some rows of every column."""
    return {name: column.take(rows) for name, column in frame.items()}


def codes_of(column: Column) -> Ints:
    """Codes from 0 in which equal values are equal; a missing value is a value of its own.

    Codes of numbers follow their order, codes of texts do not.
    """
    if isinstance(column, Levels):
        return column.codes.astype(np.int64) + 1
    found, inverse = np.unique(column.values, return_inverse=True)
    del found
    return np.asarray(inverse, dtype=np.int64)


def class_ids(columns: Sequence[npt.NDArray[Any]], rows: int) -> Ints:
    """For each row a class number from 0: rows are in one class when all their codes are equal.

    Args:
        columns: Codes of at least 0, each (rows,).
        rows: How many rows there are; without columns all are in one class.
    """
    ids: Ints = np.zeros(rows, dtype=np.int64)
    span = 1
    for codes in columns:
        width = int(codes.max(initial=0)) + 1
        if span > (1 << 62) // max(width, 1):
            ids, span = compact(ids)
        ids = ids * width + codes
        span *= width
    return compact(ids)[0]


def compact(ids: Ints) -> tuple[Ints, int]:
    """Numbers of at least 0 as numbers from 0 without gaps, in the same order; and how many there are."""
    span = int(ids.max(initial=-1)) + 1
    if span > max(_MOST_SPAN, 2 * len(ids)):
        found, inverse = np.unique(ids, return_inverse=True)
        return np.asarray(inverse, dtype=np.int64), len(found)
    present: Flags = np.zeros(span, dtype=bool)
    present[ids] = True
    places = np.cumsum(present) - 1
    return np.asarray(places[ids], dtype=np.int64), int(present.sum())


def classes_of(frame: Frame, names: Iterable[str] | None = None) -> Ints:
    """For each row the number of its class over some columns, or over all."""
    chosen = list(frame if names is None else names)
    return class_ids([codes_of(frame[name]) for name in chosen], row_count(frame))


def share(flags: Flags) -> float:
    """Share of rows that are true, in [0, 1]; 0 of no rows."""
    return float(flags.mean()) if len(flags) else 0.0
