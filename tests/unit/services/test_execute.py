"""Every way in which a run can end, and what is stored then."""

from dataclasses import replace

import pytest

from audition import codec
from audition.adapters.memory.inside import Inside
from audition.adapters.memory.sandbox import Program
from audition.domain.contract import Inventory
from audition.domain.errors import InvalidError
from audition.domain.evidence import ArtifactKind, RunEvidence
from audition.domain.execution import FileMount, Limits, VolumeMount
from audition.domain.grade import GradeStatus
from audition.domain.run import Fault, Stage, StageStatus, Verdict
from audition.domain.submission import State
from audition.services.claim import claim
from audition.services.compose_report import compose_report
from audition.services.execute import execute_run, grade_run
from audition.services.submit import attempts_left
from tests import factories
from tests.unit.services.world import ALICE, PREDICTIONS, World, grades, keeps, model_grade


def hangs(inside: Inside) -> int:
    inside.sleep(1e6)
    return 0


def hogs(inside: Inside) -> int:
    inside.allocate(1 << 50)
    return 0


def floods(inside: Inside) -> int:
    while True:
        inside.print(b"x" * 100_000)


ENDINGS: list[tuple[Verdict, Program, str]] = [
    (Verdict.TIME_LIMIT, hangs, "Time limit reached in predict: it was ended after 30.0 s"),
    (Verdict.MEMORY_LIMIT, hogs, "Memory limit reached in predict (1.0 GiB"),
    (Verdict.OUTPUT_LIMIT, floods, "predict printed more than 16 MiB"),
    (Verdict.NONZERO_EXIT, lambda _: 3, "predict ended with exit code 3"),
    (Verdict.SIGNALLED, lambda _: 139, "predict was ended by signal 11"),
]


def attempts(world: World) -> int:
    with world.ports.unit_of_work() as uow:
        invitation = uow.people.invitation("inv_1")
        return attempts_left(invitation, uow.submissions.of_invitation("inv_1"))


def test_a_good_run_is_graded_and_accepted(world: World) -> None:
    submission = world.graded()
    run = world.run(submission)

    assert submission.state == State.GRADED
    assert (run.verdict, run.fault, run.fence, run.losses) == (Verdict.ACCEPTED, None, 1, 0)
    assert run.lease_until is None
    assert run.finished_at == factories.NOW
    assert [g.grader for g in world.grades(submission)] == ["dockerfile", "model-quality"]
    assert world.history(submission) == [
        "received->queued", "queued->running", "running->grading", "grading->graded",
    ]  # fmt: skip


def test_every_stage_is_written_down(world: World) -> None:
    submission = world.graded()

    for stage in world.manifest.stages:
        record = world.stage(submission, stage)
        assert (record.status, record.message) == (StageStatus.PASSED, "")
    predict = world.stage(submission, Stage.PREDICT)
    assert predict.usage is not None
    assert predict.usage.wall_seconds == 0.5
    assert (predict.image_id, predict.runtime) == ("sha256:tabular", "fake")


def test_how_long_graders_took_is_kept_with_the_stage_and_shown_with_the_report(world: World) -> None:
    world.sandbox.programs["score"] = grades(model_grade(), seconds={"model-quality": 0.25, "nobody": 9.0})
    submission = world.graded()

    usage = world.stage(submission, Stage.SCORE).usage
    assert usage is not None
    assert usage.grader_seconds == {"model-quality": 0.25}
    report = compose_report(world.ports, ALICE, submission.id)
    assert report.provenance.grader_seconds == {"model-quality": 0.25}


def test_the_evidence_holds_what_happened_and_no_time_of_day(world: World) -> None:
    submission = world.graded()
    artifacts = {a.kind: a for a in world.artifacts(submission)}
    document = world.blobs.get(artifacts[ArtifactKind.EVIDENCE].digest)
    evidence = codec.from_json(RunEvidence, document, what="evidence")

    assert world.blobs.get(artifacts[ArtifactKind.OUTPUT].digest) == PREDICTIONS
    assert world.blobs.get(artifacts[ArtifactKind.STDOUT].digest) == b"model loaded\n"
    assert world.blobs.get(artifacts[ArtifactKind.STDERR].digest) == b"a warning\n"
    assert evidence.verdict == Verdict.ACCEPTED
    assert evidence.outputs == ("predictions.csv",)
    assert evidence.environment == {"engine": "fake"}
    assert b"2030" not in document


def test_only_the_score_container_has_the_answers_and_only_after_the_candidate_is_dead(world: World) -> None:
    world.graded()
    answers = world.blobs.path(world.database.tables.challenge_versions["ver_1"].files[2].digest)
    with_answers = [
        spec.stage
        for spec in world.sandbox.specs
        if any(isinstance(m, FileMount) and m.source == str(answers) for m in spec.mounts)
    ]

    assert with_answers == ["score"]
    assert world.sandbox.stages()[:2] == ["unpack", "predict"]
    assert sorted(world.sandbox.stages()[2:]) == ["judge", "score"]


def test_candidate_code_gets_its_files_its_inputs_and_one_place_to_write(world: World) -> None:
    world.graded()
    predict = next(s for s in world.sandbox.specs if s.stage == "predict")
    writable = [m.target for m in predict.mounts if isinstance(m, VolumeMount) and m.is_writable]

    assert {m.target for m in predict.mounts} == {"/in/test.csv", "/submission", "/out"}
    assert writable == ["/out"]
    assert predict.environment == {}


def test_nothing_is_left_on_the_engine(world: World) -> None:
    submission = world.graded()
    assert world.sandbox.left(world.run(submission).id, 1) == []


@pytest.mark.parametrize(("verdict", "program", "message"), ENDINGS, ids=[str(e[0]) for e in ENDINGS])
def test_a_failure_of_the_candidate_is_a_verdict_and_is_graded_all_the_same(
    world: World, verdict: Verdict, program: Program, message: str
) -> None:
    world.sandbox.programs["predict"] = program

    submission = world.graded()
    run = world.run(submission)
    predict = world.stage(submission, Stage.PREDICT)

    assert submission.state == State.GRADED
    assert (run.verdict, run.fault) == (verdict, Fault.CANDIDATE)
    assert predict.status == StageStatus.FAILED
    assert predict.message.startswith(message)
    assert attempts(world) == 2


def test_a_failure_with_a_full_output_folder_is_said_to_be_one(world: World) -> None:
    world.sandbox.programs["predict"] = lambda _: 1
    world.sandbox.programs["unpack"] = keeps(is_full=True)

    submission = world.graded()

    assert (world.run(submission).verdict, world.run(submission).fault) == (
        Verdict.OUTPUT_LIMIT,
        Fault.CANDIDATE,
    )
    predict = world.stage(submission, Stage.PREDICT)
    assert predict.message.startswith(
        "predict ended with exit code 1 after 0.0 s, and /out was full: it takes 64 MiB"
    )


def test_filling_the_output_folder_and_ending_well_is_no_failure(world: World) -> None:
    world.sandbox.programs["unpack"] = keeps(is_full=True)

    assert world.run(world.graded()).verdict == Verdict.ACCEPTED


def test_a_failure_that_leaves_nothing_to_score_is_told_once(world: World) -> None:
    world.sandbox.programs["predict"] = lambda _: 3

    score = world.stage(world.graded(), Stage.SCORE)

    assert (score.status, score.message) == (StageStatus.SKIPPED, "")


def test_what_was_written_before_a_failure_counts(world: World) -> None:
    def writes_then_dies(inside: Inside) -> int:
        inside.write("out", "predictions.csv", b"id,probability\n")
        return 1

    world.sandbox.programs["predict"] = writes_then_dies
    submission = world.graded()

    assert ArtifactKind.OUTPUT in {a.kind for a in world.artifacts(submission)}


def test_an_output_that_cannot_be_used_is_a_verdict(world: World) -> None:
    bad = replace(model_grade(), invalid_output="predictions.csv has no row for id 7.", metrics=())
    world.sandbox.programs["score"] = grades(bad)

    submission = world.graded()
    run = world.run(submission)
    score = world.stage(submission, Stage.SCORE)

    assert submission.state == State.GRADED
    assert (run.verdict, run.fault) == (Verdict.INVALID_OUTPUT, Fault.CANDIDATE)
    assert (score.status, score.message) == (StageStatus.FAILED, "predictions.csv has no row for id 7.")


def test_a_bad_output_after_a_crash_stays_a_crash(world: World) -> None:
    world.sandbox.programs["predict"] = lambda _: 3
    world.sandbox.programs["score"] = grades(replace(model_grade(), invalid_output="There is none."))

    assert world.run(world.graded()).verdict == Verdict.NONZERO_EXIT


def test_a_grader_that_failed_is_ours_parks_the_run_and_costs_no_attempt(world: World) -> None:
    broken = replace(model_grade(), status=GradeStatus.ERRORED, findings=(), note="Traceback: answers 1,0,1")
    world.sandbox.programs["score"] = grades(broken)

    submission = world.graded()
    run = world.run(submission)
    score = world.stage(submission, Stage.SCORE)

    assert submission.state == State.ERRORED
    assert (run.verdict, run.fault) == (Verdict.INTERNAL_ERROR, Fault.PLATFORM)
    assert "our fault" in score.message
    assert "Traceback" not in score.message
    assert attempts(world) == 3


def test_a_metric_that_the_challenge_brought_and_that_fails_is_the_challenges_fault(world: World) -> None:
    failed = replace(model_grade(), status=GradeStatus.ERRORED, findings=(), note="metric.py: 1,0,1")
    world.sandbox.programs["score"] = grades(replace(failed, is_challenge_fault=True))

    submission = world.graded()
    run = world.run(submission)
    score = world.stage(submission, Stage.SCORE)

    assert submission.state == State.ERRORED
    assert (run.verdict, run.fault) == (Verdict.INTERNAL_ERROR, Fault.CHALLENGE)
    assert "its author's fault" in score.message
    assert "metric.py" not in score.message + submission.state_reason
    assert attempts(world) == 3


def test_a_fault_of_ours_beside_one_of_the_challenge_is_ours(world: World) -> None:
    failed = replace(model_grade(), status=GradeStatus.ERRORED, findings=(), is_challenge_fault=True)
    ours = replace(failed, grader="other", is_challenge_fault=False)
    world.sandbox.programs["score"] = grades(failed, ours)
    assert world.run(world.graded()).fault == Fault.PLATFORM


@pytest.mark.parametrize(
    "refusals", [("'../x' leads out of the archive.",), ("a is a link.", "b is a link.")], ids=["one", "two"]
)
def test_a_refused_archive_is_rejected_with_every_reason_and_costs_no_attempt(
    world: World, refusals: tuple[str, ...]
) -> None:
    world.sandbox.programs["unpack"] = keeps(Inventory(refusals=refusals))

    submission = world.graded()

    assert submission.state == State.REJECTED
    assert submission.state_reason == " ".join(refusals)
    assert (world.run(submission).verdict, world.run(submission).fault) == (None, None)
    assert world.sandbox.stages() == ["unpack"]
    assert attempts(world) == 3
    assert world.sandbox.left(world.run(submission).id, 1) == []


def test_an_archive_that_eats_the_memory_of_its_unpacking_is_refused(world: World) -> None:
    world.sandbox.programs["unpack"] = hogs

    submission = world.graded()

    assert submission.state == State.REJECTED
    assert "more memory to unpack" in submission.state_reason


def test_files_that_were_left_in_out_are_named_in_the_evidence(world: World) -> None:
    world.sandbox.programs["unpack"] = keeps(refusals=("'core' is not one of the expected files.",))
    submission = world.graded()
    digest = next(a.digest for a in world.artifacts(submission) if a.kind == ArtifactKind.EVIDENCE)

    assert b"'core' is not one" in world.blobs.get(digest)


def test_equal_runs_leave_equal_evidence(world: World) -> None:
    digests = []
    for _ in range(2):
        submission = world.graded()
        world.clock.advance(3600)
        digests.append([a.digest for a in world.artifacts(submission)])

    assert digests[0] == digests[1]


class TestStaleHints:
    def test_a_hint_with_an_old_fence_does_nothing(self, world: World) -> None:
        submission = world.graded()
        before = world.database.tables

        execute_run(world.runner, world.run(submission).id, 0)
        grade_run(world.runner, world.run(submission).id, 1)

        assert world.database.tables is before

    def test_two_workers_with_one_hint_are_one_run(self, world: World) -> None:
        submission = world.submit()
        run = world.run(submission)

        def second_worker_comes(inside: Inside) -> int:
            execute_run(world.worker("worker-b"), run.id, 0)
            inside.write("out", "predictions.csv", PREDICTIONS)
            return 0

        world.sandbox.programs["predict"] = second_worker_comes
        world.work()

        assert world.state(submission) == State.GRADED
        assert world.sandbox.stages().count("predict") == 1

    def test_a_claim_needs_the_right_fence(self, world: World) -> None:
        run = world.run(world.submit())

        assert claim(world.runner, run.id, 5, State.QUEUED) is None
        assert claim(world.runner, run.id, 0, State.GRADING) is None
        assert claim(world.runner, run.id, 0, State.QUEUED) is not None
        assert claim(world.runner, run.id, 0, State.QUEUED) is None

    def test_a_run_that_has_a_successor_is_never_taken(self, world: World) -> None:
        submission = world.submit()
        old = world.run(submission)
        with world.ports.unit_of_work() as uow:
            uow.runs.add(factories.make_run(id="run_new", submission_id=submission.id, number=2))
            uow.commit()

        assert claim(world.runner, old.id, 0, State.QUEUED) is None


class TestLimits:
    def test_the_authors_limits_reach_the_candidates_container(self, world: World) -> None:
        limits = Limits(time_seconds=7.0, memory_bytes=123 << 20)
        world.set_version(limits={Stage.PREDICT: limits})
        world.graded()

        assert next(s.limits for s in world.sandbox.specs if s.stage == "predict") == limits

    def test_the_keeper_has_room_for_the_whole_tree(self, world: World) -> None:
        world.graded()
        keeper = world.sandbox.specs[0]
        tree = next(m for m in keeper.mounts if isinstance(m, VolumeMount) and m.name == "tree")

        assert tree.size_bytes >= 256 << 20
        assert keeper.limits.memory_bytes > tree.size_bytes
        assert keeper.limits.output_bytes == 256 << 20


def test_an_inventory_that_is_none_is_our_own_error(world: World) -> None:
    def babbles(inside: Inside) -> int:
        inside.print(b"hello\n")
        inside.await_signal()
        return 0

    world.sandbox.programs["unpack"] = babbles
    world.submit()

    with pytest.raises(InvalidError):
        world.work_one()
