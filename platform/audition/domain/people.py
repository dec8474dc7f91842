"""Who uses Audition: staff with roles, candidates with invitations."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Role(StrEnum):
    """What an account may do."""

    REVIEWER = "reviewer"
    AUTHOR = "author"
    OPERATOR = "operator"


class Scope(StrEnum):
    """What an API token may be narrowed to; a token without any may do what its owner may."""

    AUTHOR = "author"
    REVIEW = "review"
    OPERATE = "operate"

    @property
    def role(self) -> Role:
        """The role that is needed for it, and that is left with it."""
        return _ROLES[self]


_ROLES = {Scope.AUTHOR: Role.AUTHOR, Scope.REVIEW: Role.REVIEWER, Scope.OPERATE: Role.OPERATOR}


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffUser:
    """A person of the hiring team."""

    id: str
    email: str
    name: str
    password_hash: str
    roles: frozenset[Role]
    created_at: datetime
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A person being assessed."""

    id: str
    email: str
    name: str
    alias: str
    """What reviewers see until they have signed, e.g. "Teal Heron"."""
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """One candidate's access to one challenge version. The token itself is never stored."""

    id: str
    candidate_id: str
    challenge_version_id: str
    token_digest: str
    """SHA-256 of the link's token, hex."""
    attempts: int
    created_at: datetime
    expires_at: datetime
    """As everybody else has it; `ends_at` is what holds."""
    started_at: datetime | None = None
    revoked_at: datetime | None = None
    extra_hours: float = 0.0
    """Granted before the start, e.g. as an adjustment for a disability; no reviewer is ever told."""
    chosen_submission_id: str | None = None
    """The attempt that is to count, in the candidate's choice; None for the one with the highest score."""
    variant: int = 0
    """Number of the candidate's copy of the training data; 0 where everybody has the same."""

    clock_hours: float | None = None
    """Time for the work from the start on, pauses not counted; None where only the window ends it."""
    pauses: int = 0
    """How often the clock may be stopped."""
    pauses_used: int = 0
    paused_at: datetime | None = None
    """Since when it stands still; None while it runs."""
    paused_seconds: float = 0.0
    """Of the pauses that are over."""

    @property
    def window_ends_at(self) -> datetime:
        """When its window ends, extra time included; no pause moves it."""
        return self.expires_at + timedelta(hours=self.extra_hours)

    @property
    def ends_at(self) -> datetime:
        """When the candidate's time is up: the personal clock's end, as far as the window reaches.

        While the clock stands still it is what it was when the pause began.
        """
        if self.clock_hours is None or self.started_at is None:
            return self.window_ends_at
        allowed = timedelta(hours=self.clock_hours + self.extra_hours, seconds=self.paused_seconds)
        return min(self.window_ends_at, self.started_at + allowed)

    def is_over(self, now: datetime) -> bool:
        """Whether nothing can be handed in any more."""
        return (self.window_ends_at if self.paused_at else self.ends_at) <= now


class PrincipalKind(StrEnum):
    """The two kinds of people that can be signed in."""

    STAFF = "staff"
    CANDIDATE = "candidate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser session or an API token; the secret itself is never stored."""

    id: str
    token_digest: str
    kind: PrincipalKind
    subject_id: str
    """Staff user id, or invitation id of a candidate."""
    is_api: bool
    label: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    scopes: tuple[Scope, ...] = ()
    """What it is narrowed to; empty for all that its owner may do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what to which thing, and why; append-only."""

    at: datetime
    actor: str
    action: str
    subject: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who is asking."""

    kind: PrincipalKind
    subject_id: str
    """Staff user id, or invitation id of a candidate."""
    name: str
    session_id: str
    roles: frozenset[Role] = frozenset()

    @property
    def actor(self) -> str:
        """How the audit log names them."""
        return f"{self.kind}:{self.subject_id}"

    def has_role(self, role: Role) -> bool:
        """Whether they are staff with this role; operators may do what every role may."""
        return self.kind == PrincipalKind.STAFF and bool({role, Role.OPERATOR} & self.roles)
