"""How far what somebody knows about a person is from a released row, column by column.

Numbers differ by their distance in rank, words by being different; a value that one side misses differs wholly. Each
column counts 0 to 1, so that no unit weighs more than another (Gower, Biometrics 27, 1971).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audition.anonymize.columns import Column, Floats, Frame, Ints, Levels, Numbers
from audition.anonymize.numeric import RANK_STEPS, ranks

Gaps = npt.NDArray[np.float32]
_CELLS = 1 << 18
"""Distances that are held at once; a megabyte stays in the cache while column after column is added to it."""
_NOT_THERE = 2.0
"""Stands for a missing rank: further than 1 from every rank, and nothing from itself."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One column on both sides."""

    name: str
    is_number: bool
    known: npt.NDArray[Any]
    """float32 ranks in [0, 1] or int32 codes, (known rows,)."""
    released: npt.NDArray[Any]

    def gaps(self, targets: npt.NDArray[Any], population: npt.NDArray[Any]) -> Gaps:
        """Distances in [0, 1], float32, (targets, population)."""
        if self.is_number:
            gaps = np.subtract(targets[:, None], population[None, :], dtype=np.float32)
            np.abs(gaps, out=gaps)
            return np.asarray(np.minimum(gaps, np.float32(1), out=gaps))
        return np.asarray(targets[:, None] != population[None, :], dtype=np.float32)


def space(known: Frame, released: Frame) -> list[Axis]:
    """Both sides in comparable form.

    Args:
        known: What is known about people, in the columns of the release.
        released: The release; other columns of it are not looked at.
    """
    return [_axis(name, column, released[name]) for name, column in known.items()]


def _axis(name: str, known: Column, released: Column) -> Axis:
    if isinstance(known, Numbers) and isinstance(released, Numbers):
        reference = known.values
        return Axis(name, True, _ranked(known.values, reference), _ranked(released.values, reference))  # noqa: FBT003
    both = [_as_levels(column) for column in (known, released)]
    places: dict[str, int] = {}
    codes = []
    for column in both:
        lookup = [places.setdefault(value, len(places)) for value in column.values]
        codes.append(np.array([*lookup, -1], dtype=np.int32)[column.codes])
    return Axis(name, False, codes[0], codes[1])  # noqa: FBT003


def _as_levels(column: Column) -> Levels:
    if isinstance(column, Levels):
        return column
    found, inverse = np.unique(column.values, return_inverse=True)
    codes = np.where(np.isnan(column.values), -1, inverse).astype(np.int32)
    return Levels(codes, tuple(f"{value:g}" for value in found))


def _ranked(values: Floats, reference: Floats) -> npt.NDArray[np.float32]:
    placed = ranks(values, reference) / RANK_STEPS
    return np.where(np.isnan(values), _NOT_THERE, placed).astype(np.float32)


def portions(targets: Ints, population: int) -> Iterator[Ints]:
    """Targets in portions whose distances fit."""
    size = max(1, _CELLS // max(population, 1))
    for low in range(0, len(targets), size):
        yield targets[low : low + size]


def total_gaps(axes: Sequence[Axis], targets: Ints, population: Ints | slice = slice(None)) -> Gaps:
    """Distances of known rows to released rows over some columns; float32, (targets, population)."""
    total: Gaps | None = None
    for axis in axes:
        gaps = axis.gaps(axis.known[targets], axis.released[population])
        total = gaps if total is None else np.add(total, gaps, out=total)
    if total is None:
        return np.zeros((len(targets), 0), dtype=np.float32)
    return total


def turned(axes: Sequence[Axis]) -> list[Axis]:
    """The same with sides changed: looking for released rows in what is known."""
    return [Axis(a.name, a.is_number, a.released, a.known) for a in axes]
