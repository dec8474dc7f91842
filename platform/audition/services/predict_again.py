"""Run the candidate's command once more, with rows among the hidden ones that only we can tell apart.

What comes of it is looked at and never decides a run: the metric comes from the first time, and a program that fails
here has failed at what production brings, which is a finding and no verdict.
"""

from dataclasses import dataclass

from audition.domain.contract import Inventory
from audition.domain.evidence import Artifact, ArtifactKind, StageEvidence
from audition.domain.run import Stage, StageStatus, Verdict, judge_exit
from audition.ports import Served
from audition.services import containers
from audition.services.claim import Claimed
from audition.services.explain import explain
from audition.services.lease import Lease, check_lease
from audition.services.receive import collect
from audition.services.runner import Runner
from audition.services.stage_book import StageBook

_NO_FIRST = "Predict did not end well, so it was not tried again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """What the second time left; nothing where there was none."""

    stages: tuple[StageEvidence, ...] = ()
    artifacts: tuple[Artifact, ...] = ()


def predict_again(  # noqa: PLR0913  the work and everything it works with
    runner: Runner,
    claimed: Claimed,
    lease: Lease,
    keeper: Served,
    inventory: Inventory,
    book: StageBook,
    first: Verdict,
) -> Repeated:
    """Run the command again where the challenge asks for it, and take what it wrote.

    Args:
        runner: Where it runs.
        claimed: The run.
        lease: Of the run.
        keeper: Holds its volumes; has collected the first time's outputs.
        inventory: With the command.
        book: Of the run's stages.
        first: How it ended the first time; when that was not well, there is no second.

    Raises:
        LeaseLostError, CancelledError: The work must not go on.
        UnavailableError: The engine or the keeper failed.
    """
    if Stage.REPEAT not in claimed.version.manifest.stages:
        return Repeated()
    check_lease(lease)
    record = book.begin(Stage.REPEAT)
    if first != Verdict.ACCEPTED:
        book.end(record, StageStatus.SKIPPED, None, _NO_FIRST)
        return Repeated()
    spec = containers.repeat_spec(runner, claimed.version, claimed.owner, inventory.contract)
    exit_ = runner.sandbox.run(spec, lease.should_stop)
    check_lease(lease)
    _, artifacts = collect(runner, claimed, keeper, Stage.REPEAT, lambda _name: ArtifactKind.REPEATED)
    verdict = judge_exit(exit_)
    message = explain(verdict, Stage.REPEAT, exit_, spec.limits)
    is_well = verdict == Verdict.ACCEPTED
    book.end(record, StageStatus.PASSED if is_well else StageStatus.FAILED, exit_, message)
    stage = StageEvidence.of_exit(Stage.REPEAT, exit_, verdict, message)
    return Repeated(stages=(stage,), artifacts=artifacts)
