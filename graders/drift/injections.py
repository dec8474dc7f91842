"""Make rows drift: each kind of injection as a function of rows, drawn from a seed.

Every injection gives new rows and leaves those it was given alone. A dose of 0 changes nothing, 1 is the injection's
amount, and between and beyond the change grows with it. Source: the design's drift protocol, 10.1.
"""

from collections.abc import Callable

import numpy as np

from audition.domain.drift_plan import DriftKind, Injection
from audition.domain.errors import InvalidError
from graders.drift.statistics import Array
from graders.drift.table import MISSING, Rows, Table

_DEFAULT_LEVEL = "unseen"


def inject(
    rows: Table, injection: Injection, dose: float, random: np.random.Generator, *, reference: Table
) -> Table:
    """The rows, drifting.

    Args:
        rows: As in training.
        injection: What to do.
        dose: How much of its amount, at least 0.
        random: Draws which rows change, where only some do.
        reference: The training data, which says what a standard deviation is.

    Raises:
        InvalidError: The injection does not fit the columns, or its kind changes no rows of inputs.
    """
    change = _CHANGES.get(injection.kind)
    if change is None:
        msg = f"{injection.kind.value} is no change of rows that are sent."
        raise InvalidError(msg, code="unfit-injection")
    numeric_only = injection.kind in _NUMERIC
    for name in filter(None, (injection.column, injection.partner)):
        if name not in (rows.numeric if numeric_only else rows.names):
            word = "numeric " if numeric_only else ""
            msg = f"{injection.kind.value} needs a {word}column; {name!r} is none of the data."
            raise InvalidError(msg, code="unfit-injection")
    return change(rows, injection, dose, random, reference) if dose else rows


def resample_prior(
    labels: Array, injection: Injection, dose: float, random: np.random.Generator, count: int
) -> Rows:
    """Draw rows of a labelled slice so that another share of them is positive.

    Args:
        labels: 0 or 1, (rows,).
        injection: `amount` is the share of positive rows at dose 1, in [0, 1].
        dose: 0 keeps the slice's own share.
        random: Draws the rows, with replacement.
        count: How many rows to draw.

    Returns:
        Numbers of rows of the slice, in random order.

    Raises:
        InvalidError: The slice has rows of one class only.
    """
    own = float(labels.mean())
    if own in {0.0, 1.0}:
        msg = "All rows of the slice are of one class, so its class mix cannot change."
        raise InvalidError(msg, code="unfit-injection")
    share = float(np.clip(own + dose * (injection.amount - own), 0.0, 1.0))
    positives = round(share * count)
    chosen = np.concatenate(
        [
            random.choice(np.flatnonzero(labels == 1), positives),
            random.choice(np.flatnonzero(labels == 0), count - positives),
        ]
    )
    return np.asarray(random.permutation(chosen), dtype=np.intp)


def swap_labels(labels: Array, injection: Injection, dose: float, random: np.random.Generator) -> Array:
    """Labels for a feedback endpoint, a share `amount` x dose of them swapped."""
    swapped = random.random(labels.shape) < min(1.0, injection.amount * dose)
    return np.where(swapped, 1 - labels, labels)


def _mean_shift(
    rows: Table, injection: Injection, dose: float, _random: np.random.Generator, reference: Table
) -> Table:
    known = reference.numeric[injection.column]
    moved = rows.numeric[injection.column] + dose * injection.amount * float(np.nanstd(known))
    return rows.replaced(injection.column, _as_whole_as(known, moved))


def _scale(
    rows: Table, injection: Injection, dose: float, _random: np.random.Generator, reference: Table
) -> Table:
    known = reference.numeric[injection.column]
    centre = float(np.nanmean(known))
    factor = 1 + dose * (injection.amount - 1)
    spread = centre + factor * (rows.numeric[injection.column] - centre)
    return rows.replaced(injection.column, _as_whole_as(known, spread))


def _unit_error(
    rows: Table, injection: Injection, dose: float, _random: np.random.Generator, reference: Table
) -> Table:
    # A unit is wrong or right: the dose is the power of the factor, so that 0 is right and 1 is wrong.
    wrong = rows.numeric[injection.column] * injection.amount**dose
    return rows.replaced(injection.column, _as_whole_as(reference.numeric[injection.column], wrong))


def _as_whole_as(reference: Array, values: Array) -> Array:
    """Whole numbers where the training data have whole numbers only: a service may refuse others as ill-typed."""
    known = reference[~np.isnan(reference)]
    return np.round(values) if known.size and (known == np.round(known)).all() else values


def _missing(
    rows: Table, injection: Injection, dose: float, random: np.random.Generator, _reference: Table
) -> Table:
    lost = random.random(rows.rows) < min(1.0, _of_those_left(rows, injection, dose))
    name = injection.column
    if name in rows.numeric:
        return rows.replaced(name, np.where(lost, np.nan, rows.numeric[name]))
    return rows.replaced(name, np.where(lost, MISSING, rows.categorical[name]))


def _of_those_left(rows: Table, injection: Injection, dose: float) -> float:
    """The amount counts points of all rows; rows that lack the value already cannot lose it again."""
    left = 1.0 - float(rows.is_missing(injection.column).mean())
    return dose * injection.amount / left if left else 0.0


def _category(
    rows: Table, injection: Injection, dose: float, random: np.random.Generator, reference: Table
) -> Table:
    name = injection.column
    if name not in rows.categorical:
        msg = f"category needs a column of categories; {name!r} is numeric."
        raise InvalidError(msg, code="unfit-injection")
    level = injection.level or _DEFAULT_LEVEL
    if level in set(reference.categorical[name].tolist()):
        msg = f"The level {level!r} of {name!r} is not unseen: the training data have it."
        raise InvalidError(msg, code="unfit-injection")
    changed = random.random(rows.rows) < min(1.0, dose * injection.amount)
    return rows.replaced(name, np.where(changed, level, rows.categorical[name]))


def _correlation(
    rows: Table, injection: Injection, dose: float, random: np.random.Generator, _reference: Table
) -> Table:
    """Sort the column's own values into an order that goes with the partner's: no value is changed."""
    name, partner = injection.column, injection.partner
    known = ~(rows.is_missing(name) | rows.is_missing(partner))
    strength = float(np.clip(dose * injection.amount, -1.0, 1.0))
    size = int(known.sum())
    if strength == 0 or size == 0:
        return rows
    guide = _standard_ranks(rows.numeric[partner][known])
    wanted = strength * guide + np.sqrt(1 - strength**2) * random.normal(size=size)
    values = rows.numeric[name].copy()
    order = np.argsort(np.argsort(wanted, kind="stable"), kind="stable")
    values[known] = np.sort(values[known])[order]
    return rows.replaced(name, values)


def _standard_ranks(values: Array) -> Array:
    """Ranks with mean 0 and standard deviation 1; ties in the order they come."""
    ranks = np.argsort(np.argsort(values, kind="stable"), kind="stable").astype(float)
    spread = ranks.std()
    return np.asarray((ranks - ranks.mean()) / (spread or 1.0), dtype=float)


_Change = Callable[[Table, Injection, float, np.random.Generator, Table], Table]
_CHANGES: dict[DriftKind, _Change] = {
    DriftKind.MEAN_SHIFT: _mean_shift,
    DriftKind.SCALE: _scale,
    DriftKind.UNIT_ERROR: _unit_error,
    DriftKind.MISSING: _missing,
    DriftKind.CATEGORY: _category,
    DriftKind.CORRELATION: _correlation,
}
_NUMERIC = frozenset({DriftKind.MEAN_SHIFT, DriftKind.SCALE, DriftKind.UNIT_ERROR, DriftKind.CORRELATION})
