"""Dates moved by days, in the form that they had: order and intervals stay, the calendar's day does not."""

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from audition.anonymize.columns import Levels
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
    wrong = [place for place, text in enumerate(column.values) if _parsed(text) is None]
    if wrong:
        raise not_of_kind(column, wrong, where, "a date such as 2024-05-31 or 2024-05-31T08:00:00")
    rows = np.broadcast_to(days, column.codes.shape).astype(np.int64)
    low = int(rows.min(initial=0))
    span = int(rows.max(initial=0)) - low + 1
    # Each pair of value and offset is worked out once.
    pairs, inverse = np.unique((column.codes.astype(np.int64) + 1) * span + rows - low, return_inverse=True)
    texts = [_moved(column, int(pair) // span - 1, int(pair) % span + low) for pair in pairs]
    return Levels(inverse.astype(np.int32), tuple(map(str, range(len(pairs))))).replaced(texts)


def _moved(column: Levels, place: int, days: int) -> str | None:
    if place < 0:
        return None
    text = column.values[place]
    moved = _parsed(text)
    if moved is None:
        return None
    moved += timedelta(days=days)
    if len(text) <= _DAY_LENGTH:
        return moved.date().isoformat()
    return moved.isoformat(sep=text[_DAY_LENGTH])


def _parsed(text: str) -> datetime | None:
    try:
        if len(text) <= _DAY_LENGTH:
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day)  # noqa: DTZ001  moved by days, whatever its zone is
        return datetime.fromisoformat(text)
    except ValueError:
        return None
