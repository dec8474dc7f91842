"""Building the candidate's own image: what is asked, what is stored, and that the rest of the run goes on."""

from dataclasses import replace

import pytest

from audition import codec
from audition.adapters.memory.inside import Inside
from audition.adapters.memory.sandbox import Program
from audition.domain.build import (
    BuildCause,
    BuildContext,
    BuildLimits,
    BuildPlan,
    BuildResult,
    BuildSpec,
    PlannedStep,
)
from audition.domain.build_failure import FailureKind
from audition.domain.challenge import Manifest
from audition.domain.contract import Contract
from audition.domain.errors import UnavailableError
from audition.domain.evidence import ArtifactKind, RunEvidence
from audition.domain.pod import Pod
from audition.domain.run import Fault, Stage, StageStatus, Verdict
from audition.domain.submission import State, Submission
from tests import factories
from tests.unit.services.world import INVENTORY, World, keeps

STAGES = (Stage.UNPACK, Stage.BUILD, Stage.PREDICT, Stage.SCORE, Stage.JUDGE)
PLAN = BuildPlan(
    file="Dockerfile",
    bases=("python-slim",),
    instructions=(
        PlannedStep(line=0, text="ARG AUDITION_BASE_PYTHON_SLIM"),
        PlannedStep(line=1, text="FROM ${AUDITION_BASE_PYTHON_SLIM}"),
        PlannedStep(line=4, text="RUN pip install x"),
    ),
)
CONTEXT = b"a tar that nobody reads"


def keeps_with(plan: BuildPlan, contract: Contract = INVENTORY.contract, pod: Pod | None = None) -> Program:
    """A keeper that is first asked for the build context, unless there is nothing to build."""
    keeps_on = keeps(replace(INVENTORY, build=plan, contract=contract, pod=pod))

    def play(inside: Inside) -> int:
        if plan.refusals:
            return keeps_on(inside)
        say, first = inside.print, True

        def once(data: bytes) -> None:
            nonlocal first
            say(data)
            if first:
                first = False
                assert inside.await_signal() == "SIGUSR2"
                say(codec.to_json(BuildContext(bytes=len(CONTEXT))) + b"\n" + CONTEXT)

        inside.print = once  # type: ignore[method-assign]
        return keeps_on(inside)

    return play


@pytest.fixture
def yard() -> World:
    return yard_of(factories.make_manifest(stages=STAGES))


def yard_of(manifest: Manifest) -> World:
    """Where candidates' images are built."""
    made = World(manifest=manifest)
    for name in ("python-slim", "mirror"):
        made.sandbox.engine.images[f"audition/{name}:1"] = f"sha256:{name}"
    images = {**made.runner.images, "python-slim": "audition/python-slim:1", "mirror": "audition/mirror:1"}
    made.runner = replace(made.runner, images=images, bases={"python:3.11": "python-slim"})
    made.sandbox.programs["unpack"] = keeps_with(PLAN)
    return made


def evidence_of(world: World, submission: Submission) -> RunEvidence:
    run_id = world.run(submission).id
    with world.ports.unit_of_work() as uow:
        artifacts = uow.runs.artifacts(run_id)
    digest = next(a.digest for a in artifacts if a.kind == ArtifactKind.EVIDENCE)
    return codec.from_json(RunEvidence, world.blobs.get(digest), what="evidence")


def test_a_build_has_the_limits_of_the_challenge() -> None:
    limits = BuildLimits(time_seconds=77.0, image_bytes=1 << 20)
    made = yard_of(factories.make_manifest(stages=STAGES, build=limits))

    made.graded()

    assert made.sandbox.builds[0].limits == limits


def test_an_image_is_built_from_bytes_that_are_passed_on_unread(yard: World) -> None:
    contexts: list[bytes] = []

    def play(_spec: BuildSpec, context: bytes, _should_stop: object) -> BuildResult:
        contexts.append(context)
        return BuildResult(
            cause=BuildCause.OK, image_id="sha256:b", size_bytes=9, layers=2, log="Step 1/3", walls="some"
        )

    yard.sandbox.build_program = play
    submission = yard.graded()

    spec = yard.sandbox.builds[0]
    # The second time to compare.
    assert contexts == [CONTEXT, CONTEXT]
    assert (spec.file, spec.bases, spec.mirror) == (
        "Dockerfile",
        {"python-slim": "audition/python-slim:1"},
        "audition/mirror:1",
    )
    evidence = evidence_of(yard, submission)
    assert evidence.build is not None
    assert (evidence.build.cause, evidence.build.image_id) == (BuildCause.OK, "sha256:b")
    assert (evidence.build.size_bytes, evidence.build.layers, evidence.build.walls) == (9, 2, "some")
    assert [s.stage for s in evidence.stages] == [Stage.BUILD, Stage.PREDICT]
    assert yard.run(submission).verdict == Verdict.ACCEPTED
    assert yard.sandbox.left(yard.run(submission).id, 1) == []
    run_id = yard.run(submission).id
    with yard.ports.unit_of_work() as uow:
        artifacts = uow.runs.artifacts(run_id)
    log = next(a for a in artifacts if a.name == "build.stdout")
    assert (log.stage, yard.blobs.get(log.digest)) == (Stage.BUILD, b"Step 1/3")


def test_a_build_that_fails_is_the_candidates_fault_and_the_run_goes_on(yard: World) -> None:
    yard.sandbox.build_program = lambda *_: BuildResult(
        cause=BuildCause.NETWORK,
        detail="pip install x failed",
        refused_packages=("x",),
        seconds=2.0,
        failed_step=3,
        log="a long story",
    )
    submission = yard.graded()

    run = yard.run(submission)
    assert (run.verdict, run.fault) == (Verdict.BUILD_FAILED, Fault.CANDIDATE)
    assert yard.sandbox.stages() == ["unpack", "predict", "score", "judge"]
    build = yard.stage(submission, Stage.BUILD)
    assert build.status == StageStatus.FAILED
    assert build.message.startswith(
        "The build failed in Dockerfile, line 4 (RUN pip install x): not on the package mirror, at least not in that"
        " version: x. pip install x failed"
    )
    assert build.message.endswith("or ship the wheel with the submission.")
    evidence = evidence_of(yard, submission).build
    assert evidence is not None
    assert evidence.failure is not None
    assert (evidence.failure.kind, evidence.failure.line) == (FailureKind.PACKAGE_NOT_ON_MIRROR, 4)
    assert evidence.log_tail == "a long story"
    assert yard.stage(submission, Stage.PREDICT).status == StageStatus.PASSED


def test_a_refused_dockerfile_reaches_no_builder(yard: World) -> None:
    refusal = "Dockerfile, line 2: VOLUME leaves data behind."
    yard.sandbox.programs["unpack"] = keeps_with(BuildPlan(file="Dockerfile", refusals=(refusal,)))
    submission = yard.graded()

    assert yard.sandbox.builds == []
    assert yard.run(submission).verdict == Verdict.BUILD_FAILED
    assert yard.stage(submission, Stage.BUILD).message.startswith(f"The image was not built. {refusal}")
    evidence = evidence_of(yard, submission)
    assert evidence.build is not None
    assert (evidence.build.cause, evidence.build.refusals) == (BuildCause.POLICY, (refusal,))


def test_where_there_is_no_dockerfile_nothing_failed_to_build(yard: World) -> None:
    yard.sandbox.programs["unpack"] = keeps_with(BuildPlan(refusals=("There is no Dockerfile.",)))
    submission = yard.graded()

    assert yard.sandbox.builds == []
    assert yard.run(submission).verdict == Verdict.ACCEPTED
    build = yard.stage(submission, Stage.BUILD)
    assert (build.status, build.message) == (StageStatus.SKIPPED, "There is no Dockerfile.")
    assert evidence_of(yard, submission).build is None


def test_what_befell_the_predictions_is_what_happened_though_the_build_failed_before(yard: World) -> None:
    yard.sandbox.build_program = lambda *_: BuildResult(cause=BuildCause.STEP_FAILED, seconds=2.0)
    yard.sandbox.programs["predict"] = lambda _inside: 3
    submission = yard.graded()

    assert yard.run(submission).verdict == Verdict.NONZERO_EXIT


def test_an_engine_that_fails_to_build_is_ours_and_the_run_is_tried_again(yard: World) -> None:
    yard.sandbox.fail("build", UnavailableError("The engine is gone."))
    submission = yard.submit()
    yard.work_one()

    assert yard.state(submission) == State.QUEUED


def test_a_challenge_without_the_stage_builds_nothing() -> None:
    world = World()
    submission = world.graded()

    assert world.sandbox.builds == []
    assert evidence_of(world, submission).build is None
    assert "AUDITION_BASES" not in world.sandbox.specs[0].environment
