"""Tables as texts: what a copy does not change stays the same to the last character."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from audition.domain.errors import InvalidError
from audition.variants.draws import Flags, Floats, Ints

Texts = npt.NDArray[np.object_]
_SEPARATORS = ",;\t|"
MOST_ROWS = 2_000_000
MOST_CELLS = 60_000_000


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of texts; "" where nothing is."""

    names: tuple[str, ...]
    columns: tuple[Texts, ...]
    """Each (rows,)."""

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.columns[0]) if self.columns else 0

    def column(self, name: str) -> Texts:
        """One of them."""
        return self.columns[self.names.index(name)]

    def take(self, rows: Ints | Flags) -> "Table":
        """Some rows, in the order asked for."""
        return Table(self.names, tuple(np.asarray(column[rows], dtype=object) for column in self.columns))


def read_table(path: Path) -> Table:
    """Read a CSV, whatever separates its cells, or a Parquet file.

    Raises:
        InvalidError: It is no table, or larger than what is read.
    """
    try:
        names, columns = _read_parquet(path) if _is_parquet(path) else _read_csv(path)
    except (csv.Error, UnicodeDecodeError, ValueError, OSError) as error:
        msg = f"{path.name} is no table that can be read: {error}"
        raise InvalidError(msg, next_step="Save it as UTF-8 CSV with a header, or as Parquet.") from None
    if len(set(names)) != len(names) or not columns or not len(columns[0]):
        msg = f"{path.name} has no rows, or two columns of one name."
        raise InvalidError(msg, next_step="Save it as UTF-8 CSV with a header, or as Parquet.")
    return Table(names, columns)


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _read_parquet(path: Path) -> tuple[tuple[str, ...], tuple[Texts, ...]]:
    frame: Any = pd.read_parquet(path)
    texts = (frame[name].map(_text, na_action=None) for name in frame)
    return tuple(map(str, frame)), tuple(np.asarray(column, dtype=object) for column in texts)


def _text(value: object) -> str:
    return "" if value is None or value != value or value is pd.NA else str(value)  # noqa: PLR0124  NaN


def _read_csv(path: Path) -> tuple[tuple[str, ...], tuple[Texts, ...]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        head = file.readline(1 << 20)
        separator = max(_SEPARATORS, key=head.count)
        file.seek(0)
        rows = list(_rows(csv.reader(file, delimiter=separator)))
    names = tuple(rows[0]) if rows else ()
    return names, tuple(_interned(column) for column in zip(*rows[1:], strict=True))


def _interned(column: tuple[str, ...]) -> Texts:
    """Each distinct text once: tables have few in most columns."""
    known: dict[str, str] = {}
    cells: list[object] = [known.setdefault(cell, cell) for cell in column]
    return np.array(cells, dtype=np.object_)


def _rows(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    width = 0
    for number, row in enumerate(reader):
        width = width or len(row)
        if not row:
            continue
        if len(row) != width:
            msg = f"row {number} has {len(row)} cells, the first has {width}"
            raise ValueError(msg)
        if number > MOST_ROWS or number * width > MOST_CELLS:
            msg = f"it has more than {MOST_ROWS:,} rows or {MOST_CELLS:,} cells"
            raise ValueError(msg)
        yield row


def write_csv(table: Table) -> bytes:
    """The table as CSV with line feeds."""
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(table.names)
    writer.writerows(zip(*(column.tolist() for column in table.columns), strict=True))
    return sink.getvalue().encode()


def numbers_of(column: Texts) -> Floats:
    """Texts as numbers; NaN where there is none."""
    return np.asarray(pd.to_numeric(pd.Series(column, dtype=object), errors="coerce"), dtype=np.float64)


def codes_of(column: Texts) -> Ints:
    """A number for each text; equal texts have equal ones."""
    return np.asarray(pd.factorize(column)[0], dtype=np.int64)


def join_codes(columns: list[Ints], rows: int) -> Ints:
    """A number for each row; rows that are equal in all columns have equal ones."""
    whole = np.zeros(rows, dtype=np.int64)
    for codes in columns:
        whole = np.asarray(pd.factorize(whole * (int(codes.max(initial=0)) + 1) + codes)[0], dtype=np.int64)
    return whole


def is_alone(codes: Ints) -> Flags:
    """Rows that no other row is equal to."""
    return np.asarray(np.bincount(codes)[codes] == 1)
