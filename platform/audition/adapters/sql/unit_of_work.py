"""One transaction over all repositories, and the hints that follow it."""

import logging
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine

from audition.adapters.sql.errors import translated
from audition.adapters.sql.repositories import SqlAuditLog, SqlChallenges, SqlSubmissions
from audition.adapters.sql.repositories_answers import SqlKeptAnswers
from audition.adapters.sql.repositories_disputes import SqlDisputes
from audition.adapters.sql.repositories_people import SqlPeople
from audition.adapters.sql.repositories_reviews import SqlOverrides, SqlReviews, SqlShares
from audition.adapters.sql.repositories_runs import SqlGrades, SqlRuns
from audition.adapters.sql.repositories_webhooks import SqlWebhooks
from audition.adapters.sql.transaction import Transaction
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


class SqlUnitOfWork:
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

    def __init__(self, engine: Engine, queue: JobQueue) -> None:
        """Open nothing yet."""
        self._engine = engine
        self._queue = queue
        self._connection: Connection | None = None
        self._transaction: Transaction | None = None
        self._hints: list[tuple[str, str, int]] = []

    def __enter__(self) -> Self:
        """Begin.

        Raises:
            UnavailableError: The database does not answer, or others kept its write lock for too long.
        """
        if self._connection is not None:
            msg = "A unit of work cannot be entered twice. Make a new one."
            raise RuntimeError(msg)
        with translated():
            self._connection = self._engine.connect()
            try:
                self._connection.begin()
            except BaseException:
                self._connection.close()
                raise
        self._transaction = transaction = Transaction(self._connection)
        self.submissions = SqlSubmissions(transaction)
        self.runs = SqlRuns(transaction)
        self.grades = SqlGrades(transaction)
        self.challenges = SqlChallenges(transaction)
        self.people = SqlPeople(transaction)
        self.reviews = SqlReviews(transaction)
        self.overrides = SqlOverrides(transaction)
        self.shares = SqlShares(transaction)
        self.disputes = SqlDisputes(transaction)
        self.webhooks = SqlWebhooks(transaction)
        self.answers = SqlKeptAnswers(transaction)
        self.audit = SqlAuditLog(transaction)
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
        """Make it durable, then send the hints."""
        if self._connection is None or self._connection.closed:
            msg = "There is nothing open to commit: enter the unit of work first, commit it once."
            raise RuntimeError(msg)
        with translated():
            self._connection.commit()
        # Given back first: a slow queue must not keep a connection.
        self._release()
        self._send_hints()

    def hint(self, kind: str, run_id: str, fence: int) -> None:
        """Enqueue after commit."""
        self._hints.append((kind, run_id, fence))

    def _release(self) -> None:
        if self._transaction is not None:
            self._transaction.end()
        if self._connection is not None:
            with translated():
                self._connection.close()

    def _send_hints(self) -> None:
        try:
            for kind, run_id, fence in dict.fromkeys(self._hints):
                self._queue.enqueue(kind, run_id, fence)
        except UnavailableError as error:
            # No failure: what waits is stored, and the reconciler enqueues whatever has no live hint.
            logger.warning("The queue took no hint; the reconciler will send it: %s", error)


def sql_storage(engine: Engine, queue: JobQueue) -> UnitOfWorkFactory:
    """Return the factory that services take."""
    return lambda: SqlUnitOfWork(engine, queue)
