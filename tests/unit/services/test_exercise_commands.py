"""The candidate's own commands: a trusted container leads, the worker runs what it says, and costs nobody anything."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256

import pytest

from audition import codec
from audition.adapters.memory.inside import Inside
from audition.domain import places
from audition.domain.build import BuildCause, BuildResult
from audition.domain.contract import CollectedFile, Collection, Command, Contract, Entry, Pipeline
from audition.domain.errors import UnavailableError
from audition.domain.evidence import ArtifactKind
from audition.domain.execution import FileMount, Profile, VolumeMount
from audition.domain.exercise import Exercise, ExerciseEvidence, Left, Step, Turn
from audition.domain.run import Stage, StageStatus, Verdict
from audition.domain.submission import State, Submission
from tests import factories
from tests.unit.services.test_build_image import PLAN, keeps_with
from tests.unit.services.world import INVENTORY, World, keeps

STAGES = (Stage.UNPACK, Stage.PREDICT, Stage.EXERCISE, Stage.SCORE, Stage.JUDGE)
GATE = Command(words=("gate",))
DECLARED = replace(INVENTORY, contract=Contract(pipeline=Pipeline(gate=GATE)))
GOOD = Step(name="gate.good", exercise=Exercise.GATE, argv=("gate", "good"), is_first=True)
BAD = Step(name="gate.sabotaged", exercise=Exercise.GATE, argv=("gate", "bad"), time_seconds=5.0)
FILES = {"retrain.predict.predictions.csv": b"id,probability\n1,0.5\n"}


class Leader:
    """A leading container that says what a test wants, and keeps what it was answered."""

    def __init__(self, *steps: Step, omitted: dict[Exercise, str] | None = None) -> None:
        self.steps = steps
        self.omitted = omitted or {}
        self.answers: list[tuple[str, str]] = []

    def __call__(self, inside: Inside) -> int:
        left: tuple[Left, ...] = ()
        for step in self.steps:
            inside.print(codec.to_json(Turn(left=left, step=step)) + b"\n")
            while True:
                self.answers.append((step.name, inside.await_signal()))
                if self.answers[-1][1] != "SIGHUP":
                    break
                inside.print(codec.to_json(Turn(step=step)) + b"\n")
            left = (Left(name=f"of {step.name}", bytes=1, sha256="a"),)
        inside.print(codec.to_json(Turn(left=left, omitted=self.omitted)) + b"\n")
        files = tuple(
            CollectedFile(name=name, bytes=len(data), sha256=sha256(data).hexdigest())
            for name, data in FILES.items()
        )
        inside.print(codec.to_json(Collection(files=files)) + b"\n" + b"".join(FILES.values()))
        inside.await_signal()
        return 0


class Actors:
    """What runs in the containers of the stage: the leader, and the candidate's commands by their last word."""

    def __init__(self, leader: Callable[[Inside], int], codes: Mapping[str, Callable[[Inside], int]]) -> None:
        self.leader = leader
        self.codes = codes

    def __call__(self, inside: Inside) -> int:
        if inside.spec.profile == Profile.KEEPER:
            return self.leader(inside)
        return self.codes[inside.spec.argv[-1]](inside)


def ends(code: int, said: bytes = b"") -> Callable[[Inside], int]:
    def play(inside: Inside) -> int:
        inside.print(said)
        return code

    return play


@pytest.fixture
def yard() -> World:
    made = World(manifest=factories.make_manifest(stages=STAGES))
    made.sandbox.programs["unpack"] = keeps(DECLARED)
    return made


def tried(
    yard: World, leader: Callable[[Inside], int], **codes: Callable[[Inside], int]
) -> tuple[Submission, ExerciseEvidence]:
    """A graded submission and what came of its commands."""
    yard.sandbox.programs["exercise"] = Actors(leader, {"good": ends(0), "bad": ends(1), **codes})
    submission = yard.graded()
    document = next(a for a in yard.artifacts(submission) if a.kind == ArtifactKind.EXERCISE)
    return submission, codec.from_json(ExerciseEvidence, yard.blobs.get(document.digest), what="exercise")


def test_each_step_is_run_and_what_came_of_it_is_kept(yard: World) -> None:
    leader = Leader(GOOD, BAD, omitted={Exercise.TRAIN: "no rows"})
    submission, evidence = tried(yard, leader, good=ends(0, b"\x1b[1mAUC 0.8\n"), bad=ends(3, b"AUC 0.5"))
    good, bad = evidence.attempts
    assert leader.answers == [("gate.good", "SIGUSR1"), ("gate.sabotaged", "SIGUSR2")]
    assert (good.verdict, good.exit_code, good.log, good.image) == (
        Verdict.ACCEPTED,
        0,
        "[1mAUC 0.8",
        "challenge",
    )
    assert (bad.verdict, bad.exit_code, bad.step) == (Verdict.NONZERO_EXIT, 3, BAD)
    assert [left.name for attempt in evidence.attempts for left in attempt.left] == [
        "of gate.good",
        "of gate.sabotaged",
    ]
    assert (evidence.omitted, evidence.outputs, evidence.trouble) == (leader.omitted, tuple(FILES), "")
    assert (yard.run(submission).verdict, yard.stage(submission, Stage.EXERCISE).status) == (
        Verdict.ACCEPTED,
        StageStatus.PASSED,
    )


def test_a_command_sees_its_workspace_and_inputs_and_never_evidence_or_answers(yard: World) -> None:
    tried(yard, Leader(GOOD, BAD))
    specs = [s for s in yard.sandbox.specs if s.stage == Stage.EXERCISE and s.profile == Profile.CANDIDATE]
    for spec in specs:
        volumes = {m.target: m.is_writable for m in spec.mounts if isinstance(m, VolumeMount)}
        assert volumes == {"/submission": True, "/exercise": False, "/out": True}
        assert {m.target for m in spec.mounts if isinstance(m, FileMount)} == {"/in/test.csv"}
        assert "tree" not in {m.name for m in spec.mounts if isinstance(m, VolumeMount)}
    assert [spec.limits.time_seconds for spec in specs] == [60.0, 5.0]


def test_an_input_that_a_step_is_not_to_find_is_not_there(yard: World) -> None:
    tried(yard, Leader(replace(GOOD, hidden="test.csv")))
    spec = next(s for s in yard.sandbox.specs if s.stage == Stage.EXERCISE and s.profile == Profile.CANDIDATE)
    assert [m.target for m in spec.mounts if isinstance(m, FileMount)] == []


def test_the_leader_cannot_change_the_submission_and_gets_no_answers(yard: World) -> None:
    tried(yard, Leader())
    spec = next(s for s in yard.sandbox.specs if s.stage == Stage.EXERCISE)
    assert (spec.profile, spec.image) == (Profile.KEEPER, "audition/grader:1")
    tree = next(m for m in spec.mounts if isinstance(m, VolumeMount) and m.name == "tree")
    assert not tree.is_writable
    assert not [m.target for m in spec.mounts if m.target.startswith(str(places.ANSWERS))]


def test_the_judge_gets_the_evidence_and_the_predictions_and_the_scorer_neither(yard: World) -> None:
    tried(yard, Leader(GOOD))
    targets = {s.stage: {m.target for m in s.mounts} for s in yard.sandbox.specs}
    ours = {"/evidence/exercise.json", "/evidence/exercise/retrain.predict.predictions.csv"}
    assert ours <= targets["judge"]
    assert not ours & targets["score"]


def test_where_nothing_is_declared_the_stage_is_skipped_at_once(yard: World) -> None:
    yard.sandbox.programs["unpack"] = keeps()
    submission = yard.graded()
    assert yard.stage(submission, Stage.EXERCISE).status == StageStatus.SKIPPED
    assert "declares no command" in yard.stage(submission, Stage.EXERCISE).message
    assert Stage.EXERCISE not in yard.sandbox.stages()


def breaks(_: Inside) -> int:
    return 1


def babbles(inside: Inside) -> int:
    inside.print(b"no document\n")
    return 0


def never_ends(inside: Inside) -> int:
    while True:
        inside.print(codec.to_json(Turn(step=BAD)) + b"\n")
        inside.await_signal()


@pytest.mark.parametrize("leader", [breaks, babbles, never_ends])
def test_a_leader_that_fails_is_our_limit_and_ends_no_run(
    yard: World, leader: Callable[[Inside], int]
) -> None:
    submission, evidence = tried(yard, leader)
    assert evidence.trouble
    assert submission.state == State.GRADED
    assert yard.run(submission).verdict == Verdict.ACCEPTED
    stage = yard.stage(submission, Stage.EXERCISE)
    assert stage.status == StageStatus.FAILED
    assert "our limit" in stage.message


def test_what_was_tried_before_a_leader_failed_is_kept(yard: World) -> None:
    def half(inside: Inside) -> int:
        inside.print(codec.to_json(Turn(step=GOOD)) + b"\n")
        inside.await_signal()
        return 1

    _, evidence = tried(yard, half)
    assert [attempt.step.name for attempt in evidence.attempts] == ["gate.good"]
    assert evidence.trouble


def test_an_engine_that_fails_is_ours_and_the_run_is_tried_again(yard: World) -> None:
    yard.sandbox.programs["exercise"] = Actors(Leader(GOOD), {"good": ends(0)})
    yard.sandbox.fail("exercise", UnavailableError("The engine is gone."))
    submission = yard.submit()
    yard.work_one()
    assert yard.state(submission) == State.QUEUED


@pytest.fixture
def built(yard: World) -> World:
    yard.set_version(stages=(Stage.UNPACK, Stage.BUILD, *STAGES[1:]))
    for name in ("python-slim", "mirror"):
        yard.sandbox.engine.images[f"audition/{name}:1"] = f"sha256:{name}"
    images = {**yard.runner.images, "python-slim": "audition/python-slim:1", "mirror": "audition/mirror:1"}
    yard.runner = replace(yard.runner, images=images, bases={"python:3.11": "python-slim"})
    yard.sandbox.engine.images["sha256:own"] = "sha256:own"
    yard.sandbox.build_program = lambda *_: BuildResult(cause=BuildCause.OK, image_id="sha256:own")
    yard.sandbox.programs["unpack"] = keeps_with(PLAN, DECLARED.contract)
    return yard


def test_commands_run_in_the_candidates_own_image_where_there_is_one(built: World) -> None:
    _, evidence = tried(built, Leader(GOOD, BAD))
    assert [attempt.image for attempt in evidence.attempts] == ["own", "own"]
    images = [
        s.image for s in built.sandbox.specs if s.stage == Stage.EXERCISE and s.profile == Profile.CANDIDATE
    ]
    assert images == ["sha256:own", "sha256:own"]


def test_what_an_own_image_cannot_begin_is_begun_anew_in_the_challenges(built: World) -> None:
    def needs_more(inside: Inside) -> int:
        return 127 if inside.spec.image == "sha256:own" else 0

    leader = Leader(GOOD, BAD)
    _, evidence = tried(built, leader, good=needs_more)
    assert [(a.step.name, a.image, a.exit_code) for a in evidence.attempts] == [
        ("gate.good", "challenge", 0),
        ("gate.sabotaged", "challenge", 1),
    ]
    assert [said for _, said in leader.answers] == ["SIGHUP", "SIGUSR1", "SIGUSR2"]


def test_what_fails_in_both_images_is_told_of_the_candidates_own(built: World) -> None:
    def fails(inside: Inside) -> int:
        inside.print(b"in " + inside.spec.image.encode())
        return 1 if inside.spec.image == "sha256:own" else 127

    leader = Leader(GOOD, BAD)
    _, evidence = tried(built, leader, good=fails)
    first, second = evidence.attempts
    assert (first.image, first.exit_code, first.log) == ("own", 1, "in sha256:own")
    assert second.image == "own"
    assert [said for _, said in leader.answers] == ["SIGHUP", "SIGUSR2", "SIGUSR2"]


def test_a_readme_alone_is_reason_enough_to_begin(yard: World) -> None:
    yard.sandbox.programs["unpack"] = keeps(replace(INVENTORY, entries=(Entry(path="ReadMe.md", bytes=1),)))
    assert [a.step.name for a in tried(yard, Leader(GOOD))[1].attempts] == ["gate.good"]


def test_what_hangs_on_the_one_image_is_not_begun_anew_on_the_other(built: World) -> None:
    def hangs(inside: Inside) -> int:
        inside.sleep(GOOD.time_seconds + 1)
        return 0

    leader = Leader(GOOD)
    _, evidence = tried(built, leader, good=hangs)
    assert [(a.verdict, a.image) for a in evidence.attempts] == [(Verdict.TIME_LIMIT, "own")]
    assert [said for _, said in leader.answers] == ["SIGUSR2"]
