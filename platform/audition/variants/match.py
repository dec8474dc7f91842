"""Which rows of a table a leaked one has, whatever its order, and whatever of its columns and digits are left."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from audition.variants.draws import Floats, Ints
from audition.variants.layout import Layout, code_column
from audition.variants.table import Table, Texts, is_alone, join_codes, numbers_of

NOBODY = -1
#: Steps that numbers may have been rounded to, the coarsest first.
_STEPS = tuple(digit * 10.0**power for power in range(6, -7, -1) for digit in (5.0, 2.0, 1.0))
#: Share of numbers that must lie on a grid for it to be one: a few cells may have been changed.
_ON_GRID = 0.995
_CLOSE = 1e-6
#: Shares of the columns that are compared alone, where not all agree, and the fewest: fewer are alike by chance.
_PARTS = (2 / 3, 1 / 2, 1 / 3, 1 / 4, 1 / 6)
_FEWEST = 3
#: Of all columns that must agree, within what rounding and marks change, where a part has found a row.
_AGREEING = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """A leaked table, row by row."""

    rows: Ints
    """(rows of the leak,): the row of the challenge's table, -1 for none."""
    columns: dict[int, Texts]
    """Columns that are left, by their place in the challenge's table."""
    rounded: frozenset[int]
    """Those with fewer digits."""


def match(layout: Layout, leak: Table) -> Matched:
    """Find the rows of a leak, by columns of the same name."""
    wanted = {name.strip().lower(): place for place, name in enumerate(layout.table.names)}
    columns = {
        wanted[name.strip().lower()]: column
        for name, column in zip(leak.names, leak.columns, strict=True)
        if name.strip().lower() in wanted
    }
    plain = [place for place in layout.plain_columns if place in columns]
    steps = {place: _coarser(layout.table.columns[place], columns[place]) for place in plain}
    rounded = frozenset(place for place, step in steps.items() if step is not None)
    rows = np.full(len(leak), NOBODY, dtype=np.int64)
    # Who rounds decides what becomes of a five: up, to the even digit, or as the computer's own number is.
    for is_half_even in (False, True) if rounded else (False,):
        coded = {place: _codes(layout, place, columns[place], steps[place], is_half_even) for place in plain}
        for part in _parts(plain):
            if (rows != NOBODY).all():
                break
            found = _found(rows, [coded[place] for place in part], len(layout.table))
            if len(part) < len(plain):
                found[found != NOBODY] = _agreeing(layout, columns, steps, found)
            rows = np.where(rows == NOBODY, found, rows)
    return Matched(rows=rows, columns=columns, rounded=rounded)


def _coarser(ours: Texts, theirs: Texts) -> float | None:
    """The step that the leak's numbers were rounded to; None where they have all their digits, or are none."""
    mine, left = _grid(numbers_of(ours)), _grid(numbers_of(theirs))
    return left if mine is not None and left is not None and left > mine else None


def _grid(values: Floats) -> float | None:
    """The coarsest step that numbers are multiples of; None where they are no numbers, or of no such step."""
    finite = values[np.isfinite(values)]
    if 2 * len(finite) < len(values) or not finite.any():
        return None
    largest = float(np.abs(finite).max())
    for step in _STEPS:
        if step > largest:
            continue
        shares = finite / step
        close = np.abs(shares - np.round(shares)) <= _CLOSE * np.maximum(1, np.abs(shares))
        if close.mean() >= _ON_GRID:
            return step
    return None


def _codes(layout: Layout, place: int, column: Texts, step: float | None, is_half_even: bool) -> Ints:  # noqa: FBT001
    """Both tables' cells of a column as numbers, ours before the leak's; equal where they say the same."""
    both = np.concatenate([layout.table.columns[place], column])
    if step is not None:
        shares = numbers_of(both) / step
        whole = np.round(shares, 9)
        near = np.round(whole) if is_half_even else np.floor(whole + 0.5)
        return np.asarray(pd.factorize(np.where(np.isnan(near), np.inf, near))[0], dtype=np.int64)
    mark = layout.spec.marks.get(layout.table.names[place])
    if mark is not None:
        return code_column(both, mark)
    numbers = numbers_of(both)
    # A library that reads and writes a table keeps numbers and not their texts: "7" becomes "7.0".
    texts = np.where(np.isnan(numbers), both, numbers.astype(str))
    return np.asarray(pd.factorize(texts)[0], dtype=np.int64)


def _parts(plain: list[int]) -> Iterator[list[int]]:
    """Columns to compare: all, and then fewer and fewer of them."""
    yield plain
    for share in _PARTS:
        width = int(share * len(plain))
        if width < _FEWEST:
            return
        for start in range(0, len(plain), width):
            yield plain[-width:] if start + width > len(plain) else plain[start : start + width]


def _found(rows: Ints, coded: list[Ints], ours: int) -> Ints:
    """For rows of the leak that have none yet, the one of ours that they agree with, if exactly one."""
    if not coded:
        return np.full(len(rows), NOBODY, dtype=np.int64)
    whole = join_codes(coded, ours + len(rows))
    mine, theirs = whole[:ours], whole[ours:]
    alone = is_alone(mine)
    place = np.full(int(whole.max()) + 1, NOBODY, dtype=np.int64)
    place[mine[alone]] = np.flatnonzero(alone)
    return np.where(rows == NOBODY, place[theirs], NOBODY)


def _agreeing(layout: Layout, columns: dict[int, Texts], steps: dict[int, float | None], found: Ints) -> Ints:
    """Of rows that a part of the columns found, those that most of all columns agree with; others are nobody."""
    leaked = np.flatnonzero(found != NOBODY)
    ours = found[leaked]
    agreed = np.zeros(len(leaked), dtype=np.int64)
    for place, step in steps.items():
        mine, theirs = layout.table.columns[place][ours], columns[place][leaked]
        room = (step or 0.0) / 2 + layout.spec.marks.get(layout.table.names[place], 0.0)
        apart = np.abs(numbers_of(mine) - numbers_of(theirs))
        agreed += (mine == theirs) | (apart <= room * (1 + _CLOSE) + _CLOSE**2)
    return np.where(agreed >= _AGREEING * len(steps), ours, NOBODY)
