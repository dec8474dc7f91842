"""Give a run back that we failed, so that it is tried again, or looked at by a person."""

from audition.domain.run import Fault, Verdict
from audition.domain.submission import State
from audition.ports import Ports
from audition.services.transition import transition

_MAX_REASON = 4000


def give_back(  # noqa: PLR0913  who, what, why and how often
    ports: Ports, run_id: str, fence: int, *, actor: str, reason: str, max_losses: int
) -> None:
    """Return a run to its queue, or park it as ERRORED once it was lost too often.

    Args:
        ports: Where runs are stored.
        run_id: The run.
        fence: The fence under which it was held; an old one changes nothing.
        actor: Who gives it back, for the audit log.
        reason: What failed, for staff.
        max_losses: With this many losses a run is parked; 1 parks it at once.
    """
    with ports.unit_of_work() as uow:
        run = uow.runs.get(run_id)
        submission = uow.submissions.get(run.submission_id)
        now = ports.clock.now()
        if not uow.runs.lose(run_id, fence):
            return
        fence += 1  # Losing a run shuts its former holder out.
        text = f"{reason[:_MAX_REASON]} (loss {run.losses + 1})"
        if run.losses + 1 >= max_losses:
            uow.runs.finish(run_id, fence, Verdict.INTERNAL_ERROR, Fault.PLATFORM, now)
            transition(uow, submission, State.ERRORED, actor=actor, reason=text, at=now)
        else:
            again = State.QUEUED if submission.state == State.RUNNING else State.GRADING
            transition(uow, submission, again, actor=actor, reason=text, at=now)
            uow.hint("execute" if again == State.QUEUED else "grade", run_id, fence)
        uow.commit()
