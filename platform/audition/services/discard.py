"""Discard what a run started: at once if the engine answers, else by the sweeper."""

import logging

from audition.domain.errors import AuditionError
from audition.services.runner import Runner

_log = logging.getLogger(__name__)


def discard(runner: Runner, run_id: str, fence: int) -> None:
    """Remove containers, volumes and images of a run or a publication; never raises for the engine's sake.

    What was done stands, whether or not the engine finds the time to clear up after it: on a busy host it takes more
    than half a minute to remove an image.
    """
    try:
        runner.sandbox.discard(run_id, fence)
    except AuditionError as error:
        _log.warning("run %s: left to the sweeper: %s", run_id, error.detail)
