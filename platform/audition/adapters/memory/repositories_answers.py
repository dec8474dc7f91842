"""Kept answers in memory."""

from collections.abc import Callable
from datetime import datetime

from audition.adapters.memory.tables import Tables
from audition.domain.kept_answer import KeptAnswer


class MemoryKeptAnswers:
    """Implements `KeptAnswers`."""

    def __init__(self, tables: Callable[[], Tables]) -> None:
        """Work on the tables of an open unit of work."""
        self._tables = tables

    def reserve(self, answer: KeptAnswer) -> KeptAnswer | None:
        """Insert it, or return what is there."""
        stored = self._tables().kept_answers
        taken = stored.setdefault((answer.actor, answer.key), answer)
        return None if taken is answer else taken

    def settle(self, answer: KeptAnswer) -> None:
        """Replace by actor and key."""
        stored = self._tables().kept_answers
        if (answer.actor, answer.key) in stored:
            stored[answer.actor, answer.key] = answer

    def give_back(self, actor: str, key: str) -> None:
        """Delete it."""
        self._tables().kept_answers.pop((actor, key), None)

    def forget_before(self, at: datetime) -> None:
        """Delete all that were reserved earlier."""
        stored = self._tables().kept_answers
        for place in [place for place, answer in stored.items() if answer.created_at < at]:
            del stored[place]
