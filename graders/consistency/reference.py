"""Does the drift monitor compare with the data that the model learned from (K4)?"""

import csv
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import fmean, pstdev

from audition.domain.grade import Evidence
from audition.grading import Result, Workspace, check, failed, not_assessed, passed
from audition.grading.tree import Tree

#: A mean may lie this far from that of the public data, in standard deviations: a random part of a few hundred rows
#: lies within a third of that.
_TOLERANCE = 0.25
#: Share of the columns that must agree; one may have been transformed on purpose.
_ENOUGH = 0.8
_LEAST_COLUMNS, _LEAST_ROWS = 2, 30
_MEANS = ("mean", "avg", "average", "mu")
_MOST_ROWS = 50_000
_MOST_DEPTH = 8


@check(
    "consistency.reference.training",
    "The drift reference describes the training data",
    points=1,
    why="A monitor that compares with other data finds drift on its first day, or never.",
    fix="Compute the reference from the data that the model is trained on, in the training script.",
)
def reference(workspace: Workspace) -> Result:
    """Means of at least 80 % of the columns lie within a quarter of a standard deviation of the data's (K4)."""
    path = workspace.evidence.inventory.contract.monitoring.reference
    text = Tree(workspace.submission).text(path) if path else None
    if text is None:
        return not_assessed("Not assessed: no reference of the drift monitor is known, or it is no text.")
    data = _training(workspace)
    told = (
        _of_rows(workspace.submission / path)
        if path.endswith(".csv")
        else _of_document(text.content, set(data))
    )
    common = sorted(set(told) & set(data))
    if len(common) < _LEAST_COLUMNS:
        return not_assessed("Not assessed: the reference names means of fewer than two columns of the data.")
    far = [name for name in common if _distance(told[name], *data[name]) > _TOLERANCE]
    share = 1 - len(far) / len(common)
    if share >= _ENOUGH:
        return passed(
            f"Means of {len(common) - len(far)} of {len(common)} columns are those of the training data."
        )
    shown = ", ".join(far[:5])
    return failed(
        f"Means of {len(far)} of {len(common)} columns are not those of the training data: {shown}.",
        Evidence(summary="the reference", file=path),
    )


def _distance(told: float, mean: float, deviation: float) -> float:
    return (
        abs(told - mean) / deviation if deviation > 0 else float(not math.isclose(told, mean, rel_tol=1e-6))
    )


def _training(workspace: Workspace) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation of each numeric column of the public input that is not predicted.

    The first table that the challenge names is the one to learn from.
    """
    names = [name for name in workspace.manifest.inputs if name.endswith(".csv")]
    path = workspace.inputs / names[0] if names else None
    if path is None or not path.is_file():
        return {}
    spared = {workspace.manifest.output.id_column}
    columns = {name: values for name, values in _columns(path).items() if name not in spared}
    return {name: (fmean(values), pstdev(values)) for name, values in columns.items()}


def _of_rows(path: Path) -> dict[str, float]:
    """Means of a reference that is a table itself; hostile."""
    return {name: fmean(values) for name, values in _columns(path).items()}


def _columns(path: Path) -> Mapping[str, list[float]]:
    """Numeric columns of a table, without gaps; those with enough rows."""
    found: dict[str, list[float]] = {}
    texts: set[str] = set()
    try:
        with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
            for number, row in enumerate(csv.DictReader(file)):
                if number >= _MOST_ROWS:
                    break
                _take(row, found, texts)
    except (csv.Error, OSError):
        return {}
    return {
        name: values for name, values in found.items() if name not in texts and len(values) >= _LEAST_ROWS
    }


def _take(row: Mapping[str, object], found: dict[str, list[float]], texts: set[str]) -> None:
    for name, cell in row.items():
        if not name or not isinstance(cell, str) or not cell:
            continue
        number = _number(cell)
        if number is None:
            texts.add(name)
        else:
            found.setdefault(name, []).append(number)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _of_document(content: str, columns: set[str]) -> dict[str, float]:
    """Means in a JSON document, under the names of columns: {"age": {"mean": 3}} or {"mean": {"age": 3}}."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return dict(_means(document, columns, 0))


def _means(value: object, columns: set[str], depth: int) -> Iterator[tuple[str, float]]:
    if depth > _MOST_DEPTH:
        return
    if isinstance(value, list):
        for below in value:
            yield from _named(below, columns)
            yield from _means(below, columns, depth + 1)
    if not isinstance(value, dict):
        return
    for key, below in value.items():
        if key in columns and isinstance(below, dict):
            number = next((n for name in _MEANS if (n := _number(below.get(name))) is not None), None)
            if number is not None:
                yield key, number
        elif str(key).lower() in {*_MEANS, "means"} and isinstance(below, dict):
            yield from ((c, n) for c, v in below.items() if c in columns and (n := _number(v)) is not None)
        yield from _means(below, columns, depth + 1)


def _named(value: object, columns: set[str]) -> Iterator[tuple[str, float]]:
    """An element of a list that names its column: {"name": "age", "mean": 3}."""
    if not isinstance(value, dict):
        return
    told = [value.get(key) for key in ("name", "column", "feature")]
    name = next((text for text in told if isinstance(text, str) and text in columns), None)
    number = next((n for key in _MEANS if (n := _number(value.get(key))) is not None), None)
    if name is not None and number is not None:
        yield name, number
