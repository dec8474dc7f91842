"""Build the candidate's own image: what a trusted container planned, from bytes that nobody here looks at."""

import tempfile
from dataclasses import dataclass

from audition import codec
from audition.domain.build import BuildCause, BuildContext, BuildLimits, BuildPlan, BuildResult, BuildSpec
from audition.domain.build_failure import BuildFailure, diagnose
from audition.domain.contract import Inventory
from audition.domain.evidence import BuildEvidence, StageEvidence
from audition.domain.execution import Exit, Usage
from audition.domain.run import Stage, StageStatus, Verdict
from audition.ports import Served
from audition.services.claim import Claimed
from audition.services.lease import Lease, check_lease
from audition.services.runner import MIRROR_IMAGE, Runner
from audition.services.stage_book import StageBook

#: What the keeper is asked for the build context with; see audition.grading.__main__.
CONTEXT_SIGNAL = "SIGUSR2"
_MAX_DOCUMENT = 64 << 10
_CONTEXT_SECONDS = 60.0
#: Characters of a failed build's log that a report shows.
_LOG_TAIL = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """How the stage went."""

    evidence: BuildEvidence
    stage: StageEvidence
    log: str


def build_image(  # noqa: PLR0913  the work and everything it works with
    runner: Runner, claimed: Claimed, lease: Lease, keeper: Served, inventory: Inventory, book: StageBook
) -> Built:
    """Build the submission's Dockerfile; that it fails is a result.

    Raises:
        LeaseLostError, CancelledError: The work must not go on.
        UnavailableError: The engine or the keeper failed.
    """
    check_lease(lease)
    record = book.begin(Stage.BUILD)
    plan = inventory.build or BuildPlan(refusals=("The Dockerfile was not looked at.",))
    limits = claimed.version.manifest.build
    result = _refused(plan) if plan.refusals else _build(runner, claimed, lease, keeper, plan, limits)
    check_lease(lease)
    verdict = Verdict.ACCEPTED if result.cause == BuildCause.OK else Verdict.BUILD_FAILED
    failure = diagnose(plan, result, limits)
    message = f"{failure.sentence} {failure.next_step}" if failure else ""
    usage = Usage(wall_seconds=result.seconds)
    exit_ = Exit(exit_code=0 if verdict == Verdict.ACCEPTED else 1, usage=usage, image_id=result.image_id)
    status = StageStatus.PASSED if verdict == Verdict.ACCEPTED else StageStatus.FAILED
    book.end(record, status, exit_, message)
    stage = StageEvidence(
        stage=Stage.BUILD, verdict=verdict, message=message, usage=usage, image_id=result.image_id
    )
    return Built(evidence=_evidence(plan, result, failure), stage=stage, log=result.log)


def _build(  # noqa: PLR0913  the work and everything it works with
    runner: Runner, claimed: Claimed, lease: Lease, keeper: Served, plan: BuildPlan, limits: BuildLimits
) -> BuildResult:
    keeper.signal(CONTEXT_SIGNAL)
    line = keeper.read_line(_MAX_DOCUMENT, _CONTEXT_SECONDS)
    announced = codec.from_json(BuildContext, line, what="build context", max_bytes=_MAX_DOCUMENT)
    with tempfile.TemporaryFile() as context:
        keeper.read_into(context, announced.bytes, _CONTEXT_SECONDS)
        context.seek(0)
        spec = BuildSpec(
            ownership=claimed.owner,
            file=plan.file,
            bases={base: runner.images[base] for base in plan.bases},
            mirror=runner.images[MIRROR_IMAGE],
            context_bytes=announced.bytes,
            limits=limits,
            slot=runner.slot,
        )
        return runner.sandbox.build(spec, context, lease.should_stop)


def _refused(plan: BuildPlan) -> BuildResult:
    return BuildResult(cause=BuildCause.POLICY, detail=" ".join(plan.refusals))


def _evidence(plan: BuildPlan, result: BuildResult, failure: BuildFailure | None) -> BuildEvidence:
    return BuildEvidence(
        cause=result.cause,
        detail=result.detail,
        file=plan.file,
        bases=plan.bases,
        refusals=plan.refusals,
        refused_packages=result.refused_packages,
        image_id=result.image_id,
        size_bytes=result.size_bytes,
        layers=result.layers,
        seconds=result.seconds,
        walls=result.walls,
        failure=failure,
        log_tail=result.log[-_LOG_TAIL:] if failure else "",
        config=result.config,
    )
