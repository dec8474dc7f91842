"""Staff, candidates, invitations and sessions in SQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import desc, select, update

from audition.adapters.sql import tables
from audition.adapters.sql.erasure import erase
from audition.adapters.sql.rows import is_behind, to_row
from audition.adapters.sql.transaction import Transaction
from audition.domain.errors import NotFoundError
from audition.domain.people import Candidate, Invitation, PrincipalKind, Session, StaffUser


class SqlPeople:
    """Implements `People`."""

    def __init__(self, transaction: Transaction) -> None:
        """Work in an open transaction."""
        self._transaction = transaction

    def add_staff(self, user: StaffUser) -> None:
        """Insert."""
        row = to_row(user, email_key=email_key(user.email))
        self._transaction.insert(tables.staff_users, row, f"An account with {user.email}")

    def staff(self, user_id: str) -> StaffUser:
        """Return the account."""
        table = tables.staff_users
        found = self._transaction.one(StaffUser, select(table).where(table.c.id == user_id))
        if found is None:
            msg = f"There is no account {user_id}."
            raise NotFoundError(msg, code="account-not-found")
        return found

    def staff_by_email(self, email: str) -> StaffUser | None:
        """Find the account with this address."""
        table = tables.staff_users
        return self._transaction.one(StaffUser, select(table).where(table.c.email_key == email_key(email)))

    def add_candidate(self, candidate: Candidate) -> None:
        """Insert."""
        row = to_row(candidate, email_key=email_key(candidate.email))
        self._transaction.insert(tables.candidates, row, f"A candidate with {candidate.email}")

    def candidate(self, candidate_id: str) -> Candidate:
        """Return the candidate."""
        table = tables.candidates
        found = self._transaction.one(Candidate, select(table).where(table.c.id == candidate_id))
        if found is None:
            msg = f"There is no candidate {candidate_id}."
            raise NotFoundError(msg, code="candidate-not-found")
        return found

    def candidate_by_email(self, email: str) -> Candidate | None:
        """Find the candidate with this address."""
        table = tables.candidates
        return self._transaction.one(Candidate, select(table).where(table.c.email_key == email_key(email)))

    def add_invitation(self, invitation: Invitation) -> None:
        """Insert."""
        what = f"Invitation {invitation.id}, or one with its token,"
        self._transaction.insert(tables.invitations, to_row(invitation), what)

    def save_invitation(self, invitation: Invitation) -> None:
        """Replace by id."""
        table = tables.invitations
        statement = update(table).where(table.c.id == invitation.id).values(to_row(invitation))
        if self._transaction.change(statement) == 0:
            raise _no_invitation(invitation.id)

    def invitation(self, invitation_id: str) -> Invitation:
        """Return it."""
        table = tables.invitations
        found = self._transaction.one(Invitation, select(table).where(table.c.id == invitation_id))
        if found is None:
            raise _no_invitation(invitation_id)
        return found

    def invitation_by_token(self, token_digest: str) -> Invitation | None:
        """Find the invitation whose link has this token digest."""
        table = tables.invitations
        return self._transaction.one(Invitation, select(table).where(table.c.token_digest == token_digest))

    def invitations(
        self, limit: int | None = None, before: Invitation | None = None
    ) -> tuple[Invitation, ...]:
        """Newest first."""
        table = tables.invitations
        found = select(table).order_by(desc(table.c.created_at), desc(table.c.id)).limit(limit)
        if before is not None:
            found = found.where(is_behind(table, {"created_at": before.created_at, "id": before.id}))
        return self._transaction.all(Invitation, found)

    def invitations_to(self, version_id: str) -> tuple[Invitation, ...]:
        """To a challenge version, newest first."""
        table = tables.invitations
        statement = select(table).where(table.c.challenge_version_id == version_id)
        return self._transaction.all(
            Invitation, statement.order_by(desc(table.c.created_at), desc(table.c.id))
        )

    def candidates_of(self, version_id: str) -> tuple[Candidate, ...]:
        """Everybody invited to a challenge version, each once, by id."""
        table, invitations = tables.candidates, tables.invitations
        invited = select(invitations.c.candidate_id).where(invitations.c.challenge_version_id == version_id)
        found = self._transaction.all(Candidate, select(table).where(table.c.id.in_(invited)))
        return tuple(sorted(found, key=lambda candidate: candidate.id))

    def invitations_of(self, candidate_id: str) -> tuple[Invitation, ...]:
        """All of a candidate, newest first."""
        table = tables.invitations
        statement = select(table).where(table.c.candidate_id == candidate_id)
        return self._transaction.all(
            Invitation, statement.order_by(desc(table.c.created_at), desc(table.c.id))
        )

    def sessions_of(self, invitation_ids: Sequence[str]) -> tuple[Session, ...]:
        """Sessions and API tokens of some candidates' invitations, oldest first."""
        table = tables.sessions
        statement = select(table).where(
            table.c.subject_id.in_(list(invitation_ids)), table.c.kind == PrincipalKind.CANDIDATE.value
        )
        return self._transaction.all(Session, statement.order_by(table.c.created_at, table.c.id))

    def erase(self, candidate_id: str) -> tuple[str, ...]:
        """Delete a candidate and everything that hangs on them, but for the audit log."""
        return erase(self._transaction, candidate_id)

    def aliases(self, invitation_ids: Sequence[str]) -> dict[str, str]:
        """What reviewers call the candidates of some invitations, by invitation."""
        table, invitations = tables.candidates, tables.invitations
        pairs = select(invitations.c.id, table.c.alias).join(table, table.c.id == invitations.c.candidate_id)
        return self._transaction.pairs(pairs.where(invitations.c.id.in_(list(invitation_ids))))

    def tokens_of(self, kind: PrincipalKind, subject_id: str) -> tuple[Session, ...]:
        """All API tokens of somebody, oldest first."""
        table = tables.sessions
        found = select(table).where(
            table.c.kind == kind.value, table.c.subject_id == subject_id, table.c.is_api.is_(True)
        )
        return self._transaction.all(Session, found.order_by(table.c.created_at, table.c.id))

    def add_session(self, session: Session) -> None:
        """Insert."""
        what = f"Session {session.id}, or one with its token,"
        self._transaction.insert(tables.sessions, to_row(session), what)

    def session_by_token(self, token_digest: str) -> Session | None:
        """Find the session or API token with this digest."""
        table = tables.sessions
        return self._transaction.one(Session, select(table).where(table.c.token_digest == token_digest))

    def revoke_session(self, session_id: str, at: datetime) -> None:
        """End a session or API token; the first end is the one that is kept."""
        table = tables.sessions
        self._transaction.change(
            update(table).where(table.c.id == session_id, table.c.revoked_at.is_(None)).values(revoked_at=at)
        )


def email_key(email: str) -> str:
    """How addresses are compared. Made here, because SQLite's own lower() knows ASCII only."""
    return email.strip().lower()


def _no_invitation(invitation_id: str) -> NotFoundError:
    return NotFoundError(f"There is no invitation {invitation_id}.", code="invitation-not-found")
