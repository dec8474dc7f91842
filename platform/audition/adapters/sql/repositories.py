"""Submissions, challenge versions and the audit log in SQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import desc, func, select, update

from audition.adapters.sql import tables
from audition.adapters.sql.rows import is_behind, to_row
from audition.adapters.sql.transaction import Transaction
from audition.domain.audit import AuditFilter, AuditLine
from audition.domain.challenge import ChallengeVersion
from audition.domain.errors import NotFoundError
from audition.domain.people import AuditEntry
from audition.domain.submission import State, Submission


class SqlSubmissions:
    """Implements `Submissions`."""

    def __init__(self, transaction: Transaction) -> None:
        """Work in an open transaction."""
        self._transaction = transaction

    def add(self, submission: Submission) -> None:
        """Insert."""
        what = f"Submission {submission.id}, or one with its idempotency key,"
        self._transaction.insert(tables.submissions, to_row(submission), what)

    def get(self, submission_id: str) -> Submission:
        """Return it."""
        found = self._transaction.one(
            Submission, select(tables.submissions).where(tables.submissions.c.id == submission_id)
        )
        if found is None:
            msg = f"There is no submission {submission_id}."
            raise NotFoundError(msg, code="submission-not-found")
        return found

    def by_key(self, invitation_id: str, idempotency_key: str) -> Submission | None:
        """Find what an earlier request with this key made."""
        table = tables.submissions
        return self._transaction.one(
            Submission,
            select(table).where(
                table.c.invitation_id == invitation_id, table.c.idempotency_key == idempotency_key
            ),
        )

    def of_invitation(self, invitation_id: str) -> tuple[Submission, ...]:
        """All of an invitation, oldest first."""
        table = tables.submissions
        return self._transaction.all(
            Submission,
            select(table)
            .where(table.c.invitation_id == invitation_id)
            .order_by(table.c.created_at, table.c.attempt_number, table.c.id),
        )

    def of_archive(self, version_id: str, archive_digest: str) -> tuple[Submission, ...]:
        """All of exactly these bytes to a challenge version, without practice, oldest first."""
        table = tables.submissions
        return self._transaction.all(
            Submission,
            select(table)
            .where(table.c.challenge_version_id == version_id, table.c.archive_digest == archive_digest)
            .where(table.c.is_practice.is_(False))
            .order_by(table.c.created_at, table.c.id),
        )

    def of_version(self, version_id: str) -> tuple[Submission, ...]:
        """All to a challenge version, without practice, oldest first."""
        table = tables.submissions
        return self._transaction.all(
            Submission,
            select(table)
            .where(table.c.challenge_version_id == version_id, table.c.is_practice.is_(False))
            .order_by(table.c.created_at, table.c.attempt_number, table.c.id),
        )

    def in_states(self, states: Sequence[State], limit: int = 1000) -> tuple[Submission, ...]:
        """Submissions in any of the states, oldest first."""
        table = tables.submissions
        return self._transaction.all(
            Submission,
            select(table)
            .where(table.c.state.in_([state.value for state in states]))
            .order_by(table.c.created_at, table.c.attempt_number, table.c.id)
            .limit(limit),
        )

    def recent(self, limit: int = 200, before: Submission | None = None) -> tuple[Submission, ...]:
        """Newest first, without practice."""
        table = tables.submissions
        newest = (desc(table.c.created_at), desc(table.c.attempt_number), desc(table.c.id))
        assessed = select(table).where(table.c.is_practice.is_(False))
        if before is not None:
            age = ("created_at", "attempt_number", "id")
            assessed = assessed.where(is_behind(table, {name: getattr(before, name) for name in age}))
        return self._transaction.all(Submission, assessed.order_by(*newest).limit(limit))

    def move(self, submission_id: str, old: State, new: State, reason: str, at: datetime) -> bool:
        """Compare-and-set of the state."""
        table = tables.submissions
        statement = (
            update(table)
            .where(table.c.id == submission_id, table.c.state == old.value)
            .values(state=new.value, state_reason=reason, state_changed_at=at)
        )
        return self._transaction.change(statement) == 1

    def mark_released(self, submission_id: str, at: datetime) -> None:
        """Store when the report was released."""
        table = tables.submissions
        self._transaction.change(update(table).where(table.c.id == submission_id).values(released_at=at))

    def archive_digests(self) -> frozenset[str]:
        """Digests of everything that was uploaded and is still recorded."""
        return frozenset(self._transaction.texts(select(tables.submissions.c.archive_digest).distinct()))

    def count_by_state(self) -> dict[State, int]:
        """How many there are, practice included; a state without any is left out."""
        table = tables.submissions
        counted = select(table.c.state, func.count()).group_by(table.c.state)
        return {State(state): count for state, count in self._transaction.rows(counted)}


class SqlChallenges:
    """Implements `Challenges`."""

    def __init__(self, transaction: Transaction) -> None:
        """Work in an open transaction."""
        self._transaction = transaction

    def add(self, version: ChallengeVersion) -> None:
        """Insert."""
        what = f"Version {version.number} of challenge {version.slug}, or one with its content,"
        self._transaction.insert(tables.challenge_versions, to_row(version), what)

    def get(self, version_id: str) -> ChallengeVersion:
        """Return it."""
        table = tables.challenge_versions
        found = self._transaction.one(ChallengeVersion, select(table).where(table.c.id == version_id))
        if found is None:
            msg = f"There is no challenge version {version_id}."
            raise NotFoundError(msg, code="challenge-version-not-found")
        return found

    def latest(self, slug: str, at: datetime | None = None) -> ChallengeVersion:
        """Return the newest version."""
        table = tables.challenge_versions
        asked = select(table).where(table.c.slug == slug)
        if at is not None:
            asked = asked.where(table.c.published_at <= at)
        found = self._transaction.one(ChallengeVersion, asked.order_by(desc(table.c.number)).limit(1))
        if found is None:
            msg = f"No version of a challenge named {slug!r} is published."
            raise NotFoundError(msg, code="challenge-not-found", next_step="Publish it: `audition publish`.")
        return found

    def by_digest(self, digest: str) -> ChallengeVersion | None:
        """Find the version with exactly this content."""
        table = tables.challenge_versions
        return self._transaction.one(ChallengeVersion, select(table).where(table.c.digest == digest))

    def all(self) -> tuple[ChallengeVersion, ...]:
        """Newest first."""
        table = tables.challenge_versions
        newest = (desc(table.c.published_at), desc(table.c.number), table.c.slug)
        return self._transaction.all(ChallengeVersion, select(table).order_by(*newest))


class SqlAuditLog:
    """Implements `AuditLog`."""

    def __init__(self, transaction: Transaction) -> None:
        """Work in an open transaction."""
        self._transaction = transaction

    def add(self, entry: AuditEntry) -> None:
        """Append."""
        self._transaction.insert(tables.audit_entries, to_row(entry), "The audit entry")

    def about(self, subject: str) -> tuple[AuditEntry, ...]:
        """Entries on one thing, oldest first."""
        table = tables.audit_entries
        return self._transaction.all(
            AuditEntry, select(table).where(table.c.subject == subject).order_by(table.c.id)
        )

    def newest(self, wanted: AuditFilter, limit: int, before: int | None = None) -> tuple[AuditLine, ...]:
        """Newest first, at most `limit`; with `before` those with a lower number."""
        table = tables.audit_entries
        asked = [table.c[name] == value for name, value in to_row(wanted).items() if value]
        if before is not None:
            asked.append(table.c.id < before)
        lines = select(table, table.c.id.label("number")).where(*asked).order_by(desc(table.c.id))
        return self._transaction.all(AuditLine, lines.limit(limit))
