"""The storage port in memory: one unit of work at a time, on a copy that replaces the original at commit.

Values are frozen dataclasses, so copying a table is copying a dict. What the database refuses is refused here
too: the same uniqueness, the same references, and a second unit of work inside a first one.
"""

import logging
from threading import Lock
from types import TracebackType
from typing import Self

from audition.adapters.memory.repositories import (
    MemoryAuditLog,
    MemoryChallenges,
    MemoryPeople,
    MemorySubmissions,
)
from audition.adapters.memory.repositories_answers import MemoryKeptAnswers
from audition.adapters.memory.repositories_disputes import MemoryDisputes
from audition.adapters.memory.repositories_reviews import MemoryOverrides, MemoryReviews, MemoryShares
from audition.adapters.memory.repositories_runs import MemoryGrades, MemoryRuns
from audition.adapters.memory.repositories_webhooks import MemoryWebhooks
from audition.adapters.memory.tables import Tables
from audition.domain.errors import UnavailableError
from audition.ports import (
    AuditLog,
    Challenges,
    Disputes,
    Grades,
    JobQueue,
    KeptAnswers,
    Overrides,
    People,
    Reviews,
    Runs,
    Shares,
    Submissions,
    UnitOfWorkFactory,
    Webhooks,
)

logger = logging.getLogger(__name__)
#: Long enough for threads of a test; short enough that a nested unit of work fails while one looks on.
_WAIT_SECONDS = 10.0


class MemoryDatabase:
    """What all units of work share; it lives as long as a test."""

    def __init__(self) -> None:
        """Begin empty."""
        self.tables = Tables()
        self.lock = Lock()


class MemoryUnitOfWork:
    """Implements `UnitOfWork`. Good for one use."""

    submissions: Submissions
    runs: Runs
    grades: Grades
    challenges: Challenges
    people: People
    reviews: Reviews
    overrides: Overrides
    shares: Shares
    disputes: Disputes
    webhooks: Webhooks
    answers: KeptAnswers
    audit: AuditLog

    def __init__(self, database: MemoryDatabase, queue: JobQueue) -> None:
        """Open nothing yet."""
        self._database = database
        self._queue = queue
        self._tables: Tables | None = None
        self._was_entered = False
        self._hints: list[tuple[str, str, int]] = []

    def __enter__(self) -> Self:
        """Begin.

        Raises:
            UnavailableError: Another unit of work stayed open for too long.
        """
        if self._was_entered:
            msg = "A unit of work cannot be entered twice. Make a new one."
            raise RuntimeError(msg)
        if not self._database.lock.acquire(timeout=_WAIT_SECONDS):
            msg = "The database does not answer: another unit of work is open."
            raise UnavailableError(msg, code="database-unavailable")
        self._was_entered = True
        self._tables = self._database.tables.copy()
        self.submissions = MemorySubmissions(self._open)
        self.runs = MemoryRuns(self._open)
        self.grades = MemoryGrades(self._open)
        self.challenges = MemoryChallenges(self._open)
        self.people = MemoryPeople(self._open)
        self.reviews = MemoryReviews(self._open)
        self.overrides = MemoryOverrides(self._open)
        self.shares = MemoryShares(self._open)
        self.disputes = MemoryDisputes(self._open)
        self.webhooks = MemoryWebhooks(self._open)
        self.answers = MemoryKeptAnswers(self._open)
        self.audit = MemoryAuditLog(self._open)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Roll back what was not committed."""
        self._release()

    def commit(self) -> None:
        """Make it everybody's, then send the hints."""
        self._database.tables = self._open()
        self._release()
        try:
            for kind, run_id, fence in dict.fromkeys(self._hints):
                self._queue.enqueue(kind, run_id, fence)
        except UnavailableError as error:
            logger.warning("The queue took no hint; the reconciler will send it: %s", error)

    def hint(self, kind: str, run_id: str, fence: int) -> None:
        """Enqueue after commit."""
        self._hints.append((kind, run_id, fence))

    def _open(self) -> Tables:
        if self._tables is None:
            msg = "This unit of work is over. Open a new one for more reads or writes."
            raise RuntimeError(msg)
        return self._tables

    def _release(self) -> None:
        if self._tables is not None:
            self._tables = None
            self._database.lock.release()


def memory_storage(database: MemoryDatabase, queue: JobQueue) -> UnitOfWorkFactory:
    """Return the factory that services take."""
    return lambda: MemoryUnitOfWork(database, queue)
