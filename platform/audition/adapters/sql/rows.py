"""Between domain dataclasses and rows, for all of them alike: no field is ever listed by hand."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import ColumnElement, Table, and_, or_

from audition.codec import from_plain, to_plain
from audition.domain.errors import InvalidError, UnavailableError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")


def to_row(value: "DataclassInstance", **extra: object) -> dict[str, Any]:
    """Column values of a dataclass, by field name.

    Args:
        value: What to store.
        extra: Columns that are not fields, e.g. a key to look it up by.

    Raises:
        InvalidError: It could not be read again, e.g. because JSON has no NaN; `problems` names the fields.
    """
    row = {field.name: _to_column(getattr(value, field.name)) for field in fields(value)}
    # Better refused now than found unreadable when somebody wants the report.
    from_plain(type(value), row, what=f"{type(value).__name__} to store")
    return row | extra


def from_row(kind: type[T], row: dict[str, Any]) -> T:
    """Rebuild a dataclass; columns that are not fields are ignored.

    Raises:
        UnavailableError: The row does not fit; the schema or another version of Audition wrote it.
    """
    try:
        return from_plain(kind, row, what=f"{kind.__name__} row")
    except InvalidError as error:
        msg = f"A stored {kind.__name__} cannot be read: {'; '.join(error.problems)}."
        raise UnavailableError(
            msg,
            transient=False,
            code="unreadable-row",
            next_step="Check that every process runs the same version, then run `audition migrate`.",
        ) from None


def is_behind(table: Table, last: Mapping[str, object]) -> ColumnElement[bool]:
    """Whether a row comes behind one in a list that is sorted by some columns, the highest first.

    Args:
        table: Of the rows.
        last: Its values of those columns, in their order. No row values are compared: not every database has them.
    """
    columns = list(last)
    return or_(
        *(
            and_(*(table.c[same] == last[same] for same in columns[:number]), table.c[name] < last[name])
            for number, name in enumerate(columns)
        )
    )


def _to_column(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | int | float | str | datetime):
        return value
    return to_plain(value)
