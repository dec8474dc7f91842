"""Columns that describe the hidden rows: those kept with the answers, else those of the inputs. Ours, not hostile."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from audition.grading import Workspace


def columns_of(workspace: Workspace, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Each column by id.

    Args:
        workspace: Has the answers and the inputs; of inputs with the same column the last wins.
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


def input_columns(workspace: Workspace, ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """Every column of the last input that has all the ids, each by id in the order of the file.

    Args:
        workspace: Has the inputs.
        ids: What is asked for; an input without one of them is passed over.
    """
    wanted = set(ids)
    for path, id_column in list(_tables(workspace))[1:]:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = [row for row in csv.DictReader(stream) if row.get(id_column) in wanted]
        if len(rows) == len(wanted):
            names = [name for name in rows[0] if name and name != id_column]
            return {name: {row[id_column]: row[name] or "" for row in rows} for name in names}
    return {}


def _tables(workspace: Workspace) -> Iterator[tuple[Path, str]]:
    manifest = workspace.manifest
    yield workspace.answers / manifest.answers.file, manifest.answers.id_column
    for name in reversed(manifest.inputs):
        path = workspace.inputs / name
        if name.endswith(".csv") and path.is_file():
            yield path, manifest.output.id_column
