"""Release a report to its candidate: a person's decision, never automatic."""

from audition.domain.people import Principal, Role
from audition.domain.submission import State, Submission
from audition.ports import Ports
from audition.services.authorize import assessed_submission, require_role
from audition.services.transition import transition


def release(ports: Ports, principal: Principal, submission_id: str) -> Submission:
    """Let the candidate see the report.

    Raises:
        DeniedError: The asker is no reviewer.
        NotFoundError: No such submission.
        ConflictError: It is not graded, or already released.
    """
    require_role(principal, Role.REVIEWER)
    with ports.unit_of_work() as uow:
        submission = assessed_submission(uow, submission_id)
        now = ports.clock.now()
        transition(uow, submission, State.RELEASED, actor=principal.actor, reason="Report released.", at=now)
        uow.submissions.mark_released(submission_id, now)
        moved = uow.submissions.get(submission_id)
        uow.commit()
    return moved
