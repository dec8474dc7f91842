"""Tables of the challenge as text: read, sampled, with labels turned round. Whoever wrote them is trusted."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

#: More than a candidate's command should be given to try it.
_MOST_ROWS = 50_000
#: A column of more levels than this is one of numbers.
_MOST_CLASSES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Cells as they are written."""

    name: str
    """Of the file."""
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def column(self, name: str) -> tuple[str, ...]:
        """The cells of one column."""
        place = self.columns.index(name)
        return tuple(row[place] for row in self.rows)

    def with_column(self, name: str, cells: Iterable[str]) -> "Table":
        """The table with other cells in one column."""
        place = self.columns.index(name)
        rows = tuple(
            (*row[:place], cell, *row[place + 1 :]) for row, cell in zip(self.rows, cells, strict=True)
        )
        return replace(self, rows=rows)

    def without(self, name: str) -> "Table":
        """The table without one column."""
        place = self.columns.index(name)
        rows = tuple((*row[:place], *row[place + 1 :]) for row in self.rows)
        return replace(self, columns=(*self.columns[:place], *self.columns[place + 1 :]), rows=rows)

    def sample(self, count: int, random: Random) -> "Table":
        """Some rows in the order in which they stand."""
        if count >= len(self.rows):
            return self
        chosen = sorted(random.sample(range(len(self.rows)), count))
        return replace(self, rows=tuple(self.rows[number] for number in chosen))

    def turned(self, name: str) -> "Table":
        """One column turned round, so that whoever learns from it learns the opposite.

        Each level becomes the next, the last the first; of many numbers the largest becomes the smallest. Shuffling
        would leave it to chance: a model of few features that learned nothing may still rank well.
        """
        cells = self.column(name)
        levels = sorted(set(cells), key=_order)
        shifted = [*levels[1:], levels[0]] if len(levels) <= _MOST_CLASSES else levels[::-1]
        other = dict(zip(levels, shifted, strict=True))
        return self.with_column(name, (other[cell] for cell in cells))

    def written(self) -> bytes:
        """As CSV."""
        sink = io.StringIO()
        writer = csv.writer(sink, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return sink.getvalue().encode()


def _order(cell: str) -> tuple[float, str]:
    try:
        return float(cell), cell
    except ValueError:
        return 0.0, cell


def read_table(path: Path) -> Table | None:
    """Read the first rows of a CSV file; None for another kind of file."""
    if path.suffix != ".csv" or not path.is_file():
        return None
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream)
        columns = tuple(next(reader, []))
        rows = tuple(
            tuple(row) for _, row in zip(range(_MOST_ROWS), reader, strict=False) if len(row) == len(columns)
        )
    return Table(name=path.name, columns=columns, rows=rows) if columns and rows else None


def find_table(folder: Path, names: Sequence[str], fits: Callable[[Table], bool]) -> Table | None:
    """The first of some files that is a table as wanted."""
    tables = (read_table(folder / name) for name in names)
    return next((table for table in tables if table is not None and fits(table)), None)
