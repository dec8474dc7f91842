"""Reconcile: bring what is stored and what is being done back together, every few seconds.

The database is the truth. A queued run without a live hint gets one; a run whose lease expired goes back to the
queue, or to a person after too many losses; nothing here depends on what the queue remembers.
"""

from dataclasses import dataclass

from audition.domain.errors import ConflictError, NotFoundError
from audition.domain.run import Run
from audition.domain.submission import LEASED_STATES, State, Submission
from audition.ports import Ports
from audition.services.execute import give_back
from audition.services.runner import Runner


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What one pass did."""

    hinted: int = 0
    taken_back: int = 0


def reconcile(runner: Runner) -> Reconciled:
    """Do one pass; safe to run twice at once, for every write is guarded.

    Raises:
        UnavailableError: The database or the queue does not answer.
    """
    ports = runner.ports
    with ports.unit_of_work() as uow:
        waiting = uow.submissions.in_states([State.QUEUED, *LEASED_STATES])
        pairs = [(s, uow.runs.latest(s.id)) for s in waiting]
    taken_back = sum(_take_back(runner, s, run) for s, run in pairs)
    hinted = sum(_hint(ports, s, run) for s, run in pairs)
    return Reconciled(hinted=hinted, taken_back=taken_back)


def _take_back(runner: Runner, submission: Submission, run: Run) -> bool:
    """Return a run whose worker has gone; true when it was returned."""
    is_held = submission.state in LEASED_STATES and run.lease_until is not None
    if not is_held or run.lease_until is None or run.lease_until > runner.ports.clock.now():
        return False
    try:
        give_back(runner, run.id, run.fence, f"Worker {run.worker} stopped renewing its lease.")
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


def is_over(runner: Runner, run_id: str, fence: int) -> bool:
    """Whether nothing of a run and fence may live any more; unknown runs are over."""
    with runner.ports.unit_of_work() as uow:
        try:
            run = uow.runs.get(run_id)
        except NotFoundError:
            return True
        return run.fence != fence or run.lease_until is None
