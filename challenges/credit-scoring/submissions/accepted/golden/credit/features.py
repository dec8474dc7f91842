"""From applications to numbers: the one place that training, prediction, service and drift monitor share."""

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Matrix = np.ndarray[Any, np.dtype[np.float64]]
Row = Mapping[str, Any]

ID, TARGET = "id", "defaulted"
NUMBERS = (
    "years_in_job",
    "term_months",
    "monthly_expenses",
    "monthly_income",
    "assets_value",
    "existing_debt",
    "requested_amount",
    "financed_percent",
    "payment_incident",
)
LEVELS: dict[str, tuple[str, ...]] = {
    "age_band": ("under-25", "25-34", "35-44", "45-54", "55-plus"),
    "household": ("P1", "P2"),
    "housing": ("H1", "H2", "H3", "H4"),
    "employment": ("E1", "E2", "E3", "E4"),
}
COLUMNS = (*NUMBERS, *LEVELS)
ALIKE = tuple(name for name in COLUMNS if name != "payment_incident")
"""Anonymization made groups of about five people who are equal in these. A group is never on both sides of a split."""
DERIVED = ("surplus", "instalment", "burden", "price", "own_funds")
INPUTS = (*COLUMNS, *DERIVED)
LEAST_SURPLUS = 5.0
"""Money units a month; a surplus is at least this much when something is divided by it."""
LEAST_TERM, LEAST_PERCENT = 1.0, 1.0
"""One month, one percent: nothing is divided by less."""
MOST_BURDEN = 5.0
"""Instalments of more than five times the surplus are all equally out of reach."""


def encode(rows: Sequence[Row]) -> Matrix:
    """Columns as numbers; float64, (rows, columns of COLUMNS), NaN where nothing is known.

    A level is its place in LEVELS; one that training has not seen has the place after the last.
    """
    table = np.empty((len(rows), len(COLUMNS)))
    for number, row in enumerate(rows):
        table[number] = [_cell(name, row[name]) for name in COLUMNS]
    return table


def _cell(name: str, value: float | str | None) -> float:
    if value is None:
        return math.nan
    if name not in LEVELS:
        return float(value)
    levels = LEVELS[name]
    return float(levels.index(value) if value in levels else len(levels))


def derive(table: Matrix) -> Matrix:
    """Add what a loan officer would compute; float64, (rows, columns of INPUTS).

    What is left each month, how heavy the instalment is on it, and how much of the price the customer brings.
    """
    value = dict(zip(COLUMNS, table.T, strict=True))
    surplus = value["monthly_income"] - value["monthly_expenses"]
    instalment = value["requested_amount"] / np.maximum(value["term_months"], LEAST_TERM)
    burden = np.minimum(instalment / np.maximum(surplus, LEAST_SURPLUS), MOST_BURDEN)
    price = 100 * value["requested_amount"] / np.maximum(value["financed_percent"], LEAST_PERCENT)
    own_funds = price - value["requested_amount"]
    return np.column_stack([table, surplus, instalment, burden, price, own_funds])


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Rows of a CSV file with numbers as numbers and empty cells as None.

    Raises:
        ValueError: A cell that has to be a number is none.
    """
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: _read(name, text) for name, text in row.items()} for row in csv.DictReader(file)]


def _read(name: str, text: str | None) -> float | str | None:
    if not text:
        return None
    return float(text) if name in NUMBERS or name == TARGET else text


def truth(rows: Sequence[Row]) -> Matrix:
    """Whether each loan was not paid back: float64, (rows,), 0 or 1."""
    return np.array([float(row[TARGET]) for row in rows])
