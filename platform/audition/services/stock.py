"""Keep containers waiting for the next run of the challenge that was submitted to last."""

from audition.domain.challenge import ChallengeVersion
from audition.domain.execution import Ownership
from audition.ports import UnitOfWork
from audition.services.containers import expected_specs
from audition.services.runner import Runner

#: Stands in until the sandbox gives what it makes an owner of its own.
_NOBODY = Ownership(run_id="bay", fence=0, deadline_epoch=0)


def stock(runner: Runner, count: int) -> bool:
    """Add one set of waiting containers if fewer than `count` wait; true when one was added.

    Raises:
        UnavailableError: The database or the engine does not answer.
    """
    if count == 0:
        return False
    with runner.ports.unit_of_work() as uow:
        version = _likely_next(uow)
    if version is None or version.manifest.image not in runner.warm_imports:
        return False
    return runner.sandbox.stock(expected_specs(runner, version, _NOBODY), count)


def _likely_next(uow: UnitOfWork) -> ChallengeVersion | None:
    """The version that was submitted to last, or else the one published last."""
    if newest := uow.submissions.recent(1):
        return uow.challenges.get(newest[0].challenge_version_id)
    return next(iter(uow.challenges.all()), None)
