"""Where in a table the code is written: the same for every copy, and for whoever traces one."""

from dataclasses import dataclass

import numpy as np

from audition.domain.errors import InvalidError
from audition.domain.variant import VariantSpec
from audition.variants import codes
from audition.variants.draws import Flags, Floats, Ints, Key
from audition.variants.table import Table, Texts, codes_of, is_alone, join_codes, numbers_of

#: Standard deviations of how many rows a code withholds, for which every copy has room.
_ROOM = 5.0
#: More values than this make no label whose share could be held equal.
_MOST_LEVELS = 50
#: Relative to a step: what is left of a number on the grid of its column by rounding in a computer.
_OFF_GRID = 1e-6
_LEAST_PLACES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A table, and where its code is."""

    spec: VariantSpec
    key: Key
    table: Table
    alone: Flags
    """(rows,): which rows no other is equal to, in any copy; only these can be recognised."""
    stratum: Ints
    """(rows,): which label each row has."""
    pool: Ints
    """Rows that are places of the code: there where the bit is 1."""
    quota: Ints
    """(strata,): rows of each that a copy lacks."""
    marked_rows: Ints
    """Places of the code that are numbers: their row,"""
    marked_columns: Ints
    """their column,"""
    pairs: Ints
    """and the number without its lowest digit: it is `2 * pair + bit` steps."""
    bias: Floats
    """(rows of the pool and then marked numbers,)."""
    codes: tuple[Ints, ...]
    """By column, (rows,): what does not differ between copies; see `code_column`."""

    @property
    def common(self) -> Flags:
        """Rows that are no places of the code."""
        flags = np.ones(len(self.table), dtype=bool)
        flags[self.pool] = False
        return flags

    @property
    def copy_rows(self) -> int:
        """Rows of each copy."""
        return len(self.table) - int(self.quota.sum()) + self.spec.canaries

    @property
    def plain_columns(self) -> tuple[int, ...]:
        """Places of the columns that are no pseudonyms."""
        names = enumerate(self.table.names)
        return tuple(place for place, name in names if name not in self.spec.pseudonyms)


def lay_out(table: Table, spec: VariantSpec, key: Key) -> Layout:
    """Decide where the code is.

    Raises:
        InvalidError: The table has no place for it; `problems` has every reason.
    """
    problems = [
        f"variants.{key_}: {spec.file} has no column {name!r}; correct the name."
        for key_, names in (("marks", spec.marks), ("pseudonyms", spec.pseudonyms), ("label", (spec.label,)))
        for name in names
        if name and name not in table.names
    ]
    if problems:
        raise _unfit(problems)
    coded = tuple(
        code_column(column, spec.marks.get(name))
        for name, column in zip(table.names, table.columns, strict=True)
    )
    plain = [codes_ for name, codes_ in zip(table.names, coded, strict=True) if name not in spec.pseudonyms]
    alone = is_alone(join_codes(plain, len(table)))
    stratum = _strata(table, spec)
    pool, quota = _pool(alone, stratum, spec, key)
    rows, columns, pairs = _marks(table, spec, key)
    bias = codes.biases(key, spec.colluders, len(pool) + len(rows))
    if len(bias) < max(_LEAST_PLACES, codes.code_length(spec.copies, 1, spec.false_accusation)):
        needed = codes.code_length(spec.copies, 1, spec.false_accusation)
        step = "Raise withheld_share or marked_share, name columns under marks, or make fewer copies."
        raise _unfit([f"variants: {len(bias)} places for a code, and one needs {needed}. {step}"])
    return Layout(
        spec=spec,
        key=key,
        table=table,
        alone=alone,
        stratum=stratum,
        pool=pool,
        quota=quota,
        marked_rows=rows,
        marked_columns=columns,
        pairs=pairs,
        bias=bias,
        codes=coded,
    )


def _unfit(problems: list[str]) -> InvalidError:
    return InvalidError("The table has no room for variants.", code="variants", problems=problems)


def code_column(column: Texts, step: float | None) -> Ints:
    """What of a column is the same in every copy: its texts, or its numbers without their lowest digit."""
    if step is None:
        return codes_of(column)
    grid = on_grid(numbers_of(column), step)
    # What is no number on the grid is told apart by its text, and from all numbers.
    codes_ = codes_of(column)
    pairs = np.where(np.isnan(grid), 0, np.floor(np.nan_to_num(grid) / 2)).astype(np.int64)
    return join_codes(
        [np.isnan(grid).astype(np.int64), np.where(np.isnan(grid), codes_, 0), pairs - pairs.min()],
        len(column),
    )


def on_grid(values: Floats, step: float) -> Floats:
    """Numbers in steps; NaN for what is no whole number of them."""
    grid = np.round(values / step)
    return np.where(np.abs(values / step - grid) <= _OFF_GRID * np.maximum(1, np.abs(grid)), grid, np.nan)


def _strata(table: Table, spec: VariantSpec) -> Ints:
    if not spec.label:
        return np.zeros(len(table), dtype=np.int64)
    found = codes_of(table.column(spec.label))
    return found if found.max() < _MOST_LEVELS else np.zeros(len(table), dtype=np.int64)


def _pool(alone: Flags, stratum: Ints, spec: VariantSpec, key: Key) -> tuple[Ints, Ints]:
    """As many rows as a copy may lack half of, and how many each copy lacks, by stratum."""
    shuffled = key.order("pool", len(alone))
    candidates = shuffled[alone[shuffled]]
    budget = int(spec.withheld_share * len(alone))
    size, strata = min(2 * budget, len(candidates)), int(stratum.max()) + 1
    while True:
        pool = candidates[:size]
        counts = np.bincount(stratum[pool], minlength=strata)
        # Bits are 1 with probability one half: nothing of the code's length is left to chance but this.
        quota = np.ceil(np.minimum(counts, counts / 2 + _ROOM * np.sqrt(counts) / 2)).astype(np.int64)
        if quota.sum() <= budget or size == 0:
            return np.asarray(pool, dtype=np.int64), quota
        size -= max(1, size // 50)


def _marks(table: Table, spec: VariantSpec, key: Key) -> tuple[Ints, Ints, Ints]:
    """One number in each of some rows, where it is on its column's grid and not at the column's ends."""
    none = np.zeros(0, dtype=np.int64)
    if not spec.marks:
        return none, none, none
    places = [table.names.index(name) for name in spec.marks]
    pairs = np.full((len(table), len(places)), np.nan)
    for number, (name, step) in enumerate(spec.marks.items()):
        pairs[:, number] = _inner(np.floor(on_grid(numbers_of(table.column(name)), step) / 2))
    rows = np.flatnonzero(key.shares("marked rows", len(table)) < spec.marked_share)
    which = (key.shares("marked columns", len(table)) * len(places)).astype(np.int64)[rows]
    usable = ~np.isnan(pairs[rows, which])
    rows, which = rows[usable], which[usable]
    return rows, np.array(places, dtype=np.int64)[which], pairs[rows, which].astype(np.int64)


def _inner(pairs: Floats) -> Floats:
    """Without those at the ends, where a number may stand for everything beyond it."""
    if np.isnan(pairs).all():
        return pairs
    ends = (np.nanmin(pairs), np.nanmax(pairs))
    return np.where((pairs == ends[0]) | (pairs == ends[1]), np.nan, pairs)
