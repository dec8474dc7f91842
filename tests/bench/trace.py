"""What a leaked copy tells of whose it was, after what leakers do to it."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from audition.domain.variant import MarkKind, Trace, VariantSpec
from audition.variants.accuse import trace
from audition.variants.draws import Ints, Key
from audition.variants.layout import Layout, lay_out
from audition.variants.match import match
from audition.variants.table import Table, numbers_of
from audition.variants.write import make_copy

_ROWS, _NUMBERS, _COPIES = 20_000, 12, 100
_KEY = Key(b"a key of this measurement alone.")
_GUILTY = (7, 19, 42, 77, 93)
_HEAD = (
    "| what was done | sources named | others named | false-accusation probability, worst source |"
    " z by rows | z by values | z of others at most | seconds |"
)
Deed = Callable[[Layout, "Leaker"], Table]


@dataclass(frozen=True)
class Leaker:
    """Copies in the rows' own order, so that several can be mixed row by row."""

    tables: tuple[Table, ...]
    random: np.random.Generator


def report(say: Callable[[str], None]) -> str:
    """Measure and lay out."""
    lines = [
        f"Tracing {_COPIES} copies of {_ROWS:,} rows x {_NUMBERS} numbers, probability of a false accusation 1e-6"
    ]
    table = made_table(_ROWS, _NUMBERS)
    for share in (0.005, 0.015, 0.05):
        began = time.perf_counter()
        layout = lay_out(table, _spec(share), _KEY)
        laid = time.perf_counter() - began
        began = time.perf_counter()
        make_copy(layout, 1)
        made = time.perf_counter() - began
        code = f"{len(layout.pool):,} rows and {len(layout.marked_rows):,} numbers of code"
        lines += [
            "",
            f"{share:.1%} of rows withheld: {code}; laid out in {laid:.1f} s, a copy in {made:.1f} s",
        ]
        lines += [_HEAD, re.sub("[^|]+", "---", _HEAD)]
        for words, count, deed in _DEEDS:
            lines.append(_row(layout, words, count, deed))
            say(lines[-1])
    return "\n".join(lines)


def made_table(rows: int, numbers: int, seed: int = 1) -> Table:
    """Numbers with four decimals that hang together, an id and a label."""
    random = np.random.default_rng(seed)
    shared = random.normal(size=(rows, 4)) @ random.normal(size=(4, numbers))
    values = np.round(shared + random.normal(size=(rows, numbers)), 4)
    label = (shared[:, 0] + random.normal(size=rows) > 2).astype(int)
    columns = [np.array([f"{value:.4f}" for value in column], dtype=object) for column in values.T]
    ids = np.array([f"row-{n:08d}" for n in range(rows)], dtype=object)
    names = ("id", *(f"v{n}" for n in range(numbers)), "label")
    return Table(names, (ids, *columns, np.array(list(map(str, label)), dtype=object)))


def _spec(share: float) -> VariantSpec:
    return VariantSpec(
        file="train.csv",
        copies=_COPIES,
        withheld_share=share,
        marks={f"v{n}": 0.0001 for n in range(_NUMBERS)},
        pseudonyms=("id",),
        label="label",
    )


def _row(layout: Layout, words: str, count: int, deed: Deed) -> str:
    random = np.random.default_rng(count)
    copies = tuple(make_copy(layout, number).table for number in _GUILTY[:count])
    leak = deed(layout, Leaker(copies, random))
    began = time.perf_counter()
    said = trace(layout, leak)
    seconds = time.perf_counter() - began
    guilty = set(_GUILTY[:count])
    named = [suspect for suspect in said.accused if suspect.number in guilty]
    others = len(said.accused) - len(named)
    least = max((suspect.probability for suspect in named), default=1.0)
    worst = f"{least:.0e}" if least > _LEAST else f"below {_LEAST:.0e}"
    heights = [_heights(said, guilty, kind) for kind in (MarkKind.ROWS, MarkKind.VALUES)]
    best = said.next_best
    innocent = (
        max((s.score for s in best.signs if s.kind in _CODE), default=0.0)
        if best and best.number not in guilty
        else 0.0
    )
    return (
        f"| {words} | {len(named)} of {count} | {others} | {worst} | {heights[0]} | {heights[1]} |"
        f" {innocent:.1f} | {seconds:.1f} |"
    )


#: Smaller ones are no floating-point numbers any more.
_LEAST = 1e-300
_CODE = (MarkKind.ROWS, MarkKind.VALUES, MarkKind.BOTH)


def _heights(said: Trace, guilty: set[int], kind: MarkKind) -> str:
    found = sorted(
        sign.score
        for suspect in (*said.accused, *((said.next_best,) if said.next_best else ()))
        if suspect.number in guilty
        for sign in suspect.signs
        if sign.kind == kind
    )
    return (
        "-" if not found else f"{found[0]:.1f}" if len(found) == 1 else f"{found[0]:.1f} to {found[-1]:.1f}"
    )


def _without_names(table: Table) -> Table:
    kept = [place for place, name in enumerate(table.names) if name != "id"]
    return Table(tuple(table.names[p] for p in kept), tuple(table.columns[p] for p in kept))


def _part(share: float) -> Deed:
    def deed(_layout: Layout, leaker: Leaker) -> Table:
        table = _without_names(leaker.tables[0])
        return table.take(leaker.random.permutation(len(table))[: int(share * len(table))])

    return deed


def _rounded(digits: int, share: float = 1.0) -> Deed:
    def deed(layout: Layout, leaker: Leaker) -> Table:
        table = _part(share)(layout, leaker)
        return Table(
            table.names,
            tuple(
                np.array([f"{v:.{digits}f}" for v in numbers_of(c)], dtype=object) if n.startswith("v") else c
                for n, c in zip(table.names, table.columns, strict=True)
            ),
        )

    return deed


def _flipped(layout: Layout, leaker: Leaker) -> Table:
    """The lowest digit of 30 % of all numbers is another."""
    table = _part(1.0)(layout, leaker)
    columns = []
    for name, column in zip(table.names, table.columns, strict=True):
        if not name.startswith("v"):
            columns.append(column)
            continue
        steps = np.round(numbers_of(column) / 0.0001).astype(np.int64)
        flip = leaker.random.random(len(steps)) < 0.3
        steps = np.where(flip, steps ^ 1, steps)
        columns.append(np.array([f"{value * 0.0001:.4f}" for value in steps], dtype=object))
    return Table(table.names, tuple(columns))


def _columns(layout: Layout, leaker: Leaker) -> Table:
    """Two thirds of the columns are gone."""
    table = _part(1.0)(layout, leaker)
    kept = [place for place in range(len(table.names)) if place % 3 == 0]
    return Table(tuple(table.names[p] for p in kept), tuple(table.columns[p] for p in kept))


def _mixed(how: str, share: float = 1.0) -> Deed:
    """Colluders put rows together: those that any has, or each from one of them; numbers from any of them."""

    def deed(layout: Layout, leaker: Leaker) -> Table:
        tables = [_without_names(table) for table in leaker.tables]
        places = np.array([_by_row(layout, table) for table in tables])
        has = places >= 0
        random, rows = leaker.random, places.shape[1]
        owner = random.integers(len(tables), size=rows)
        taken = has.any(axis=0) if how == "union" else has[owner, np.arange(rows)]
        taken &= random.random(rows) < share
        chosen = np.flatnonzero(taken)
        columns = []
        for number in range(len(tables[0].names)):
            # Of those who have the row, anybody's cell.
            source = np.argmax(
                np.where(has[:, chosen], random.random((len(tables), len(chosen))), -1.0), axis=0
            )
            cells = np.empty(len(chosen), dtype=object)
            for mine, table in enumerate(tables):
                own = source == mine
                cells[own] = table.columns[number][places[mine, chosen[own]]]
            columns.append(cells)
        return Table(tables[0].names, tuple(columns))

    return deed


def _by_row(layout: Layout, table: Table) -> Ints:
    """Where each row of the challenge's table is in a copy, -1 for nowhere: colluders see that too."""
    found = match(layout, table).rows
    places = np.full(len(layout.table), -1, dtype=np.int64)
    known = found >= 0
    places[found[known]] = np.flatnonzero(known)
    return places


_DEEDS: tuple[tuple[str, int, Deed], ...] = (
    ("names removed, rows shuffled", 1, _part(1.0)),
    ("half of the rows deleted", 1, _part(0.5)),
    ("90 % of the rows deleted", 1, _part(0.1)),
    ("98 % of the rows deleted", 1, _part(0.02)),
    ("lowest digit of 30 % of all numbers changed", 1, _flipped),
    ("all numbers rounded by one digit", 1, _rounded(3)),
    ("rounded, and 90 % of the rows deleted", 1, _rounded(3, 0.1)),
    ("two thirds of the columns removed", 1, _columns),
    ("two mix rows and numbers", 2, _mixed("pick")),
    ("three mix rows and numbers", 3, _mixed("pick")),
    ("three put all their rows together", 3, _mixed("union")),
    ("three mix, and delete half", 3, _mixed("pick", 0.5)),
    ("five mix rows and numbers", 5, _mixed("pick")),
)
