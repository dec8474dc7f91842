"""The tables in memory, and what a database would refuse."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from audition.domain.challenge import ChallengeVersion
from audition.domain.dispute import Dispute
from audition.domain.errors import ConflictError, NotFoundError
from audition.domain.evidence import Artifact
from audition.domain.grade import Grade
from audition.domain.kept_answer import KeptAnswer
from audition.domain.override import Override
from audition.domain.people import AuditEntry, Candidate, Invitation, Session, StaffUser
from audition.domain.review import Mark, Review
from audition.domain.run import Run, StageRecord
from audition.domain.scorecard import Scorecard
from audition.domain.share import Share
from audition.domain.submission import Submission
from audition.domain.webhook import Delivery, Webhook

V = TypeVar("V")


@dataclass(slots=True, kw_only=True)
class Tables:
    """Every table by its key, in order of insertion."""

    challenge_versions: dict[str, ChallengeVersion] = field(default_factory=dict)
    staff_users: dict[str, StaffUser] = field(default_factory=dict)
    candidates: dict[str, Candidate] = field(default_factory=dict)
    invitations: dict[str, Invitation] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    submissions: dict[str, Submission] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    stages: dict[tuple[str, int, str], StageRecord] = field(default_factory=dict)
    artifacts: dict[tuple[str, int, str, str, str], Artifact] = field(default_factory=dict)
    grades: dict[tuple[str, str], Grade] = field(default_factory=dict)
    reviews: dict[str, Review] = field(default_factory=dict)
    review_marks: dict[tuple[str, str], Mark] = field(default_factory=dict)
    disputes: dict[str, Dispute] = field(default_factory=dict)
    shares: dict[str, Share] = field(default_factory=dict)
    overrides: dict[str, Override] = field(default_factory=dict)
    scorecards: dict[str, Scorecard] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    webhook_deliveries: dict[str, Delivery] = field(default_factory=dict)
    kept_answers: dict[tuple[str, str], KeptAnswer] = field(default_factory=dict)
    audit_entries: dict[int, AuditEntry] = field(default_factory=dict)

    def copy(self) -> "Tables":
        """Copy all tables; their values never change."""
        return Tables(**{f.name: dict(getattr(self, f.name)) for f in fields(self)})


def look_up(table: Mapping[Any, V], key: Hashable, what: str, code: str) -> V:
    """The value under a key.

    Raises:
        NotFoundError: There is none.
    """
    if key not in table:
        msg = f"There is no {what}."
        raise NotFoundError(msg, code=code)
    return table[key]


def insert(table: dict[Any, V], key: Hashable, value: V, what: str) -> None:
    """Add a value under a new key.

    Raises:
        ConflictError: The key is taken.
    """
    if key in table:
        msg = f"{what} exists already."
        raise ConflictError(msg, code="already-exists")
    table[key] = value


def check_unique(table: dict[Any, V], value: V, key_of: Callable[[V], Hashable], what: str) -> None:
    """Refuse a second value with the same key; None is no key.

    Raises:
        ConflictError: There is one.
    """
    key = key_of(value)
    if key is not None and any(key_of(other) == key for other in table.values()):
        msg = f"{what} exists already."
        raise ConflictError(msg, code="already-exists")


def check_reference(table: dict[str, Any], key: str, what: str) -> None:
    """Refuse to refer to what is not stored.

    Raises:
        ConflictError: There is no such key.
    """
    if key not in table:
        msg = f"{what} refers to something that is not stored."
        raise ConflictError(msg, code="missing-reference")
