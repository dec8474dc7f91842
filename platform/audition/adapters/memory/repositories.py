"""Submissions, challenge versions, people and the audit log in memory."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from itertools import islice

from audition.adapters.memory.erasure import erase
from audition.adapters.memory.tables import Tables, check_reference, check_unique, insert, look_up
from audition.domain.audit import AuditFilter, AuditLine
from audition.domain.challenge import ChallengeVersion
from audition.domain.errors import NotFoundError
from audition.domain.people import (
    AuditEntry,
    Candidate,
    Invitation,
    PrincipalKind,
    Session,
    StaffUser,
)
from audition.domain.submission import State, Submission

Open = Callable[[], Tables]


class MemorySubmissions:
    """Implements `Submissions`."""

    def __init__(self, tables: Open) -> None:
        """Work on the tables of an open unit of work."""
        self._tables = tables

    def add(self, submission: Submission) -> None:
        """Insert."""
        tables, what = self._tables(), f"Submission {submission.id}"
        check_reference(tables.invitations, submission.invitation_id, what)
        check_reference(tables.challenge_versions, submission.challenge_version_id, what)
        check_unique(tables.submissions, submission, _idempotency, what)
        check_unique(tables.submissions, submission, _attempt, what)
        insert(tables.submissions, submission.id, submission, what)

    def get(self, submission_id: str) -> Submission:
        """Return it."""
        return look_up(
            self._tables().submissions, submission_id, f"submission {submission_id}", "submission-not-found"
        )

    def by_key(self, invitation_id: str, idempotency_key: str) -> Submission | None:
        """Find what an earlier request with this key made."""
        key = (invitation_id, idempotency_key)
        return next((s for s in self._sorted() if _idempotency(s) == key), None)

    def of_invitation(self, invitation_id: str) -> tuple[Submission, ...]:
        """All of an invitation, oldest first."""
        return tuple(s for s in self._sorted() if s.invitation_id == invitation_id)

    def of_archive(self, version_id: str, archive_digest: str) -> tuple[Submission, ...]:
        """All of exactly these bytes to a challenge version, without practice, oldest first."""
        return tuple(s for s in self.of_version(version_id) if s.archive_digest == archive_digest)

    def of_version(self, version_id: str) -> tuple[Submission, ...]:
        """All to a challenge version, without practice, oldest first."""
        found = (s for s in self._sorted() if s.challenge_version_id == version_id)
        return tuple(s for s in found if not s.is_practice)

    def in_states(self, states: Sequence[State], limit: int = 1000) -> tuple[Submission, ...]:
        """Submissions in any of the states, oldest first."""
        return tuple(s for s in self._sorted() if s.state in states)[:limit]

    def recent(self, limit: int = 200, before: Submission | None = None) -> tuple[Submission, ...]:
        """Newest first, without practice."""
        found = (s for s in reversed(self._sorted()) if before is None or _age(s) < _age(before))
        return tuple(s for s in found if not s.is_practice)[:limit]

    def move(self, submission_id: str, old: State, new: State, reason: str, at: datetime) -> bool:
        """Compare-and-set of the state."""
        found = self._tables().submissions.get(submission_id)
        if found is None or found.state != old:
            return False
        self._save(replace(found, state=new, state_reason=reason, state_changed_at=at))
        return True

    def mark_released(self, submission_id: str, at: datetime) -> None:
        """Store when the report was released."""
        found = self._tables().submissions.get(submission_id)
        if found is not None:
            self._save(replace(found, released_at=at))

    def archive_digests(self) -> frozenset[str]:
        """Digests of everything that was uploaded and is still recorded."""
        return frozenset(s.archive_digest for s in self._tables().submissions.values())

    def count_by_state(self) -> dict[State, int]:
        """How many there are, practice included; a state without any is left out."""
        return dict(Counter(s.state for s in self._tables().submissions.values()))

    def _save(self, submission: Submission) -> None:
        self._tables().submissions[submission.id] = submission

    def _sorted(self) -> list[Submission]:
        return sorted(self._tables().submissions.values(), key=_age)


def _age(submission: Submission) -> tuple[datetime, int, str]:
    return submission.created_at, submission.attempt_number, submission.id


class MemoryChallenges:
    """Implements `Challenges`."""

    def __init__(self, tables: Open) -> None:
        """Work on the tables of an open unit of work."""
        self._tables = tables

    def add(self, version: ChallengeVersion) -> None:
        """Insert."""
        table = self._tables().challenge_versions
        what = f"Version {version.number} of challenge {version.slug}"
        check_unique(table, version, lambda v: (v.slug, v.number), what)
        check_unique(table, version, lambda v: v.digest, f"{what}, or one with its content,")
        insert(table, version.id, version, what)

    def get(self, version_id: str) -> ChallengeVersion:
        """Return it."""
        table = self._tables().challenge_versions
        return look_up(table, version_id, f"challenge version {version_id}", "challenge-version-not-found")

    def latest(self, slug: str, at: datetime | None = None) -> ChallengeVersion:
        """Return the newest version."""
        versions = [v for v in self._tables().challenge_versions.values() if v.slug == slug]
        if at is not None:
            versions = [v for v in versions if v.published_at <= at]
        if not versions:
            msg = f"No version of a challenge named {slug!r} is published."
            raise NotFoundError(msg, code="challenge-not-found")
        return max(versions, key=lambda v: v.number)

    def by_digest(self, digest: str) -> ChallengeVersion | None:
        """Find the version with exactly this content."""
        versions = self._tables().challenge_versions.values()
        return next((v for v in versions if v.digest == digest), None)

    def all(self) -> tuple[ChallengeVersion, ...]:
        """Newest first."""
        by_name = sorted(self._tables().challenge_versions.values(), key=lambda v: v.slug)
        return tuple(sorted(by_name, key=lambda v: (v.published_at, v.number), reverse=True))


class MemoryPeople:
    """Implements `People`."""

    def __init__(self, tables: Open) -> None:
        """Work on the tables of an open unit of work."""
        self._tables = tables

    def add_staff(self, user: StaffUser) -> None:
        """Insert."""
        table, what = self._tables().staff_users, f"An account with {user.email}"
        check_unique(table, user, lambda u: _email_key(u.email), what)
        insert(table, user.id, user, what)

    def staff(self, user_id: str) -> StaffUser:
        """Return the account."""
        return look_up(self._tables().staff_users, user_id, f"account {user_id}", "account-not-found")

    def staff_by_email(self, email: str) -> StaffUser | None:
        """Find the account with this address."""
        users = self._tables().staff_users.values()
        return next((u for u in users if _email_key(u.email) == _email_key(email)), None)

    def add_candidate(self, candidate: Candidate) -> None:
        """Insert."""
        table, what = self._tables().candidates, f"A candidate with {candidate.email}"
        check_unique(table, candidate, lambda c: _email_key(c.email), what)
        insert(table, candidate.id, candidate, what)

    def candidate(self, candidate_id: str) -> Candidate:
        """Return the candidate."""
        return look_up(
            self._tables().candidates, candidate_id, f"candidate {candidate_id}", "candidate-not-found"
        )

    def candidate_by_email(self, email: str) -> Candidate | None:
        """Find the candidate with this address."""
        candidates = self._tables().candidates.values()
        return next((c for c in candidates if _email_key(c.email) == _email_key(email)), None)

    def add_invitation(self, invitation: Invitation) -> None:
        """Insert."""
        tables, what = self._tables(), f"Invitation {invitation.id}"
        self._check_invitation(invitation)
        check_unique(tables.invitations, invitation, lambda i: i.token_digest, what)
        insert(tables.invitations, invitation.id, invitation, what)

    def save_invitation(self, invitation: Invitation) -> None:
        """Replace by id."""
        self.invitation(invitation.id)
        self._check_invitation(invitation)
        self._tables().invitations[invitation.id] = invitation

    def invitation(self, invitation_id: str) -> Invitation:
        """Return it."""
        return look_up(
            self._tables().invitations, invitation_id, f"invitation {invitation_id}", "invitation-not-found"
        )

    def invitation_by_token(self, token_digest: str) -> Invitation | None:
        """Find the invitation whose link has this token digest."""
        invitations = self._tables().invitations.values()
        return next((i for i in invitations if i.token_digest == token_digest), None)

    def invitations(
        self, limit: int | None = None, before: Invitation | None = None
    ) -> tuple[Invitation, ...]:
        """Newest first."""
        newest = sorted(self._tables().invitations.values(), key=lambda i: (i.created_at, i.id), reverse=True)
        last = None if before is None else (before.created_at, before.id)
        return tuple(i for i in newest if last is None or (i.created_at, i.id) < last)[:limit]

    def invitations_to(self, version_id: str) -> tuple[Invitation, ...]:
        """To a challenge version, newest first."""
        return tuple(i for i in self.invitations() if i.challenge_version_id == version_id)

    def candidates_of(self, version_id: str) -> tuple[Candidate, ...]:
        """Everybody invited to a challenge version, each once, by id."""
        invited = sorted({i.candidate_id for i in self.invitations_to(version_id)})
        return tuple(self.candidate(candidate_id) for candidate_id in invited)

    def invitations_of(self, candidate_id: str) -> tuple[Invitation, ...]:
        """All of a candidate, newest first."""
        return tuple(i for i in self.invitations() if i.candidate_id == candidate_id)

    def sessions_of(self, invitation_ids: Sequence[str]) -> tuple[Session, ...]:
        """Sessions and API tokens of some candidates' invitations, oldest first."""
        found = self._tables().sessions.values()
        theirs = (s for s in found if s.kind == PrincipalKind.CANDIDATE and s.subject_id in invitation_ids)
        return tuple(sorted(theirs, key=lambda s: (s.created_at, s.id)))

    def erase(self, candidate_id: str) -> tuple[str, ...]:
        """Delete a candidate and everything that hangs on them, but for the audit log."""
        return erase(self._tables(), candidate_id)

    def aliases(self, invitation_ids: Sequence[str]) -> dict[str, str]:
        """What reviewers call the candidates of some invitations, by invitation."""
        tables = self._tables()
        found = (tables.invitations[i] for i in invitation_ids if i in tables.invitations)
        return {i.id: tables.candidates[i.candidate_id].alias for i in found}

    def tokens_of(self, kind: PrincipalKind, subject_id: str) -> tuple[Session, ...]:
        """All API tokens of somebody, oldest first."""
        sessions = self._tables().sessions.values()
        found = [s for s in sessions if s.is_api and s.kind == kind and s.subject_id == subject_id]
        return tuple(sorted(found, key=lambda session: (session.created_at, session.id)))

    def add_session(self, session: Session) -> None:
        """Insert."""
        table, what = self._tables().sessions, f"Session {session.id}"
        check_unique(table, session, lambda s: s.token_digest, what)
        insert(table, session.id, session, what)

    def session_by_token(self, token_digest: str) -> Session | None:
        """Find the session or API token with this digest."""
        sessions = self._tables().sessions.values()
        return next((s for s in sessions if s.token_digest == token_digest), None)

    def revoke_session(self, session_id: str, at: datetime) -> None:
        """End a session or API token; the first end is the one that is kept."""
        found = self._tables().sessions.get(session_id)
        if found is not None and found.revoked_at is None:
            self._tables().sessions[session_id] = replace(found, revoked_at=at)

    def _check_invitation(self, invitation: Invitation) -> None:
        tables, what = self._tables(), f"Invitation {invitation.id}"
        check_reference(tables.candidates, invitation.candidate_id, what)
        check_reference(tables.challenge_versions, invitation.challenge_version_id, what)


class MemoryAuditLog:
    """Implements `AuditLog`."""

    def __init__(self, tables: Open) -> None:
        """Work on the tables of an open unit of work."""
        self._tables = tables

    def add(self, entry: AuditEntry) -> None:
        """Append."""
        table = self._tables().audit_entries
        table[len(table)] = entry

    def about(self, subject: str) -> tuple[AuditEntry, ...]:
        """Entries on one thing, oldest first."""
        return tuple(e for e in self._tables().audit_entries.values() if e.subject == subject)

    def newest(self, wanted: AuditFilter, limit: int, before: int | None = None) -> tuple[AuditLine, ...]:
        """Newest first, at most `limit`; with `before` those with a lower number."""
        asked = {name: value for name, value in asdict(wanted).items() if value}
        found = (
            AuditLine(number=number, **asdict(entry))
            for number, entry in reversed(self._tables().audit_entries.items())
            if (before is None or number < before)
            and all(getattr(entry, name) == value for name, value in asked.items())
        )
        return tuple(islice(found, limit))


def _attempt(submission: Submission) -> tuple[str, int]:
    return (submission.invitation_id, submission.attempt_number)


def _idempotency(submission: Submission) -> tuple[str, str] | None:
    key = submission.idempotency_key
    return None if key is None else (submission.invitation_id, key)


def _email_key(email: str) -> str:
    return email.strip().lower()
