"""Accept a batch of applications for training, or refuse it: python check_data.py path/to/batch.csv.

Ends with 0 when the batch may be used, with 1 and a line for everything that is wrong when it may not.
"""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from credit.drift import Bins, Reference
from credit.features import COLUMNS, ID, LEVELS, NUMBERS, TARGET, encode

REFERENCE = Path(__file__).resolve().parent / "model" / "reference.json"
MOST_UNKNOWN = 0.01
"""Share of rows with a level that training has not seen, or with a number outside of what it saw."""
MORE_MISSING = 0.05
"""A column may miss this much more than in training, and four standard errors."""
MOST_SHIFT = 1.0
"""Standard deviations that a mean may move by: more is another unit or another population."""
MOST_PSI = 0.25
LEAST_ROWS = 20


def problems(path: Path, reference: Reference) -> Iterator[str]:
    """Everything that is wrong with a batch."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        lines = list(reader)
    names = reader.fieldnames or []
    yield from _columns(list(names))
    if not set(COLUMNS) <= set(names):
        return
    if len(lines) < LEAST_ROWS:
        yield f"There are {len(lines)} rows; at least {LEAST_ROWS} are needed."
        return
    yield from _identity(lines)
    wrong = list(_cells(lines))
    yield from wrong[:10]
    if not wrong:
        rows = [{n: _value(n, line[n]) for n in COLUMNS} for line in lines]
        for name, values in zip(COLUMNS, encode(rows).T, strict=True):
            yield from _column(name, values, reference.columns[name])


def _columns(names: list[str]) -> Iterator[str]:
    for name in (*COLUMNS, ID):
        if name not in names:
            yield f"The column {name} is missing."
    for name in sorted(set(names) - {*COLUMNS, ID, TARGET}):
        yield f"The column {name!r} is not known."
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"The column {name} is there twice."


def _identity(lines: list[dict[str, str]]) -> Iterator[str]:
    ids = [line.get(ID) for line in lines]
    if len(set(ids)) < len(ids):
        yield f"{len(ids) - len(set(ids))} rows have an id that another row has."
    if not all(ids):
        yield "A row has no id."
    marks = {line[TARGET] for line in lines if TARGET in line}
    if not marks <= {"0", "1", "0.0", "1.0"}:
        yield f"{TARGET} has values other than 0 and 1."
    elif TARGET in lines[0] and len({float(mark) for mark in marks}) == 1:
        yield f"{TARGET} is the same in every row."


def _cells(lines: list[dict[str, str]]) -> Iterator[str]:
    for number, line in enumerate(lines, 2):
        if None in line or None in line.values():
            yield f"Line {number} has another number of cells than the header."
            continue
        for name in NUMBERS:
            if line[name] and not _is_number(line[name]):
                yield f"Line {number}: {name} is no number."


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def _value(name: str, text: str) -> float | str | None:
    if not text:
        return None
    return float(text) if name in NUMBERS else text


def _column(name: str, values: np.ndarray, known: Bins) -> Iterator[str]:
    is_missing = np.isnan(values)
    rows, there = len(values), values[~is_missing]
    noise = 4 * np.sqrt(max(known.missing, 0.01) / rows)
    if is_missing.mean() > known.missing + MORE_MISSING + noise:
        yield f"{name} is missing in {is_missing.mean():.0%} of rows, in training in {known.missing:.0%}."
    if not len(there):
        return
    most = len(LEVELS[name]) - 1 if name in LEVELS else known.high
    outside = ((there > most) | (there < min(0.0, known.low))).mean()
    if outside > MOST_UNKNOWN + 4 * np.sqrt(MOST_UNKNOWN / rows):
        yield f"{name} has values in {outside:.0%} of rows that training never saw."
    if name in NUMBERS:
        shift = abs(there.mean() - known.mean) / max(known.deviation, 1e-9)
        if shift > MOST_SHIFT:
            yield f"The mean of {name} is {shift:.1f} standard deviations from that of training."
    psi = known.psi(values)
    # Chance alone makes a PSI of about (bins - 1) / rows; twice that is allowed on top.
    if psi > MOST_PSI + 2 * len(known.shares) / rows:
        yield f"{name} is distributed differently than in training: PSI {psi:.2f}."


if __name__ == "__main__":
    found = list(problems(Path(sys.argv[1]), Reference.load(REFERENCE)))
    print("\n".join(found) or "The batch may be used.")
    sys.exit(1 if found else 0)
