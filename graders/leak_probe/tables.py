"""The files of a challenge as the probe sees them: tables of texts, and what has to be predicted."""

import csv
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audition.domain.challenge import Manifest
from audition.domain.metrics import Form
from graders.cells import number

Array = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
MOST_ROWS = 200_000
"""Rows of a table that are looked at: leaks of a few rows among more would not pay."""
#: Answers with more values than this among so many rows are amounts or texts, not classes.
_MOST_CLASSES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A public table; cells are texts, empty where nothing stands."""

    file: str
    columns: Mapping[str, Sequence[str]]
    is_whole: bool = True
    """Whether all of its rows are here."""

    def __len__(self) -> int:
        """Rows."""
        return len(next(iter(self.columns.values()), ()))

    def rows(self, places: Sequence[int]) -> "Table":
        """Some of its rows."""
        kept = {name: [cells[place] for place in places] for name, cells in self.columns.items()}
        return Table(file=self.file, columns=kept, is_whole=self.is_whole)

    def without(self, *names: str) -> "Table":
        """The table without some columns."""
        kept = {name: cells for name, cells in self.columns.items() if name not in names}
        return Table(file=self.file, columns=kept, is_whole=self.is_whole)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What has to be predicted, as numbers: a column for each class, or one of amounts."""

    values: Array
    """float64 (rows, classes or 1)."""
    is_classes: bool

    def __len__(self) -> int:
        """Rows."""
        return len(self.values)


def targets(texts: Sequence[Sequence[str]], form: Form) -> tuple[Target, ...] | None:
    """Answers as numbers, several lists of them in the same way; None where they are neither classes nor amounts."""
    every = list(itertools.chain.from_iterable(texts))
    levels = sorted(set(every))
    if 1 < len(levels) <= min(_MOST_CLASSES, max(2, len(every) // 10)) and form != Form.ITEMS:
        place = {level: n for n, level in enumerate(levels)}
        coded = [np.eye(len(levels))[[place[text] for text in some]] for some in texts]
        return tuple(Target(values=values, is_classes=True) for values in coded)
    amounts = [np.array([[number(text)] for text in some]) for some in texts]
    if len(levels) < 2 or not all(np.isfinite(values).all() for values in amounts):  # noqa: PLR2004
        return None
    return tuple(Target(values=values, is_classes=False) for values in amounts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Everything that is compared."""

    id_column: str
    answer_column: str
    form: Form
    answers: Mapping[str, str]
    """By id."""
    tables: tuple[Table, ...]
    hidden: Table | None
    """The input with the hidden rows, those alone."""
    train: Table | None
    """The public table that has the answers of other rows."""


def read_files(public: Path, private: Path, manifest: Manifest) -> Files:
    """Read what is there.

    Raises:
        ValueError: The answers cannot be read; the author's fault.
    """
    tables = tuple(_tables(public))
    ids, column = manifest.output.id_column, manifest.answers.answer_column
    known = _read_csv(private / manifest.answers.file)
    if not {manifest.answers.id_column, column} <= set(known.columns):
        msg = f"{known.file} lacks {manifest.answers.id_column!r} or {column!r}."
        raise ValueError(msg)
    answers = dict(zip(known.columns[manifest.answers.id_column], known.columns[column], strict=True))
    wanted = [table for table in tables if table.file in manifest.inputs and ids in table.columns]
    return Files(
        id_column=ids,
        answer_column=column,
        form=manifest.metric.form,
        answers=answers,
        tables=tables,
        hidden=_hidden(wanted, ids, answers),
        train=next((table for table in tables if _is_train(table, ids, column, answers)), None),
    )


def _hidden(tables: Sequence[Table], ids: str, answers: Mapping[str, str]) -> Table | None:
    """Of the inputs with the hidden ids the one that says most about them."""
    found = []
    for table in tables:
        places = [n for n, name in enumerate(table.columns[ids]) if name in answers]
        if len(places) > len(answers) // 2 or (places and not table.is_whole):
            found.append(table.rows(places))
    return max(found, key=lambda table: len(table.columns), default=None)


def _is_train(table: Table, ids: str, column: str, answers: Mapping[str, str]) -> bool:
    if column not in table.columns or not len(table):
        return False
    return not set(table.columns.get(ids, ())) & set(answers)


def _tables(folder: Path) -> Iterator[Table]:
    """Every table in a folder that can be read as one."""
    for path in sorted(folder.iterdir()):
        if path.suffix == ".csv":
            yield _read_csv(path)
        elif path.suffix == ".parquet":
            yield _read_parquet(path)


def _read_csv(path: Path) -> Table:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream)
        names = next(reader, [])
        rows = [row for row in itertools.islice(reader, MOST_ROWS) if len(row) == len(names)]
        is_whole = next(reader, None) is None
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return Table(file=path.name, columns=dict(zip(names, cells, strict=True)), is_whole=is_whole)


def _read_parquet(path: Path) -> Table:
    from pyarrow import parquet  # noqa: PLC0415  few challenges have any

    file = parquet.ParquetFile(path)
    batch = next(file.iter_batches(MOST_ROWS), None)
    if batch is None:
        return Table(file=path.name, columns={})
    columns = {
        name: ["" if value is None else str(value) for value in batch.column(name).to_pylist()]
        for name in batch.schema.names
    }
    return Table(file=path.name, columns=columns, is_whole=file.metadata.num_rows <= MOST_ROWS)


def as_numbers(cells: Sequence[str]) -> Array | None:
    """A column as numbers, NaN where it is empty; None where it holds other things. Dates count as seconds."""
    values = [math.nan if cell == "" else number(cell) for cell in cells]
    if all(math.isfinite(value) or cell == "" for value, cell in zip(values, cells, strict=True)):
        return np.array(values)
    try:
        seconds = [math.nan if not cell else datetime.fromisoformat(cell).timestamp() for cell in cells]
    except (ValueError, OverflowError):
        return None
    return np.array(seconds)
