"""One candidate's copy of a table."""

from dataclasses import dataclass

import numpy as np

from audition.domain.errors import InvalidError
from audition.domain.variant import Canary
from audition.variants import codes
from audition.variants.draws import Draws, Flags, Floats, Ints, Key
from audition.variants.layout import Layout
from audition.variants.table import Table, Texts

_HEX_DIGITS = 12
_DECIMAL_DIGITS = 12
#: Tries to find a canary that is no row of the table.
_TRIES = 50


@dataclass(frozen=True, slots=True)
class Copy:
    """A table, and which of its rows are canaries."""

    table: Table
    canaries: tuple[Canary, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """How pseudonyms of a column are written."""

    prefix: str
    is_decimal: bool

    def written(self, draws: Draws) -> list[str]:
        """Pseudonyms of this form."""
        if self.is_decimal:
            # Without a zero in front, which a reader of numbers would lose.
            least = 10 ** (_DECIMAL_DIGITS - 1)
            return [f"{self.prefix}{least + int(draw) % (9 * least)}" for draw in draws]
        return [f"{self.prefix}{int(draw) >> (64 - 4 * _HEX_DIGITS):0{_HEX_DIGITS}x}" for draw in draws]


def form_of(column: Texts) -> Form:
    """The form of a column's names: what all begin with, up to a sign, and whether the rest is a number."""
    first = str(column[0])
    cut = max((place + 1 for place, letter in enumerate(first) if not letter.isalnum()), default=0)
    prefix = first[:cut] if all(str(text).startswith(first[:cut]) for text in column) else ""
    return Form(prefix, all(str(text)[len(prefix) :].isdecimal() for text in column))


def pseudonyms(key: Key, number: int, name: str, form: Form, count: int) -> list[str]:
    """Names of one copy for a column's distinct values, all different."""
    made = form.written(key.draws(f"pseudonyms {number} {name}", count))
    taken: set[str] = set()
    for place, text in enumerate(made):
        again = text
        while again in taken:
            again = form.written(key.draws(f"pseudonym {number} {name} {place} {len(again)} {again}", 1))[0]
        taken.add(again)
        made[place] = again
    return made


def make_copy(layout: Layout, number: int) -> Copy:
    """Make the copy with a number; the same for equal key, table and rules."""
    bits = codes.bits(layout.key, number, layout.bias)
    columns = [column.copy() for column in layout.table.columns]
    _mark(layout, bits[len(layout.pool) :], columns)
    kept = np.flatnonzero(_kept(layout, bits[: len(layout.pool)], number))
    canaries = canary_rows(layout, number)
    columns = [
        np.concatenate([column[kept], extra]) for column, extra in zip(columns, canaries.columns, strict=True)
    ]
    _rename(layout, number, columns)
    told = _told(layout, number, columns, len(kept))
    order = layout.key.order(f"rows {number}", len(columns[0]))
    table = Table(layout.table.names, tuple(columns)).take(order)
    return Copy(_reordered(layout, number, table), told)


def _kept(layout: Layout, bits: Flags, number: int) -> Flags:
    """Rows of the copy: without those of the code's zeros, and without others up to what each copy lacks."""
    kept = np.ones(len(layout.table), dtype=bool)
    common = layout.common
    for stratum, quota in enumerate(layout.quota):
        withheld = layout.pool[~bits & (layout.stratum[layout.pool] == stratum)][:quota]
        rows = np.flatnonzero(common & (layout.stratum == stratum))
        others = rows[layout.key.order(f"others {number} {stratum}", len(rows))[: quota - len(withheld)]]
        kept[withheld] = kept[others] = False
    return kept


def _mark(layout: Layout, bits: Flags, columns: list[Texts]) -> None:
    for name, step in layout.spec.marks.items():
        place = layout.table.names.index(name)
        mine = layout.marked_columns == place
        rows, steps = layout.marked_rows[mine], 2 * layout.pairs[mine] + bits[mine]
        digits = _decimals(step)
        for row, count in zip(rows.tolist(), steps.tolist(), strict=True):
            columns[place][row] = _written(count * step, max(digits, _decimals_of(str(columns[place][row]))))


def _decimals(step: float) -> int:
    return _decimals_of(f"{step:.12f}".rstrip("0"))


def _decimals_of(text: str) -> int:
    return len(text.partition(".")[2])


def _written(value: float, digits: int) -> str:
    return f"{value:.{digits}f}"


def canary_rows(layout: Layout, number: int) -> Table:
    """Rows that mix two common rows of one label, none of them a row of the table.

    Raises:
        InvalidError: Every mix of rows is a row: the table has too few different ones.
    """
    common = np.flatnonzero(layout.common)
    chosen = [_mix(layout, f"canary {number} {canary}", common) for canary in range(layout.spec.canaries)]
    return Table(
        layout.table.names,
        tuple(
            np.array([str(column[two if mixed[place] else one]) for one, two, mixed in chosen], dtype=object)
            for place, column in enumerate(layout.table.columns)
        ),
    )


def _mix(layout: Layout, purpose: str, common: Ints) -> tuple[int, int, Flags]:
    """Two rows, and the columns that come from the second."""
    for attempt in range(_TRIES):
        draws = layout.key.shares(f"{purpose} {attempt}", 2 + len(layout.codes))
        one = int(common[int(draws[0] * len(common))])
        partners = common[layout.stratum[common] == layout.stratum[one]]
        two = int(partners[int(draws[1] * len(partners))])
        mixed = _mixed_columns(layout, draws[2:])
        if not _is_known(layout, one, two, mixed):
            return one, two, mixed
    problem = "variants.canaries: rows differ too little for rows that nobody has; use 0."
    msg = "The table has no room for variants."
    raise InvalidError(msg, code="variants", problems=[problem])


def _is_known(layout: Layout, one: int, two: int, mixed: Flags) -> bool:
    same = np.ones(len(layout.table), dtype=bool)
    for place in layout.plain_columns:
        same &= layout.codes[place] == layout.codes[place][two if mixed[place] else one]
    return bool(same.any())


def _mixed_columns(layout: Layout, draws: Floats) -> Flags:
    """About half of the columns come from the second row; the label from the first, which both have anyway."""
    mixed = np.asarray(draws < 0.5)  # noqa: PLR2004  a fair coin
    for name in (layout.spec.label, *layout.spec.pseudonyms):
        if name:
            mixed[layout.table.names.index(name)] = False
    return mixed


def _rename(layout: Layout, number: int, columns: list[Texts]) -> None:
    """Give names of this copy; a canary has one that stands for nothing else."""
    for name in layout.spec.pseudonyms:
        place = layout.table.names.index(name)
        column = layout.table.columns[place]
        distinct = dict.fromkeys(column.tolist())
        made = pseudonyms(layout.key, number, name, form_of(column), len(distinct) + layout.spec.canaries)
        names = dict(zip(distinct, made, strict=False))
        rows = len(columns[place]) - layout.spec.canaries
        renamed = [names[text] for text in columns[place][:rows]] + made[len(distinct) :]
        columns[place] = np.array(renamed, dtype=object)


def _told(layout: Layout, number: int, columns: list[Texts], first: int) -> tuple[Canary, ...]:
    hidden = {*layout.spec.pseudonyms, layout.spec.label}
    plain = [c for name, c in zip(layout.table.names, columns, strict=True) if name not in hidden]
    named = [c for name, c in zip(layout.table.names, columns, strict=True) if name in layout.spec.pseudonyms]
    return tuple(
        Canary(
            number=number, cells=tuple(str(c[row]) for c in plain), names=tuple(str(c[row]) for c in named)
        )
        for row in range(first, len(columns[0]))
    )


def _reordered(layout: Layout, number: int, table: Table) -> Table:
    """Features in an order of their own, names first and label last as they were, where that is wanted."""
    if not layout.spec.shuffles_columns:
        return table
    fixed = {*layout.spec.pseudonyms, layout.spec.label}
    features = [place for place, name in enumerate(table.names) if name not in fixed]
    moved = iter([features[place] for place in layout.key.order(f"columns {number}", len(features))])
    places = [next(moved) if place in set(features) else place for place in range(len(table.names))]
    return Table(tuple(table.names[p] for p in places), tuple(table.columns[p] for p in places))
