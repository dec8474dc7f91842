"""Receive a submission: store the bytes, then record it and its first run in one transaction."""

from dataclasses import dataclass
from typing import BinaryIO

from audition.domain.challenge import ChallengeVersion
from audition.domain.errors import ConflictError, InvalidError
from audition.domain.people import Invitation, Principal
from audition.domain.practice import MOST_PRACTICE
from audition.domain.run import Run
from audition.domain.submission import FREE_STATES, SETTLED_STATES, State, Submission
from audition.ports import Ports, UnitOfWork
from audition.services.authorize import own_invitation
from audition.services.transition import transition

_MAX_NAME = 200
_MAX_KEY = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """What the candidate sent."""

    stream: BinaryIO
    name: str
    idempotency_key: str | None = None
    is_practice: bool = False
    """Whether it is to be a practice run, which costs no attempt."""


def attempts_left(invitation: Invitation, submissions: tuple[Submission, ...]) -> int:
    """Attempts the candidate still has; practice, refused, cancelled and platform-failed ones are free."""
    return max(0, invitation.attempts - _used(submissions, is_practice=False))


def practice_left(submissions: tuple[Submission, ...]) -> int:
    """Practice runs the candidate still has; those that did not run are free."""
    return max(0, MOST_PRACTICE - _used(submissions, is_practice=True))


def _used(submissions: tuple[Submission, ...], *, is_practice: bool) -> int:
    return sum(s.is_practice == is_practice and s.state not in FREE_STATES for s in submissions)


def submit(ports: Ports, principal: Principal, upload: Upload) -> Submission:
    """Accept an upload; the same idempotency key again returns the same submission.

    The bytes are stored before the transaction, so that none is open while they arrive; an upload that is
    then refused leaves a blob that nothing names.

    Raises:
        InvalidError: Empty or too large; costs no attempt.
        ConflictError: No attempt left, window over, or one is still in progress.
    """
    if upload.idempotency_key is not None and not 0 < len(upload.idempotency_key) <= _MAX_KEY:
        msg = f"The idempotency key must have 1 to {_MAX_KEY} characters."
        raise InvalidError(msg, code="bad-idempotency-key")
    with ports.unit_of_work() as uow:
        invitation, version = own_invitation(uow, principal)
        if known := _known(uow, invitation, upload):
            return known
        _check_may_submit(ports, uow, invitation, upload)
    digest, size = _store(ports, upload, version)
    with ports.unit_of_work() as uow:
        if known := _known(uow, invitation, upload):
            return known
        earlier = _check_may_submit(ports, uow, invitation, upload)
        submission = _record(ports, uow, principal, invitation, upload, digest, size, len(earlier))
        uow.commit()
    return submission


def _known(uow: UnitOfWork, invitation: Invitation, upload: Upload) -> Submission | None:
    if upload.idempotency_key is None:
        return None
    return uow.submissions.by_key(invitation.id, upload.idempotency_key)


def _check_may_submit(
    ports: Ports, uow: UnitOfWork, invitation: Invitation, upload: Upload
) -> tuple[Submission, ...]:
    if invitation.is_over(ports.clock.now()) or invitation.revoked_at is not None:
        msg = f"The window of this invitation ended on {invitation.ends_at:%Y-%m-%d %H:%M} UTC."
        raise ConflictError(msg, code="invitation-over", next_step="Ask for more time.")
    if invitation.paused_at is not None:
        msg = "Your clock stands still, and nothing can be submitted meanwhile."
        raise ConflictError(msg, code="clock-paused", next_step="Let the clock run again, then submit.")
    earlier = uow.submissions.of_invitation(invitation.id)
    if upload.is_practice and practice_left(earlier) == 0:
        msg = f"All {MOST_PRACTICE} practice runs are used."
        raise ConflictError(
            msg, code="no-practice-left", next_step="Submit it as an attempt; `audition check` needs no run."
        )
    if not upload.is_practice and attempts_left(invitation, earlier) == 0:
        msg = f"All {invitation.attempts} attempts are used."
        raise ConflictError(
            msg,
            code="no-attempts-left",
            next_step="Your submitted attempts stay as they are; ask your contact if one failed by our fault.",
        )
    if busy := next((s for s in earlier if s.state not in SETTLED_STATES), None):
        what = "Practice run" if busy.is_practice else "Attempt"
        msg = f"{what} {busy.attempt_number} is still {busy.state}; one runs at a time."
        raise ConflictError(msg, code="attempt-in-progress", next_step="Wait for it to finish, or cancel it.")
    return earlier


def _store(ports: Ports, upload: Upload, version: ChallengeVersion) -> tuple[str, int]:
    limit = version.manifest.upload_bytes
    try:
        digest, size = ports.blobs.put_stream(upload.stream, limit)
    except InvalidError:
        msg = f"The upload is larger than the {limit / (1 << 20):,.0f} MiB this challenge accepts."
        raise InvalidError(
            msg,
            code="upload-too-large",
            next_step="Leave data, virtual environments and caches out of the archive. No attempt was used.",
        ) from None
    if size == 0:
        msg = "The uploaded file is empty (0 bytes)."
        raise InvalidError(
            msg,
            code="upload-empty",
            next_step="Send a .zip or .tar.gz of your solution, or one notebook. No attempt was used.",
        )
    return digest, size


def _record(  # noqa: PLR0913  everything that is known of the upload
    ports: Ports,
    uow: UnitOfWork,
    principal: Principal,
    invitation: Invitation,
    upload: Upload,
    digest: str,
    size: int,
    earlier: int,
) -> Submission:
    now = ports.clock.now()
    submission = Submission(
        id=ports.tokens.new_id("sub"),
        invitation_id=invitation.id,
        challenge_version_id=invitation.challenge_version_id,
        archive_digest=digest,
        archive_bytes=size,
        archive_name=upload.name[:_MAX_NAME],
        state=State.RECEIVED,
        state_reason="Received.",
        attempt_number=earlier + 1,
        idempotency_key=upload.idempotency_key,
        created_at=now,
        state_changed_at=now,
        is_practice=upload.is_practice,
    )
    uow.submissions.add(submission)
    run = first_run(ports, submission.id)
    uow.runs.add(run)
    transition(uow, submission, State.QUEUED, actor=principal.actor, reason="Waiting for a worker.", at=now)
    uow.hint("execute", run.id, run.fence)
    return uow.submissions.get(submission.id)


def first_run(ports: Ports, submission_id: str, number: int = 1) -> Run:
    """A fresh run that nobody has claimed."""
    return Run(
        id=ports.tokens.new_id("run"),
        submission_id=submission_id,
        number=number,
        fence=0,
        worker=None,
        lease_until=None,
        losses=0,
        verdict=None,
        fault=None,
        created_at=ports.clock.now(),
    )
