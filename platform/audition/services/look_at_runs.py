"""Look at the runs of a submission: each of its numbered tries, its stages, and what it printed."""

from dataclasses import dataclass

from audition.domain.errors import NotFoundError
from audition.domain.people import Principal
from audition.domain.run import Run, StageRecord
from audition.ports import Ports, UnitOfWork
from audition.services.authorize import visible_submission
from audition.services.look_up import LOGS, log_name


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One try, as whoever may see its submission sees it.

    Attributes:
        stages: Those that hold, in the order in which they started.
        logs: Names of what was printed and kept, e.g. "predict-stderr".
    """

    run: Run
    stages: tuple[StageRecord, ...]
    logs: tuple[str, ...]


def runs_of(ports: Ports, principal: Principal, submission_id: str) -> tuple[RunView, ...]:
    """All tries of a submission, by number.

    Raises:
        NotFoundError: The submission does not exist for the asker.
    """
    with ports.unit_of_work() as uow:
        submission = visible_submission(uow, principal, submission_id)
        return tuple(_view(uow, run) for run in uow.runs.of_submission(submission.id))


def one_run(ports: Ports, principal: Principal, run_id: str) -> RunView:
    """One try.

    Raises:
        NotFoundError: It does not exist for the asker.
    """
    with ports.unit_of_work() as uow:
        return _view(uow, _visible(uow, principal, run_id))


def run_log(ports: Ports, principal: Principal, run_id: str, name: str) -> bytes:
    """A stored log of a run; hostile bytes, to be shown as plain text.

    Raises:
        NotFoundError: The run does not exist for the asker, or has no such log.
    """
    with ports.unit_of_work() as uow:
        run = _visible(uow, principal, run_id)
        found = [a for a in uow.runs.artifacts(run.id) if a.kind in LOGS and log_name(a) == name]
    if not found:
        msg = f"There is no log {name[:60]!r}."
        raise NotFoundError(msg, code="log-not-found")
    return ports.blobs.get(found[0].digest)


def _visible(uow: UnitOfWork, principal: Principal, run_id: str) -> Run:
    try:
        run = uow.runs.get(run_id)
        visible_submission(uow, principal, run.submission_id)
    except NotFoundError:
        # The same words for what is foreign and for what is not there.
        msg = f"There is no run {run_id[:60]!r}."
        raise NotFoundError(msg, code="run-not-found") from None
    return run


def _view(uow: UnitOfWork, run: Run) -> RunView:
    names = {log_name(artifact) for artifact in uow.runs.artifacts(run.id) if artifact.kind in LOGS}
    return RunView(run=run, stages=uow.runs.stages(run.id), logs=tuple(sorted(names)))
