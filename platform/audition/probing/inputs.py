"""What a session sends: rows of the challenge's public inputs, and what the submission predicted for them offline."""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from audition.domain.challenge import Manifest
from audition.domain.probe_plan import Cell, Prediction, Row
from audition.domain.run import Stage

_MAX_ROWS = 500
_MAX_BYTES = 64 << 20
#: With at least this many rows without a gap, rows with one are left out: whether to fill gaps is asked on purpose.
_ENOUGH = 50
#: The container is ended when the time of the stage is over; the evidence has to be out before.
_SLACK_SECONDS, _LEAST_SECONDS = 10.0, 20.0


@dataclass(frozen=True, slots=True)
class Inputs:
    """Rows, and offline predictions in the same order; None when there are none for all of them."""

    rows: tuple[Row, ...]
    offline: tuple[Prediction, ...] | None
    most_seconds: float = 900.0
    """How long the whole task may take."""


def read_inputs(manifest: Manifest, inputs: Path, outputs: Path) -> Inputs:
    """Rows of the input that was predicted.

    Args:
        manifest: Of the challenge.
        inputs: Folder of the public files; ours.
        outputs: Folder of what the submission left; hostile.
    """
    predicted = _predictions(manifest, outputs)
    # Of those that may be it the first that has the predicted ids; the others are to learn from.
    tables = [_table(inputs / name) for name in manifest.tables_of_hidden_rows]
    tables = [table for table in tables if table and manifest.output.id_column in table[0]]
    table = next((t for t in tables if t[0][manifest.output.id_column] in predicted), None)
    if table is None:
        table, predicted = (tables[0] if tables else []), {}
    numeric = _numeric_columns(table)
    made = [
        (row[manifest.output.id_column], _row(row, numeric, manifest.output.id_column))
        for row in table[: _MAX_ROWS * 10]
    ]
    whole = [(key, row) for key, row in made if None not in row.values()]
    chosen = (whole if len(whole) >= _ENOUGH else made)[:_MAX_ROWS]
    is_all_there = bool(chosen) and all(key in predicted for key, _ in chosen)
    return Inputs(
        rows=tuple(row for _, row in chosen),
        offline=tuple(predicted[key] for key, _ in chosen) if is_all_there else None,
        most_seconds=time_for(manifest, Stage.SERVE),
    )


def time_for(manifest: Manifest, stage: Stage) -> float:
    """Seconds that a task of the prober may take in a stage."""
    return max(_LEAST_SECONDS, manifest.limits_of(stage).time_seconds - _SLACK_SECONDS)


def _table(path: Path) -> list[dict[str, str]]:
    if not path.is_file() or path.stat().st_size > _MAX_BYTES:
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [{name: value or "" for name, value in row.items() if name} for row in csv.DictReader(file)]


def _predictions(manifest: Manifest, outputs: Path) -> Mapping[str, Prediction]:
    """Predictions by id, of a CSV file with one column of them; empty when there is none that can be read."""
    path = next(
        (outputs / n for n in manifest.output.names if n.endswith(".csv") and (outputs / n).is_file()), None
    )
    if path is None or not manifest.output.prediction_column:
        return {}
    try:
        table = _table(path)
    except (csv.Error, UnicodeDecodeError):
        return {}
    found: dict[str, Prediction] = {}
    for row in table:
        text = row.get(manifest.output.prediction_column, "")
        number = _number(text)
        found[row.get(manifest.output.id_column, "")] = text[:200] if number is None else number
    return found


def _numeric_columns(table: list[dict[str, str]]) -> frozenset[str]:
    names = table[0] if table else {}
    return frozenset(
        name for name in names if all(_number(row[name]) is not None for row in table if row.get(name))
    )


def _row(row: Mapping[str, str], numeric: frozenset[str], id_column: str) -> Row:
    return {name: _cell(value, is_number=name in numeric) for name, value in row.items() if name != id_column}


def _cell(text: str, *, is_number: bool) -> Cell:
    if not text:
        return None
    if not is_number:
        return text
    number = float(text)
    return int(number) if number.is_integer() and "." not in text else number


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
