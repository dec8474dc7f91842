"""Disputes in memory."""

from collections.abc import Callable

from audition.adapters.memory.tables import Tables, check_reference, check_unique, insert
from audition.domain.dispute import Dispute, DisputeState


class MemoryDisputes:
    """Implements `Disputes`."""

    def __init__(self, tables: Callable[[], Tables]) -> None:
        """Work on the tables of an open unit of work."""
        self._tables = tables

    def add(self, dispute: Dispute) -> None:
        """Insert."""
        tables, what = self._tables(), f"A dispute of {dispute.check}"
        check_reference(tables.submissions, dispute.submission_id, what)
        check_unique(tables.disputes, dispute, lambda d: (d.submission_id, d.check), what)
        insert(tables.disputes, dispute.id, dispute, what)

    def answer(self, dispute: Dispute) -> bool:
        """Replace one that is open."""
        stored = self._tables().disputes.get(dispute.id)
        if stored is None or stored.state != DisputeState.OPEN:
            return False
        self._tables().disputes[dispute.id] = dispute
        return True

    def of_submission(self, submission_id: str) -> tuple[Dispute, ...]:
        """All of a submission, oldest first."""
        found = (d for d in self._tables().disputes.values() if d.submission_id == submission_id)
        return tuple(sorted(found, key=lambda dispute: (dispute.created_at, dispute.id)))

    def in_state(self, state: DisputeState, limit: int = 200) -> tuple[Dispute, ...]:
        """Some in a state, oldest first."""
        found = (d for d in self._tables().disputes.values() if d.state == state)
        return tuple(sorted(found, key=lambda dispute: (dispute.created_at, dispute.id))[:limit])
