"""Dates moved by days, in the form that they had: order and intervals stay, the calendar's day does not."""

from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from audition.anonymize.columns import MISSING, Levels
from audition.anonymize.tables import not_of_kind

_DAY_LENGTH = 10


def shift(column: Levels, days: npt.NDArray[Any], where: str) -> Levels:
    """Move each row's date.

    Args:
        column: ISO dates or times: "2024-05-31", "2024-05-31T08:00:00", with a zone or without.
        days: How far each row is moved, whole days; a single number moves all.
        where: File and column, for messages.

    Raises:
        InvalidError: Values that are no dates, with their first lines.
    """
    parsed = [_parsed(text) for text in column.values]
    if wrong := [place for place, day in enumerate(parsed) if day is None]:
        raise not_of_kind(column, wrong, where, "a date such as 2024-05-31 or 2024-05-31T08:00:00")
    tails: dict[str, int] = {}
    ends = [tails.setdefault(text[_DAY_LENGTH:], len(tails)) for text in column.values]
    there = ~column.missing()
    moved = np.array([*parsed, 0], dtype=np.int64)[column.codes] + np.broadcast_to(days, column.codes.shape)
    # Many people and many days give few days again: each that comes out is written once.
    pairs, inverse = np.unique(
        moved[there] * len(tails) + np.array([*ends, 0])[column.codes[there]], return_inverse=True
    )
    codes = np.full(len(column), MISSING, dtype=np.int32)
    codes[there] = inverse
    return Levels(codes, tuple(_written(int(pair), tuple(tails)) for pair in pairs))


def _written(pair: int, tails: tuple[str, ...]) -> str:
    day, tail = divmod(pair, len(tails))
    return date.fromordinal(day).isoformat() + tails[tail]


def _parsed(text: str) -> int | None:
    """The day as a number; None for what is no date, or no time behind one."""
    try:
        if len(text) > _DAY_LENGTH:
            datetime.fromisoformat(text)
        return date.fromisoformat(text[:_DAY_LENGTH]).toordinal()
    except ValueError:
        return None
