"""The rows that runs are made of: undrifted ones, and the same rows under each injection at each dose."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan

import numpy as np

from audition.domain.drift_plan import DOSES, DriftFamily, DriftKind, Injection
from audition.domain.drift_traffic import DriftedRows
from audition.domain.errors import InvalidError
from audition.domain.probe_plan import Cell
from graders.drift.injections import inject, resample_prior
from graders.drift.statistics import Array
from graders.drift.table import Rows, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Rows as in training, exchangeable with the training data."""

    table: Table
    labels: Array | None = None
    """0 or 1, (rows,); what a drift of the class mix needs."""
    whole: tuple[str, ...] = ()
    """Columns whose numbers are all written without a decimal point."""


def doses_of(family: DriftFamily) -> Iterator[tuple[Injection, float]]:
    """Every injection with the doses at which a plan may ask for it."""
    yield family.primary, 1.0
    for dose in DOSES:
        yield family.primary, dose
    for injection in family.others:
        yield injection, 1.0


def drifted(
    injection: Injection,
    dose: float,
    held_out: Slice,
    reference: Table,
    random: np.random.Generator,
) -> DriftedRows:
    """The rows of a slice under an injection.

    Args:
        injection: What to do.
        dose: How much of it.
        held_out: The rows.
        reference: The training data.
        random: Draws what changes, where only some does.

    Raises:
        InvalidError: It does not fit the data.
    """
    if injection.kind == DriftKind.PRIOR:
        chosen = mixed(injection, dose, held_out, random, held_out.table.rows)
        return DriftedRows(injection=injection, dose=dose, rows=tuple(chosen.tolist()))
    changed = inject(held_out.table, injection, dose, random, reference=reference)
    values = cells_of(changed, injection.column, is_whole=injection.column in held_out.whole)
    return DriftedRows(injection=injection, dose=dose, values=tuple(values))


def mixed(
    injection: Injection, dose: float, held_out: Slice, random: np.random.Generator, count: int
) -> Rows:
    """Numbers of rows of a slice with another class mix.

    Raises:
        InvalidError: The slice has no labels of two classes.
    """
    if held_out.labels is None:
        msg = "A drift of the class mix needs labels that are 0 and 1, and both."
        raise InvalidError(msg, code="unfit-injection")
    return resample_prior(held_out.labels, injection, dose, random, count)


def cells_of(table: Table, name: str, *, is_whole: bool) -> list[Cell]:
    """A column as it is sent: nothing for what is missing, and integers where the column has them only."""
    if name in table.numeric:
        values = table.numeric[name].tolist()
        return [None if isnan(value) else round(value) if is_whole else value for value in values]
    return [value or None for value in table.categorical[name].tolist()]


def draw(available: int, wanted: int, random: np.random.Generator) -> Rows:
    """Numbers of rows, without replacement when there are enough, else with.

    Raises:
        InvalidError: There are no rows.
    """
    if available == 0:
        msg = "The slice has no rows to send."
        raise InvalidError(msg, code="empty-slice")
    return np.asarray(random.choice(available, size=wanted, replace=wanted > available), dtype=np.intp)
