"""Move a submission along its life: a guarded write, an audit entry and what is told of it, always together."""

from datetime import datetime

from audition.domain.errors import ConflictError
from audition.domain.people import AuditEntry
from audition.domain.submission import State, Submission, check_transition
from audition.ports import UnitOfWork
from audition.services.announce import announce


def transition(  # noqa: PLR0913  the move, who, why and when are all needed
    uow: UnitOfWork, submission: Submission, new: State, *, actor: str, reason: str, at: datetime
) -> None:
    """Move a submission to `new` and write down why.

    Raises:
        ConflictError: The move does not exist, or another process moved the submission first.
    """
    check_transition(submission.id, submission.state, new)
    if not uow.submissions.move(submission.id, submission.state, new, reason, at):
        msg = f"Submission {submission.id} is no longer {submission.state}."
        raise ConflictError(msg, code="state-changed", next_step="Look at it again and retry.")
    uow.audit.add(
        AuditEntry(
            at=at,
            actor=actor,
            action=f"{submission.state}->{new}",
            subject=submission.id,
            reason=reason,
        )
    )
    announce(uow, submission, new, at)
