"""Linting goes on beside a run; what it gives is published at once, and that it fails costs nobody anything."""

import pytest

from audition import codec
from audition.adapters.memory.inside import Inside
from audition.adapters.memory.sandbox import Program
from audition.domain import places
from audition.domain.evidence import Artifact, ArtifactKind
from audition.domain.execution import FileMount, Profile, VolumeMount
from audition.domain.grade import Dimension, Outcome
from audition.domain.run import Stage, StageStatus, Verdict
from audition.domain.submission import State
from audition.domain.tools import StaticResult, ToolReport, ToolReports, ToolStatus
from audition.services import containers
from audition.services.look_up import status
from tests import factories
from tests.unit.services.world import CAROL, World

REPORTS = ToolReports(reports=(ToolReport(tool="hadolint", version="2", status=ToolStatus.OK),))
LOOK = factories.make_grade(
    grader="dockerfile",
    dimension=Dimension.DEPLOYMENT,
    findings=(
        factories.make_finding(check="a.passed", outcome=Outcome.PASSED, points=2.0, max_points=2.0),
        factories.make_finding(
            check="a.failed", outcome=Outcome.FAILED, points=0.0, max_points=2.0, reviewer_note="for staff"
        ),
    ),
)
STAGES = (Stage.UNPACK, Stage.STATIC, Stage.PREDICT, Stage.SCORE, Stage.JUDGE)


def says(data: bytes, code: int = 0) -> Program:
    def play(inside: Inside) -> int:
        inside.print(data)
        return code

    return play


@pytest.fixture
def world() -> World:
    world = World(manifest=factories.make_manifest(stages=STAGES))
    world.sandbox.programs["static"] = says(codec.to_json(StaticResult(reports=REPORTS, grades=(LOOK,))))
    return world


def of_kind(artifacts: tuple[Artifact, ...], kind: ArtifactKind) -> list[Artifact]:
    return [artifact for artifact in artifacts if artifact.kind == kind]


def test_what_the_tools_said_is_an_artifact_that_the_judge_gets(world: World) -> None:
    submission = world.graded()
    (tools,) = of_kind(world.artifacts(submission), ArtifactKind.TOOLS)
    assert codec.from_json(ToolReports, world.blobs.get(tools.digest), what="tools") == REPORTS
    judge = next(spec for spec in world.sandbox.specs if spec.stage == Stage.JUDGE)
    mounted = {m.target: m.source for m in judge.mounts if isinstance(m, FileMount)}
    assert mounted[str(places.TOOLS_FILE)] == str(world.blobs.path(tools.digest))


def test_the_linters_see_the_files_and_the_inventory_and_cannot_write(world: World) -> None:
    world.graded()
    spec = next(spec for spec in world.sandbox.specs if spec.stage == Stage.STATIC)
    assert spec.profile == Profile.GRADER
    assert spec.image == "audition/linters:1"
    assert [m.is_writable for m in spec.mounts if isinstance(m, VolumeMount)] == [False]
    files = {m.target for m in spec.mounts if isinstance(m, FileMount)}
    assert files == {str(places.MANIFEST_FILE), str(places.EVIDENCE_FILE)}


def test_linting_is_a_stage_of_its_own_in_the_book(world: World) -> None:
    submission = world.graded()
    assert world.stage(submission, Stage.STATIC).status == StageStatus.PASSED


@pytest.mark.parametrize(
    "program",
    [says(b"", 1), says(b"no document"), says(b"{}"), says(b"", 137)],
    ids=["1", "text", "{}", "137"],
)
def test_linters_that_fail_cost_nobody_anything(world: World, program: Program) -> None:
    world.sandbox.programs["static"] = program
    submission = world.graded()
    assert submission.state == State.GRADED
    assert world.run(submission).verdict == Verdict.ACCEPTED
    record = world.stage(submission, Stage.STATIC)
    assert record.status == StageStatus.FAILED
    assert "our limit" in record.message
    assert not of_kind(world.artifacts(submission), ArtifactKind.TOOLS)


def test_a_challenge_without_the_stage_lints_nothing(world: World) -> None:
    world.set_version(stages=(Stage.UNPACK, Stage.PREDICT, Stage.SCORE, Stage.JUDGE))
    submission = world.graded()
    assert submission.state == State.GRADED
    assert not of_kind(world.artifacts(submission), ArtifactKind.FIRST_LOOK)


def test_grading_again_uses_what_the_tools_said_then(world: World) -> None:
    submission = world.graded()
    (tools,) = of_kind(world.artifacts(submission), ArtifactKind.TOOLS)
    version = world.database.tables.challenge_versions["ver_1"]
    newer = factories.make_artifact(kind=ArtifactKind.TOOLS, fence=5, digest=tools.digest)
    older = factories.make_artifact(kind=ArtifactKind.TOOLS, fence=0, digest=world.blobs.put(b"old"))
    owner = world.sandbox.specs[0].ownership
    spec = containers.judge_spec(world.runner, version, owner, tools.digest, (newer, older))
    found = [m.source for m in spec.mounts if isinstance(m, FileMount) and m.target == str(places.TOOLS_FILE)]
    assert found == [str(world.blobs.path(tools.digest))]


def test_the_candidate_sees_the_first_look_with_what_to_improve_first(world: World) -> None:
    submission = world.graded()
    look = status(world.ports, CAROL, submission.id).first_look
    assert [finding.check for finding in look] == ["a.failed", "a.passed"]
    assert not any(finding.reviewer_note for finding in look)
