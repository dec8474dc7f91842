"""Cancel a submission that has not been graded."""

from audition.domain.people import Principal
from audition.domain.submission import State, Submission
from audition.ports import Ports
from audition.services.authorize import visible_submission
from audition.services.transition import transition


def cancel(ports: Ports, principal: Principal, submission_id: str) -> Submission:
    """Stop a submission. A queued one ends at once; of a running one its worker is asked to stop.

    Raises:
        NotFoundError: It does not exist for the asker.
        ConflictError: It is past the point where it can be cancelled.
    """
    with ports.unit_of_work() as uow:
        submission = visible_submission(uow, principal, submission_id)
        run = uow.runs.latest(submission_id)
        if submission.state == State.RUNNING:
            uow.runs.request_cancel(run.id)
        else:
            transition(
                uow,
                submission,
                State.CANCELLED,
                actor=principal.actor,
                reason="Cancelled on request.",
                at=ports.clock.now(),
            )
        moved = uow.submissions.get(submission_id)
        uow.commit()
    return moved
