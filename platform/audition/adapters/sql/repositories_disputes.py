"""Disputes in SQL."""

from sqlalchemy import select, update

from audition.adapters.sql import tables
from audition.adapters.sql.rows import to_row
from audition.adapters.sql.transaction import Transaction
from audition.domain.dispute import Dispute, DisputeState


class SqlDisputes:
    """Implements `Disputes`."""

    def __init__(self, transaction: Transaction) -> None:
        """Work in an open transaction."""
        self._transaction = transaction

    def add(self, dispute: Dispute) -> None:
        """Insert."""
        self._transaction.insert(tables.disputes, to_row(dispute), f"A dispute of {dispute.check}")

    def answer(self, dispute: Dispute) -> bool:
        """Replace one that is open."""
        table = tables.disputes
        is_open = (table.c.id == dispute.id, table.c.state == DisputeState.OPEN.value)
        return self._transaction.change(update(table).where(*is_open).values(to_row(dispute))) == 1

    def of_submission(self, submission_id: str) -> tuple[Dispute, ...]:
        """All of a submission, oldest first."""
        table = tables.disputes
        found = select(table).where(table.c.submission_id == submission_id)
        return self._transaction.all(Dispute, found.order_by(table.c.created_at, table.c.id))

    def in_state(self, state: DisputeState, limit: int = 200) -> tuple[Dispute, ...]:
        """Some in a state, oldest first."""
        table = tables.disputes
        found = select(table).where(table.c.state == state.value)
        return self._transaction.all(Dispute, found.order_by(table.c.created_at, table.c.id).limit(limit))
