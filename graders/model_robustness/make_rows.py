"""The program that makes a challenge's extra rows when it is published: `python -m graders.model_robustness.make_rows`.

It reads the manifest and what `prepare` made, and says one `ExtraRows`. What is drawn depends on the hidden answers'
bytes, so that nobody who has this program and the public data can tell which rows are extra ones.
"""

import csv
import io
import math
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from statistics import pstdev

from audition import codec
from audition.domain import places
from audition.domain.challenge import Manifest
from audition.domain.extra_rows import (
    MAX_TABLE_BYTES,
    Corruption,
    ExtraRow,
    ExtraRows,
    ExtraRowsSpec,
    RowKind,
)
from graders.cells import number

Cells = Mapping[str, str]
#: Tries to find an id that looks like the others and is free; then it gets a character more.
_TRIES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The input with the hidden rows."""

    names: tuple[str, ...]
    id_column: str
    rows: Mapping[str, Cells]
    """By id."""


def make_rows(spec: ExtraRowsSpec, table: Table, seed: bytes) -> ExtraRows:
    """Make them; with `refusals` and without rows where that cannot be.

    Args:
        spec: How many of which kind.
        table: The hidden rows.
        seed: What is drawn depends on it alone; secret.
    """
    unknown = {c for corruption in spec.corruptions for c in corruption.columns} - set(table.names)
    if unknown:
        said = f"extra_rows.corruptions: {spec.file} has no column {', '.join(sorted(unknown))}."
        return ExtraRows(refusals=(said,))
    # Seeded, and secret because the seed is: no cipher, and none is needed against who cannot see the seed.
    dice = random.Random(seed)  # noqa: S311
    made: list[tuple[ExtraRow, Cells]] = []
    refusals: list[str] = []
    for kind, place, most, change in _kinds(spec, table):
        found = _changed(table, dice, most, change)
        if not found and kind != RowKind.NUDGED:
            key = f"extra_rows.corruptions.{place}"
            refusals.append(f"{key}: it changes no row of {spec.file}. Name columns where it does.")
        made += [(ExtraRow(id="", of=of, kind=kind, corruption=place), cells) for of, cells in found]
    if refusals:
        return ExtraRows(refusals=tuple(refusals))
    return _mixed(table, made, dice)


_Change = Callable[[Cells, random.Random], Cells]


def _kinds(spec: ExtraRowsSpec, table: Table) -> Iterator[tuple[RowKind, int, int, _Change | None]]:
    """Each kind, its place, how many rows it takes and what is done to one; nothing is done to copies."""
    yield RowKind.COPY, 0, spec.copies, None
    yield RowKind.NUDGED, 0, spec.nudged, _nudge(table, spec.nudge)
    for place, corruption in enumerate(spec.corruptions):
        yield corruption.kind, place, spec.corrupted, _corrupt(corruption)


def _changed(table: Table, dice: random.Random, most: int, change: _Change | None) -> list[tuple[str, Cells]]:
    """Rows drawn without replacement and changed; those that a change leaves as they are say nothing."""
    found: list[tuple[str, Cells]] = []
    ids = sorted(table.rows)
    dice.shuffle(ids)
    for of in ids:
        if len(found) == most:
            break
        cells = table.rows[of]
        other = change(cells, dice) if change else cells
        if change is None or other != cells:
            found.append((of, other))
    return found


def _corrupt(corruption: Corruption) -> _Change:
    def change(cells: Cells, _: random.Random) -> Cells:
        return {**cells, **{name: _spoiled(cells[name], corruption) for name in corruption.columns}}

    return change


def _spoiled(cell: str, corruption: Corruption) -> str:
    if corruption.kind == RowKind.MISSING or not cell:
        return ""
    return corruption.level if corruption.kind == RowKind.UNSEEN else _scaled(cell, corruption.factor)


def _scaled(cell: str, factor: float) -> str:
    """In the same way of writing, so that a program that reads whole numbers still finds one."""
    value = number(cell)
    return _written(value * factor, _decimals(cell)) if cell and math.isfinite(value) else cell


def _nudge(table: Table, share: float) -> _Change:
    """Move every number a little; one that is written too coarsely to show it stays."""
    steps = dict(_steps(table, share))

    def change(cells: Cells, dice: random.Random) -> Cells:
        moved = {
            name: _written(number(cells[name]) + dice.choice((-1, 1)) * step, _decimals(cells[name]))
            for name, step in steps.items()
            if cells[name]
        }
        return {**cells, **moved}

    return change


def _steps(table: Table, share: float) -> Iterator[tuple[str, float]]:
    for name in table.names:
        values = [number(row[name]) for row in table.rows.values() if row[name]]
        if name != table.id_column and values and all(map(math.isfinite, values)):
            is_choice = len(set(values)) <= _MOST_LEVELS
            if not is_choice and (spread := pstdev(values)):
                yield name, share * spread


#: A column of so few different numbers is one of codes, counts or grades: the next one is another thing.
_MOST_LEVELS = 20


def _decimals(cell: str) -> int | None:
    """How many digits stand after the point; None for numbers written with an exponent."""
    if "e" in cell.lower():
        return None
    return len(cell.partition(".")[2])


def _written(value: float, decimals: int | None) -> str:
    return repr(value) if decimals is None else f"{value:.{decimals}f}"


def _mixed(table: Table, made: Sequence[tuple[ExtraRow, Cells]], dice: random.Random) -> ExtraRows:
    """All rows in an order of their own, the extra ones under ids like the others'."""
    ids = _new_ids(sorted(table.rows), len(made), dice)
    named = [
        (replace(row, id=new), {**cells, table.id_column: new})
        for (row, cells), new in zip(made, ids, strict=True)
    ]
    every = [*table.rows.values(), *(cells for _, cells in named)]
    dice.shuffle(every)
    sink = io.StringIO()
    writer = csv.DictWriter(sink, table.names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(every)
    text = sink.getvalue()
    if len(text.encode()) > MAX_TABLE_BYTES:
        said = (
            f"extra_rows.file: with extra rows it has more than {MAX_TABLE_BYTES >> 20} MiB. Use fewer rows."
        )
        return ExtraRows(refusals=(said,))
    return ExtraRows(rows=tuple(row for row, _ in sorted(named, key=lambda pair: pair[0].id)), table=text)


def _new_ids(known: Sequence[str], count: int, dice: random.Random) -> list[str]:
    """Ids that look like the known ones: of one of their lengths, at each place a character that occurs there."""
    taken, found = set(known), list[str]()
    by_length: dict[int, list[str]] = {}
    for identifier in known:
        by_length.setdefault(len(identifier), []).append(identifier)
    alphabets = {
        n: [sorted(set(place)) for place in zip(*same, strict=True)] for n, same in by_length.items()
    }
    while len(found) < count:
        letters = alphabets[len(dice.choice(known))]
        new = next((n for n in (_drawn(letters, dice) for _ in range(_TRIES)) if n not in taken), "")
        while not new or new in taken:
            new = (new or _drawn(letters, dice)) + dice.choice(letters[-1])
        taken.add(new)
        found.append(new)
    return found


def _drawn(letters: Sequence[Sequence[str]], dice: random.Random) -> str:
    return "".join(dice.choice(choices) for choices in letters)


def read_table(path: Path, id_column: str) -> Table:
    """Read the input.

    Raises:
        ValueError: It has no ids, or one twice; the author's fault.
    """
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        names = tuple(reader.fieldnames or ())
        lines = [{name: line[name] or "" for name in names} for line in reader]
    if id_column not in names:
        msg = f"{path.name} has no column {id_column!r}."
        raise ValueError(msg)
    rows = {line[id_column]: line for line in lines}
    if not rows or len(rows) != len(lines) or "" in rows:
        msg = f"{path.name} has no rows, or rows without an id of their own."
        raise ValueError(msg)
    return Table(names=names, id_column=id_column, rows=rows)


def main(root: Path) -> int:
    """Read what is mounted, say the rows on stdout.

    Args:
        root: The folder under which everything is mounted.
    """
    at = [root.joinpath(*p.parts[1:]) for p in (places.MANIFEST_FILE, places.PUBLIC, places.PRIVATE)]
    manifest = codec.from_json(Manifest, at[0].read_bytes(), what="manifest.json")
    spec = manifest.extra_rows
    if spec is None:
        sys.stderr.write("The manifest has no [extra_rows].\n")
        return 2
    seed = sha256((at[2] / manifest.answers.file).read_bytes()).digest()
    try:
        made = make_rows(spec, read_table(at[1] / spec.file, manifest.output.id_column), seed)
    except ValueError as error:
        made = ExtraRows(refusals=(f"extra_rows.file: {error}",))
    sys.stdout.buffer.write(codec.to_json(made) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(*sys.argv[1:2] or ["/"])))
