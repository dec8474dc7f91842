"""The job boundary: what RQ calls. Arguments are ids only; nothing that happens here is lost or raised.

Broad `except` is right here and in the grader runner only: whatever goes wrong in our own code must become a
run that is tried again or looked at by a person, never a job that vanishes.
"""

import functools
import logging
from collections.abc import Callable
from dataclasses import replace

from audition import bootstrap, logs
from audition.domain.errors import UnavailableError
from audition.services import execute
from audition.services.give_back import give_back
from audition.services.rehearse import rehearse
from audition.services.runner import Runner
from audition.settings import Settings

_log = logging.getLogger(__name__)


@functools.cache
def equipment() -> tuple[Settings, bootstrap.Equipment]:
    """What every job of this process needs and none changes; made before the first fork, and inherited.

    Raises:
        UnavailableError: The engine does not answer, or nothing may run on this host.
    """
    settings = Settings.from_env()
    return settings, bootstrap.equipment(settings)


@functools.cache
def equipped() -> Runner:
    """The runner of this process; made before the first fork, and inherited.

    It holds no connection across a fork: database, queue and engine are each connected to anew by the job.

    Raises:
        UnavailableError: As `equipment`.
    """
    settings, found = equipment()
    runner = bootstrap.runner(settings, found, Slot.number, is_attended=True)
    try:
        rehearse(runner.ports)
    except UnavailableError as error:
        _log.warning("The first job of each process will be slower: %s", error.detail)
    return runner


class Slot:
    """Number of this worker process on its host; set once at start, inherited by its jobs."""

    number = 0


def execute_run(run_id: str, fence: int) -> None:
    """Job: collect the evidence of a run and grade it."""
    _guarded(execute.execute_run, run_id, fence)


def grade_run(run_id: str, fence: int) -> None:
    """Job: grade the recorded evidence of a run."""
    _guarded(execute.grade_run, run_id, fence)


def _guarded(work: Callable[[Runner, str, int], None], run_id: str, fence: int) -> None:
    # Each job has a process of its own, and its name tells which.
    runner = replace(equipped(), worker=bootstrap.worker_name(Slot.number))
    logs.bind(run_id=run_id, fence=fence + 1)
    try:
        work(runner, run_id, fence)
    except Exception as error:  # noqa: BLE001  the job boundary
        _log.exception("run %s failed in our own code", run_id)
        give_back(
            runner.ports,
            run_id,
            fence + 1,
            actor=runner.worker,
            reason=f"{type(error).__name__}: {error}",
            max_losses=runner.max_losses,
        )
