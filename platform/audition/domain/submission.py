"""A submission and where it is in its life.

Theory of operation. *State* says where a submission is; *verdict* (see `run.py`) says what happened when it
ran. They never mix: a candidate's failure is a verdict, and the submission goes on to be graded with whatever
evidence there is. `TRANSITIONS` is the whole life as data; services may only move along its arrows, every
move is written to the audit log with its reason, and the reconciler uses the same table.

One arrow is ours beyond the usual: RUNNING -> REJECTED. An archive can only be opened inside a container, so
a submission that turns out to be no archive at all is refused from there, and a refusal costs no attempt.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from audition.domain.errors import ConflictError


class State(StrEnum):
    """Where a submission is."""

    RECEIVED = "received"
    REJECTED = "rejected"
    QUEUED = "queued"
    RUNNING = "running"
    GRADING = "grading"
    GRADED = "graded"
    RELEASED = "released"
    ERRORED = "errored"
    CANCELLED = "cancelled"


TRANSITIONS: dict[State, frozenset[State]] = {
    State.RECEIVED: frozenset({State.QUEUED, State.REJECTED}),
    State.REJECTED: frozenset(),
    State.QUEUED: frozenset({State.RUNNING, State.ERRORED, State.CANCELLED}),
    State.RUNNING: frozenset({State.GRADING, State.QUEUED, State.ERRORED, State.CANCELLED, State.REJECTED}),
    State.GRADING: frozenset({State.GRADED, State.GRADING, State.ERRORED}),
    State.GRADED: frozenset({State.RELEASED, State.GRADING, State.QUEUED}),
    State.RELEASED: frozenset(),
    State.ERRORED: frozenset({State.QUEUED, State.GRADING, State.CANCELLED}),
    State.CANCELLED: frozenset(),
}

END_STATES = frozenset(state for state, leaves_to in TRANSITIONS.items() if not leaves_to)
#: States in which a worker holds, or may hold, a lease on the submission's run.
LEASED_STATES = frozenset({State.RUNNING, State.GRADING})
#: States that do not use up one of the candidate's attempts.
FREE_STATES = frozenset({State.REJECTED, State.ERRORED, State.CANCELLED})
#: States in which nothing more happens until a person acts.
SETTLED_STATES = END_STATES | {State.GRADED, State.ERRORED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One upload by one candidate for one challenge version."""

    id: str
    invitation_id: str
    challenge_version_id: str
    archive_digest: str
    """SHA-256 of the received bytes, hex; also their key in the blob store."""
    archive_bytes: int
    archive_name: str
    """The file name the candidate gave, for display only; hostile text."""
    state: State
    state_reason: str
    """Why it is in this state, a sentence; shown to staff, and to the candidate when REJECTED."""
    attempt_number: int
    """1 for the first upload on the invitation; practice is counted too, so that each has a number of its own."""
    idempotency_key: str | None
    created_at: datetime
    state_changed_at: datetime
    released_at: datetime | None = None
    is_practice: bool = False
    """It counts for nothing, and nobody but its candidate sees it; see `domain.practice`."""


def check_transition(submission_id: str, old: State, new: State) -> None:
    """Refuse a move that is not in `TRANSITIONS`.

    Raises:
        ConflictError: The move does not exist; the message names both states.
    """
    if new not in TRANSITIONS[old]:
        allowed = ", ".join(sorted(TRANSITIONS[old])) or "nothing: it is an end state"
        msg = f"Submission {submission_id} is {old} and cannot become {new} (possible: {allowed})."
        raise ConflictError(msg, code="state-conflict")
