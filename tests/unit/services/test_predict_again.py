"""The candidate's command runs a second time, on a table that we made, and nothing of that decides the run."""

from dataclasses import replace
from pathlib import Path

import pytest

from audition import codec
from audition.adapters.memory.inside import Inside
from audition.adapters.memory.sandbox import Program
from audition.domain.challenge import Area, DataFile
from audition.domain.errors import InvalidError, UnavailableError
from audition.domain.evidence import ArtifactKind, RunEvidence
from audition.domain.execution import ContainerSpec, FileMount, Profile
from audition.domain.extra_rows import EXTRA_ROWS_FILE, ExtraRow, ExtraRows, ExtraRowsSpec, RowKind
from audition.domain.run import Stage, StageStatus, Verdict
from audition.domain.submission import Submission
from audition.services.make_extra_rows import make_extra_rows
from tests import factories
from tests.unit.services.world import INVENTORY, PREDICTIONS, World, collects, predicts

STAGES = (Stage.UNPACK, Stage.PREDICT, Stage.REPEAT, Stage.SCORE, Stage.JUDGE)
SPEC = ExtraRowsSpec(file="test.csv")
MADE = ExtraRows(rows=(ExtraRow(id="2", of="1", kind=RowKind.COPY),), table="id,a\n2,2\n1,2\n")
AGAIN = PREDICTIONS + b"2,0.5\n"


def keeps_both(inside: Inside) -> int:
    """The keeper of a challenge with this stage: it collects twice."""
    inside.print(codec.to_json(INVENTORY) + b"\n")
    for volume in ("out", "again"):
        inside.await_signal()
        collects(inside, volume)
    inside.await_signal()
    return 0


def predicts_again(inside: Inside) -> int:
    inside.sleep(0.7)
    inside.write("again", "predictions.csv", AGAIN)
    return 0


@pytest.fixture
def world() -> World:
    made = World(manifest=factories.make_manifest(stages=STAGES, extra_rows=SPEC))
    made.sandbox.programs |= {"unpack": keeps_both, "repeat": predicts_again}
    version = made.database.tables.challenge_versions["ver_1"]
    extra = tuple(
        DataFile(area=Area.EXTRA, name=name, digest=made.blobs.put(data), bytes=len(data))
        for name, data in (("test.csv", MADE.table.encode()), (EXTRA_ROWS_FILE, codec.to_json(MADE)))
    )
    made.database.tables.challenge_versions["ver_1"] = replace(version, files=(*version.files, *extra))
    return made


def evidence_of(world: World, submission: Submission) -> RunEvidence:
    kept = next(a for a in world.artifacts(submission) if a.kind == ArtifactKind.EVIDENCE)
    return codec.from_json(RunEvidence, world.blobs.get(kept.digest), what="evidence")


def mounted(world: World, stage: str) -> dict[str, bytes]:
    spec: ContainerSpec = next(s for s in world.sandbox.specs if s.stage == stage)
    return {m.target: Path(m.source).read_bytes() for m in spec.mounts if isinstance(m, FileMount)}


def test_both_times_are_kept_apart(world: World) -> None:
    submission = world.graded()
    kept = {a.kind: world.blobs.get(a.digest) for a in world.artifacts(submission)}

    assert (kept[ArtifactKind.OUTPUT], kept[ArtifactKind.REPEATED]) == (PREDICTIONS, AGAIN)
    evidence = evidence_of(world, submission)
    assert (evidence.outputs, evidence.repeated) == (("predictions.csv",), ("predictions.csv",))
    again = next(s for s in evidence.stages if s.stage == Stage.REPEAT)
    assert again.usage is not None
    assert again.usage.wall_seconds == 0.7
    assert world.stage(submission, Stage.REPEAT).status == StageStatus.PASSED


def test_the_second_time_sees_the_mixed_table_and_an_empty_folder_and_only_the_score_container_the_map(
    world: World,
) -> None:
    world.graded()
    specs = {s.stage: s for s in world.sandbox.specs}
    assert specs["repeat"].profile == Profile.CANDIDATE
    assert specs["repeat"].argv == specs["predict"].argv
    assert mounted(world, "predict")["/in/test.csv"] == b"id,a\n1,2\n"
    assert mounted(world, "repeat")["/in/test.csv"] == MADE.table.encode()
    place = "/evidence/extra_rows.json"
    assert [stage for stage in specs if place in mounted(world, stage)] == ["score"]
    assert mounted(world, "score")["/evidence/repeated/predictions.csv"] == AGAIN
    assert specs["repeat"].limits.time_seconds == 60.0


@pytest.mark.parametrize(
    ("program", "verdict"), [(lambda _: 3, Verdict.NONZERO_EXIT), (lambda _: 139, Verdict.SIGNALLED)]
)
def test_a_failure_the_second_time_is_told_and_decides_nothing(
    world: World, program: Program, verdict: Verdict
) -> None:
    world.sandbox.programs["repeat"] = program
    submission = world.graded()

    assert world.run(submission).verdict == Verdict.ACCEPTED
    record = world.stage(submission, Stage.REPEAT)
    assert (record.status, record.message.startswith("repeat ")) == (StageStatus.FAILED, True)
    assert evidence_of(world, submission).verdict_of(Stage.REPEAT) == verdict


def test_without_a_first_time_there_is_no_second(world: World) -> None:
    world.sandbox.programs["predict"] = lambda _: 3
    submission = world.graded()

    assert "repeat" not in world.sandbox.stages()
    assert world.stage(submission, Stage.REPEAT).status == StageStatus.SKIPPED
    assert Stage.REPEAT not in {s.stage for s in evidence_of(world, submission).stages}


def test_a_challenge_without_the_stage_runs_once() -> None:
    plain = World()
    assert plain.sandbox.programs["predict"] is predicts
    plain.graded()
    assert plain.sandbox.stages().count("predict") == 1
    assert "repeat" not in plain.sandbox.stages()


def made_by(world: World, said: bytes, code: int = 0) -> dict[str, bytes]:
    def play(inside: Inside) -> int:
        inside.print(said + b"\n")
        return code

    world.sandbox.programs["extra"] = play
    version = world.database.tables.challenge_versions["ver_1"]
    made = make_extra_rows(world.runner, version.manifest, version.files)
    assert {file.area for file in made} == {Area.EXTRA}
    return {file.name: world.blobs.get(file.digest) for file in made}


def test_what_is_made_at_publish_is_a_table_and_a_map_without_it(world: World) -> None:
    made = made_by(world, codec.to_json(MADE))
    assert made["test.csv"] == MADE.table.encode()
    kept = codec.from_json(ExtraRows, made[EXTRA_ROWS_FILE], what="map")
    assert kept == replace(MADE, table="")
    assert set(mounted(world, "extra")) >= {
        "/evidence/manifest.json",
        "/public/test.csv",
        "/private/answers.csv",
    }
    assert world.sandbox.engine.containers == []


def test_what_cannot_be_made_is_the_authors_to_change_and_a_crash_is_ours(world: World) -> None:
    with pytest.raises(InvalidError) as caught:
        made_by(world, codec.to_json(ExtraRows(refusals=("extra_rows.file: it has no ids.",))))
    assert caught.value.problems == ("extra_rows.file: it has no ids.",)
    with pytest.raises(UnavailableError):
        made_by(world, b"", code=1)
