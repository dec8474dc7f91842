"""Reconcile: bring what is stored and what is being done back together, every few seconds.

The database is the truth. A queued run without a live hint gets one; a run whose lease expired goes back to the
queue, or to a person after too many losses; nothing here depends on what the queue remembers.
"""

from dataclasses import dataclass

from audition.domain.errors import ConflictError, NotFoundError
from audition.domain.run import Run
from audition.domain.submission import LEASED_STATES, State, Submission
from audition.ports import Ports
from audition.services.give_back import give_back

_ACTOR = "clock"
RUN_PREFIX = "run_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What one pass did."""

    hinted: int = 0
    taken_back: int = 0


def reconcile(ports: Ports, max_losses: int) -> Reconciled:
    """Do one pass; safe to run twice at once, for every write is guarded.

    Raises:
        UnavailableError: The database or the queue does not answer.
    """
    with ports.unit_of_work() as uow:
        waiting = uow.submissions.in_states([State.QUEUED, *LEASED_STATES])
        pairs = [(submission, uow.runs.latest(submission.id)) for submission in waiting]
    taken_back = sum(_take_back(ports, run, max_losses) for _, run in pairs)
    hinted = sum(_hint(ports, submission, run) for submission, run in pairs)
    return Reconciled(hinted=hinted, taken_back=taken_back)


def _take_back(ports: Ports, run: Run, max_losses: int) -> bool:
    """Return a run whose worker has gone; true when it was returned."""
    if run.lease_until is None or run.lease_until > ports.clock.now():
        return False
    reason = f"Worker {run.worker} stopped renewing its lease."
    try:
        give_back(ports, run.id, run.fence, actor=_ACTOR, reason=reason, max_losses=max_losses)
    except ConflictError:
        return False  # Its state changed while we looked: somebody is on it.
    return True


def _hint(ports: Ports, submission: Submission, run: Run) -> bool:
    """Hint at a run that waits and of which the queue knows nothing; true when it was hinted."""
    if run.lease_until is not None or submission.state == State.RUNNING:
        return False
    kind = "execute" if submission.state == State.QUEUED else "grade"
    if ports.queue.has_live_hint(kind, run.id, run.fence):
        return False
    ports.queue.enqueue(kind, run.id, run.fence)
    return True


def is_over(ports: Ports, run_id: str, fence: int) -> bool:
    """Whether nothing of a run and fence may live any more; unknown runs are over.

    Things that belong to no run, e.g. to a publication, live until their own deadline.
    """
    if not run_id.startswith(RUN_PREFIX):
        return False
    with ports.unit_of_work() as uow:
        try:
            run = uow.runs.get(run_id)
        except NotFoundError:
            return True
        return run.fence != fence or run.lease_until is None
