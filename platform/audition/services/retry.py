"""Give a submission another try: run it again, or only grade its evidence again."""

from audition.domain.people import Principal, Role
from audition.domain.submission import State, Submission
from audition.ports import Ports
from audition.services.authorize import require_role
from audition.services.submit import first_run
from audition.services.transition import transition


def rerun(ports: Ports, principal: Principal, submission_id: str, reason: str) -> Submission:
    """Queue a new run, e.g. after a platform fault was mended.

    Raises:
        DeniedError: The asker is no reviewer.
        ConflictError: The submission is not in a state from which it can run again.
    """
    require_role(principal, Role.REVIEWER)
    with ports.unit_of_work() as uow:
        submission = uow.submissions.get(submission_id)
        now = ports.clock.now()
        transition(uow, submission, State.QUEUED, actor=principal.actor, reason=reason, at=now)
        number = uow.runs.latest(submission_id).number + 1
        run = first_run(ports, submission_id, number)
        uow.runs.add(run)
        uow.hint("execute", run.id, run.fence)
        moved = uow.submissions.get(submission_id)
        uow.commit()
    return moved


def regrade(ports: Ports, principal: Principal, submission_id: str, reason: str) -> Submission:
    """Grade the recorded evidence again; the candidate's code does not run.

    Raises:
        DeniedError: The asker is no reviewer.
        ConflictError: There is nothing to grade in the present state.
    """
    require_role(principal, Role.REVIEWER)
    with ports.unit_of_work() as uow:
        submission = uow.submissions.get(submission_id)
        now = ports.clock.now()
        transition(uow, submission, State.GRADING, actor=principal.actor, reason=reason, at=now)
        run = uow.runs.latest(submission_id)
        uow.hint("grade", run.id, run.fence)
        moved = uow.submissions.get(submission_id)
        uow.commit()
    return moved
