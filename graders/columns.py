"""Columns that describe the hidden rows: those kept with the answers, else those of the inputs. Ours, not hostile."""

import csv
import math
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from audition.grading import Workspace
from graders.cells import number

#: Cells of numbers that are kept of an input: 80 MB. Of a longer table the first columns are.
_MOST_CELLS = 10_000_000


def columns_of(workspace: Workspace, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Each column by id.

    Args:
        workspace: Has the answers and the inputs; of inputs with the same column that with the rows to predict wins.
        names: What is asked for.

    Raises:
        ValueError: No file with the ids has such a column.
    """
    found: dict[str, dict[str, str]] = {}
    for path, id_column in _tables(workspace):
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            header = set(reader.fieldnames or ())
            here = [name for name in names if name in header and name not in found]
            if id_column not in header or not here:
                continue
            columns = {name: dict[str, str]() for name in here}
            for row in reader:
                for name in here:
                    columns[name][row[id_column]] = row[name] or ""
            found |= columns
    if missing := [name for name in names if name not in found]:
        msg = f"Neither the answers nor the inputs have a column {', '.join(missing)}."
        raise ValueError(msg)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class InputTable:
    """An input's rows by id, and its columns of numbers."""

    place: Mapping[str, int]
    """Of each id, from 0 in the order of the file."""
    numbers: Mapping[str, Sequence[float]]
    """Each column by place; NaN where a cell is empty."""


def input_table(workspace: Workspace, ids: Sequence[str]) -> InputTable | None:
    """The input with the rows to predict, else the last, that has all the ids; None without one.

    Args:
        workspace: Has the inputs.
        ids: What is asked for; other rows are passed over.
    """
    wanted = set(ids)
    for path, id_column in list(_tables(workspace))[1:]:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            found = _read(csv.DictReader(stream), id_column, wanted)
        if len(found.place) == len(wanted):
            return found
    return None


def _read(reader: "csv.DictReader[str]", id_column: str, wanted: set[str]) -> InputTable:
    """Columns are kept as arrays and dropped at the first cell that is no number: a table may have a million rows."""
    names = [name for name in reader.fieldnames or () if name != id_column]
    most = _MOST_CELLS // max(1, len(wanted))
    numbers = {name: array("d") for name in names[:most]}
    place: dict[str, int] = {}
    for row in reader:
        identifier = row.get(id_column, "")
        if identifier not in wanted or identifier in place:
            continue
        place[identifier] = len(place)
        for name in list(numbers):
            cell = row[name]
            value = number(cell) if cell else math.nan
            if cell and not math.isfinite(value):
                del numbers[name]
            else:
                numbers[name].append(value)
    return InputTable(place=place, numbers=numbers)


def _tables(workspace: Workspace) -> Iterator[tuple[Path, str]]:
    manifest = workspace.manifest
    yield workspace.answers / manifest.answers.file, manifest.answers.id_column
    # The same file twice is read once; what is not named as the rows to predict is looked at last.
    for name in dict.fromkeys((*manifest.tables_of_hidden_rows, *reversed(manifest.inputs))):
        path = workspace.inputs / name
        if name.endswith(".csv") and path.is_file():
            yield path, manifest.output.id_column
