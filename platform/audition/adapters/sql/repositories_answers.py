"""Kept answers in SQL."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, select, update

from audition.adapters.sql import tables
from audition.adapters.sql.rows import to_row
from audition.adapters.sql.transaction import Transaction
from audition.domain.errors import ConflictError
from audition.domain.kept_answer import KeptAnswer


class SqlKeptAnswers:
    """Implements `KeptAnswers`."""

    def __init__(self, transaction: Transaction) -> None:
        """Work in an open transaction."""
        self._transaction = transaction

    def reserve(self, answer: KeptAnswer) -> KeptAnswer | None:
        """Insert it, or return what is there."""
        try:
            self._transaction.insert(tables.kept_answers, to_row(answer), "An answer with this key")
        except ConflictError:
            found = select(tables.kept_answers).where(_is(answer.actor, answer.key))
            taken = self._transaction.one(KeptAnswer, found)
            # Given back between the two statements: the other request failed, and this one may come again.
            if taken is None:
                raise
            return taken
        return None

    def settle(self, answer: KeptAnswer) -> None:
        """Replace by actor and key."""
        table = tables.kept_answers
        statement = update(table).where(_is(answer.actor, answer.key)).values(to_row(answer))
        self._transaction.change(statement)

    def give_back(self, actor: str, key: str) -> None:
        """Delete it."""
        self._transaction.change(delete(tables.kept_answers).where(_is(actor, key)))

    def forget_before(self, at: datetime) -> None:
        """Delete all that were reserved earlier."""
        table = tables.kept_answers
        self._transaction.change(delete(table).where(table.c.created_at < at))


def _is(actor: str, key: str) -> ColumnElement[bool]:
    table = tables.kept_answers
    return and_(table.c.actor == actor, table.c.key == key)
