"""Build the candidate's own image: what a trusted container planned, from bytes that nobody here looks at."""

import tempfile
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from audition.domain.build import BuildCause, BuildKind, BuildLimits, BuildPlan, BuildResult, BuildSpec
from audition.domain.build_failure import BuildFailure, diagnose
from audition.domain.contract import Inventory
from audition.domain.evidence import BuildEvidence, StageEvidence
from audition.domain.execution import Exit, Ownership, Usage
from audition.domain.image import ImageEvidence
from audition.domain.run import Stage, StageStatus, Verdict
from audition.ports import Served
from audition.services.claim import Claimed
from audition.services.inspect_image import inspect_image
from audition.services.lease import Lease, check_lease
from audition.services.rebuild_image import Rebuilt, rebuild_image, receive_context
from audition.services.reference import reference_image_bytes
from audition.services.runner import MIRROR_IMAGE, Runner
from audition.services.stage_book import StageBook

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
    work = _Work(runner, claimed, lease, keeper, inventory, plan)
    made = _Made(result=_refused(plan)) if plan.refusals else _build(work)
    result = made.result
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
    return Built(evidence=_evidence(plan, made, failure), stage=stage, log=result.log)


def build_spec(
    runner: Runner, owner: Ownership, plan: BuildPlan, limits: BuildLimits, size: int
) -> BuildSpec:
    """A first build of a context of so many bytes, of which no step is kept."""
    return BuildSpec(
        ownership=owner,
        file=plan.file,
        bases={base: runner.images[base] for base in plan.bases},
        mirror=runner.images[MIRROR_IMAGE],
        context_bytes=size,
        limits=limits,
        slot=runner.slot,
    )


@dataclass(frozen=True, slots=True)
class _Work:
    """The work and everything it works with."""

    runner: Runner
    claimed: Claimed
    lease: Lease
    keeper: Served
    inventory: Inventory
    plan: BuildPlan

    def build(
        self,
        context: BinaryIO,
        size: int,
        kind: BuildKind = BuildKind.FIRST,
        seconds: float | None = None,
    ) -> BuildResult:
        """Build a context of so many bytes, within so many seconds."""
        manifest = self.claimed.version.manifest
        spec = build_spec(self.runner, self.claimed.owner, self.plan, manifest.build, size)
        if seconds is not None:
            spec = replace(spec, limits=replace(spec.limits, time_seconds=seconds))
        keeps_steps = manifest.rebuilds and kind != BuildKind.AGAIN
        spec = replace(spec, kind=kind, keeps_steps=keeps_steps)
        result = self.runner.sandbox.build(spec, context, self.lease.should_stop)
        check_lease(self.lease)
        return result


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """What all builds gave."""

    result: BuildResult
    rebuilt: Rebuilt = field(default_factory=Rebuilt)
    image: ImageEvidence | None = None
    reference_bytes: int | None = None


def _build(work: _Work) -> _Made:
    manifest = work.claimed.version.manifest
    with tempfile.TemporaryFile() as context:
        size = receive_context(work.keeper, context).bytes
        first = work.build(context, size)
        if first.cause != BuildCause.OK:
            return _Made(result=first)
        rebuilt = Rebuilt()
        if manifest.rebuilds:
            left = manifest.build.time_seconds - first.seconds
            rebuilt = rebuild_image(work.build, work.keeper, context, size, first, left)
    owner, inventory, lease = work.claimed.owner, work.inventory, work.lease
    image = inspect_image(work.runner, owner, manifest.build, inventory, first, rebuilt.again, lease)
    reference = reference_image_bytes(work.runner, work.claimed)
    return _Made(result=first, rebuilt=rebuilt, image=image, reference_bytes=reference)


def _refused(plan: BuildPlan) -> BuildResult:
    return BuildResult(cause=BuildCause.POLICY, detail=" ".join(plan.refusals))


def _evidence(plan: BuildPlan, made: _Made, failure: BuildFailure | None) -> BuildEvidence:
    result = made.result
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
        image=made.image,
        rebuild=made.rebuilt.rebuild,
        rebuild_limit=made.rebuilt.rebuild_limit,
        again_limit=made.rebuilt.again_limit,
        reference_bytes=made.reference_bytes,
    )
