"""Give a submission another try: run it again, or only grade its evidence again."""

from audition.domain.errors import ConflictError
from audition.domain.evidence import ArtifactKind
from audition.domain.people import Principal, Role
from audition.domain.submission import State, Submission
from audition.ports import Ports, UnitOfWork
from audition.services.authorize import assessed_submission, require_role
from audition.services.submit import first_run
from audition.services.transition import transition

#: States in which no worker is on it: the arrows that lost leases also use are not for people.
_AT_REST = frozenset({State.GRADED, State.ERRORED})


def rerun(ports: Ports, principal: Principal, submission_id: str, reason: str) -> Submission:
    """Queue a new run, e.g. after a platform fault was mended.

    Raises:
        DeniedError: The asker is no reviewer.
        ConflictError: The submission is not in a state from which it can run again.
    """
    require_role(principal, Role.REVIEWER)
    with ports.unit_of_work() as uow:
        submission = _at_rest(uow, submission_id)
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
        submission = _at_rest(uow, submission_id)
        run = uow.runs.latest(submission_id)
        if not any(a.kind == ArtifactKind.EVIDENCE for a in uow.runs.artifacts(run.id)):
            msg = f"Run {run.number} of submission {submission_id} left no evidence to grade."
            raise ConflictError(msg, code="no-evidence", next_step="Run the submission again instead.")
        now = ports.clock.now()
        transition(uow, submission, State.GRADING, actor=principal.actor, reason=reason, at=now)
        uow.hint("grade", run.id, run.fence)
        moved = uow.submissions.get(submission_id)
        uow.commit()
    return moved


def _at_rest(uow: UnitOfWork, submission_id: str) -> Submission:
    submission = assessed_submission(uow, submission_id)
    if submission.state not in _AT_REST:
        msg = f"Submission {submission_id} is {submission.state}; only a graded or errored one gets another try."
        raise ConflictError(msg, code="state-conflict", next_step="Wait until it is graded.")
    return submission
