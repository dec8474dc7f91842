"""Keep containers waiting for the next run of the challenge that was submitted to last."""

from dataclasses import replace

from audition.domain.challenge import ChallengeVersion
from audition.domain.execution import ContainerSpec, Ownership, Profile
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
    specs = expected_specs(runner, version, _NOBODY)
    if runner.ports.queue.depth() > 0:
        # Somebody waits: a bay is taken before it has imported anything, and the processors have better to do.
        specs = tuple(_quick(spec) for spec in specs)
    return runner.sandbox.stock(specs, count)


def _quick(spec: ContainerSpec) -> ContainerSpec:
    return replace(spec, warm_imports=()) if spec.profile == Profile.CANDIDATE else spec


def _likely_next(uow: UnitOfWork) -> ChallengeVersion | None:
    """The version that was submitted to last, or else the one published last."""
    if newest := uow.submissions.recent(1):
        return uow.challenges.get(newest[0].challenge_version_id)
    return next(iter(uow.challenges.all()), None)
