"""Who is stored: staff, candidates, their invitations and sessions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from audition.domain.people import Candidate, Invitation, PrincipalKind, Session, StaffUser


class People(Protocol):
    """Staff, candidates, invitations, sessions."""

    def add_staff(self, user: StaffUser) -> None:
        """Insert.

        Raises:
            ConflictError: Same e-mail address.
        """
        ...

    def staff(self, user_id: str) -> StaffUser:
        """Return the account.

        Raises:
            NotFoundError: No such account.
        """
        ...

    def staff_by_email(self, email: str) -> StaffUser | None:
        """The account with this address, compared in lower case."""
        ...

    def add_candidate(self, candidate: Candidate) -> None:
        """Insert.

        Raises:
            ConflictError: Same e-mail address.
        """
        ...

    def candidate(self, candidate_id: str) -> Candidate:
        """Return the candidate.

        Raises:
            NotFoundError: No such candidate.
        """
        ...

    def candidate_by_email(self, email: str) -> Candidate | None:
        """The candidate with this address, compared in lower case."""
        ...

    def add_invitation(self, invitation: Invitation) -> None:
        """Insert."""
        ...

    def save_invitation(self, invitation: Invitation) -> None:
        """Replace by id.

        Raises:
            NotFoundError: No such invitation.
        """
        ...

    def invitation(self, invitation_id: str) -> Invitation:
        """Return it.

        Raises:
            NotFoundError: No such invitation.
        """
        ...

    def invitation_by_token(self, token_digest: str) -> Invitation | None:
        """The invitation whose link has this token digest."""
        ...

    def invitations(
        self, limit: int | None = None, before: Invitation | None = None
    ) -> tuple[Invitation, ...]:
        """Newest first, at most `limit`; with `before` those that come behind it in this order."""
        ...

    def invitations_to(self, version_id: str) -> tuple[Invitation, ...]:
        """To a challenge version, newest first."""
        ...

    def candidates_of(self, version_id: str) -> tuple[Candidate, ...]:
        """Everybody invited to a challenge version, each once, by id."""
        ...

    def invitations_of(self, candidate_id: str) -> tuple[Invitation, ...]:
        """All of a candidate, newest first."""
        ...

    def sessions_of(self, invitation_ids: Sequence[str]) -> tuple[Session, ...]:
        """Browser sessions and API tokens of some candidates' invitations, oldest first."""
        ...

    def erase(self, candidate_id: str) -> tuple[str, ...]:
        """Delete a candidate and everything that hangs on them, but for the audit log.

        Entries of the log about what is deleted stay, without their reasons: those quote candidates' files.

        Returns:
            Digests of blobs that were theirs and that no other submission has.
        """
        ...

    def aliases(self, invitation_ids: Sequence[str]) -> dict[str, str]:
        """What reviewers call the candidates of some invitations, by invitation."""
        ...

    def tokens_of(self, kind: PrincipalKind, subject_id: str) -> tuple[Session, ...]:
        """All API tokens of somebody, oldest first, ended ones as well."""
        ...

    def add_session(self, session: Session) -> None:
        """Insert."""
        ...

    def session_by_token(self, token_digest: str) -> Session | None:
        """The session or API token with this digest."""
        ...

    def revoke_session(self, session_id: str, at: datetime) -> None:
        """End a session or API token."""
        ...
