"""One open transaction, as the repositories see it: statements in, domain values out, our errors only."""

from typing import Any, TypeVar

from sqlalchemy import Connection, Executable, Insert, Select, Table, insert

from audition.adapters.sql.errors import translated
from audition.adapters.sql.rows import from_row

T = TypeVar("T")


class Transaction:
    """Thin wrapper of a connection. It can be ended, and is of no use afterwards."""

    def __init__(self, connection: Connection) -> None:
        """Use a connection on which a transaction has begun."""
        self._connection: Connection | None = connection

    def end(self) -> None:
        """Refuse all further statements: they would be lost without a word."""
        self._connection = None

    def insert(self, table: Table, rows: dict[str, Any] | list[dict[str, Any]], what: str) -> None:
        """Insert one or more rows. When it is refused the transaction stays usable.

        Raises:
            ConflictError: A constraint refused a row.
        """
        # The savepoint is for PostgreSQL, where one refused statement spoils the whole transaction.
        statement: Insert = insert(table)
        with translated(what), self._open().begin_nested():
            self._open().execute(statement, rows)

    def change(self, statement: Executable) -> int:
        """Run an UPDATE or DELETE; return how many rows it changed."""
        with translated():
            return self._open().execute(statement).rowcount

    def one(self, kind: type[T], statement: Select[Any]) -> T | None:
        """First row as a domain value."""
        with translated():
            row = self._open().execute(statement).mappings().first()
        return None if row is None else from_row(kind, dict(row))

    def all(self, kind: type[T], statement: Select[Any]) -> tuple[T, ...]:
        """All rows as domain values."""
        with translated():
            rows = self._open().execute(statement).mappings().all()
        return tuple(from_row(kind, dict(row)) for row in rows)

    def texts(self, statement: Select[Any]) -> tuple[str, ...]:
        """Rows of one text."""
        with translated():
            return tuple(self._open().execute(statement).scalars())

    def pairs(self, statement: Select[Any]) -> dict[str, str]:
        """Rows of two texts, the second by the first."""
        with translated():
            return {row[0]: row[1] for row in self._open().execute(statement)}

    def rows(self, statement: Select[Any]) -> tuple[tuple[Any, ...], ...]:
        """Rows as the database gives them, e.g. of counts."""
        with translated():
            return tuple(tuple(row) for row in self._open().execute(statement))

    def has(self, statement: Select[Any]) -> bool:
        """Whether there is any row."""
        with translated():
            return self._open().execute(statement).first() is not None

    def _open(self) -> Connection:
        if self._connection is None:
            msg = "This unit of work is over. Open a new one for more reads or writes."
            raise RuntimeError(msg)
        return self._connection
