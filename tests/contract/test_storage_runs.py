"""What every storage does with runs: leases, fences, stages, artifacts and grades."""

import pytest

from audition.domain.errors import ConflictError
from audition.domain.evidence import ArtifactKind
from audition.domain.grade import Dimension, GradeStatus
from audition.domain.run import Fault, Stage, StageStatus, Verdict
from audition.domain.scorecard import scorecard_of
from tests import factories as make
from tests.contract.conftest import Storage

NOW, later = make.NOW, make.later


@pytest.fixture
def stored(storage: Storage) -> Storage:
    """A storage with the default run, which nobody has claimed."""
    with storage.unit_of_work() as unit:
        make.store_run(unit)
        unit.commit()
    return storage


@pytest.fixture
def claimed(stored: Storage) -> Storage:
    """A storage with the default run, claimed: its fence is 1."""
    with stored.unit_of_work() as unit:
        assert unit.runs.claim("run_1", 0, "worker-a", later(15), later(1))
        unit.commit()
    return stored


def test_the_latest_run_has_the_highest_number(stored: Storage) -> None:
    with stored.unit_of_work() as unit:
        unit.runs.add(make.make_run(id="run_0", number=10))
        unit.runs.add(make.make_run(id="run_3", number=2))
        assert unit.runs.latest("sub_1").id == "run_0"


def test_the_latest_runs_of_many_submissions_come_at_once(stored: Storage) -> None:
    with stored.unit_of_work() as unit:
        unit.runs.add(make.make_run(id="run_0", number=10))
        unit.runs.add(make.make_run(id="run_3", number=2))
        assert [run.id for run in unit.runs.of_submission("sub_1")] == ["run_1", "run_3", "run_0"]
        assert unit.runs.of_submission("sub_none") == ()
        found = unit.runs.latest_of(["sub_1", "sub_none"])
        assert {key: run.id for key, run in found.items()} == {"sub_1": "run_0"}
        assert unit.runs.latest_of([]) == {}


def test_a_claim_raises_the_fence_and_takes_the_lease(claimed: Storage) -> None:
    with claimed.unit_of_work() as unit:
        run = unit.runs.get("run_1")
    expected = make.make_run(fence=1, worker="worker-a", lease_until=later(15), started_at=later(1))
    assert run == expected


def test_the_same_fence_cannot_be_claimed_twice(claimed: Storage) -> None:
    with claimed.unit_of_work() as unit:
        before = unit.runs.get("run_1")
        assert not unit.runs.claim("run_1", 0, "worker-b", later(30), later(2))
        assert unit.runs.get("run_1") == before
        assert not unit.runs.claim("run_9", 0, "worker-b", later(30), later(2))


def test_runs_are_counted_by_whose_fault_they_ended(claimed: Storage) -> None:
    with claimed.unit_of_work() as unit:
        assert unit.runs.count_faults(later(0)) == {}, "it has not ended"
        assert unit.runs.finish("run_1", 1, Verdict.TIME_LIMIT, Fault.CANDIDATE, later(9))
        assert unit.runs.count_faults(later(9)) == {Fault.CANDIDATE: 1}
        assert unit.runs.count_faults(later(10)) == {}
        assert unit.submissions.count_by_state() == {unit.submissions.get("sub_1").state: 1}


def test_digests_of_all_that_is_stored_are_known(claimed: Storage) -> None:
    with claimed.unit_of_work() as unit:
        assert unit.runs.artifact_digests() == frozenset()
        unit.runs.add_artifacts([make.make_artifact(), make.make_artifact(name="other", digest="e" * 64)])
        assert unit.runs.artifact_digests() == {make.make_artifact().digest, "e" * 64}
        assert unit.submissions.archive_digests() == {unit.submissions.get("sub_1").archive_digest}


def test_a_later_claim_keeps_when_the_run_first_started(claimed: Storage) -> None:
    with claimed.unit_of_work() as unit:
        assert unit.runs.lose("run_1", 1)
        assert unit.runs.claim("run_1", 2, "worker-b", later(60), later(40))
        run = unit.runs.get("run_1")
    assert (run.fence, run.worker, run.started_at, run.losses) == (3, "worker-b", later(1), 1)


def test_a_lease_is_renewed_by_its_holder_only(claimed: Storage) -> None:
    with claimed.unit_of_work() as unit:
        assert unit.runs.renew("run_1", 1, later(20))
        assert unit.runs.get("run_1").lease_until == later(20)
        for old in (0, 2):
            assert not unit.runs.renew("run_1", old, later(99))
        assert unit.runs.get("run_1").lease_until == later(20)


def test_a_lost_lease_does_not_come_back(claimed: Storage) -> None:
    with claimed.unit_of_work() as unit:
        assert unit.runs.lose("run_1", 1)
        assert not unit.runs.renew("run_1", 1, later(99))
        assert not unit.runs.lose("run_1", 1)
        assert not unit.runs.lose("run_1", 2)
        run = unit.runs.get("run_1")
    assert (run.worker, run.lease_until, run.losses, run.fence) == (None, None, 1, 2)


def test_who_lost_a_run_can_write_nothing_more(claimed: Storage) -> None:
    with claimed.unit_of_work() as unit:
        assert unit.runs.lose("run_1", 1)
        assert not unit.runs.save_stage(make.make_stage())
        assert not unit.runs.finish("run_1", 1, Verdict.ACCEPTED, None, later(9))
        assert unit.runs.get("run_1").verdict is None


def test_finishing_stores_the_verdict_and_drops_the_lease(claimed: Storage) -> None:
    with claimed.unit_of_work() as unit:
        assert unit.runs.finish("run_1", 1, Verdict.TIME_LIMIT, Fault.CANDIDATE, later(9))
        run = unit.runs.get("run_1")
        assert not unit.runs.renew("run_1", 1, later(99))
    expected = make.make_run(
        fence=1,
        started_at=later(1),
        verdict=Verdict.TIME_LIMIT,
        fault=Fault.CANDIDATE,
        finished_at=later(9),
    )
    assert run == expected


def test_a_run_of_which_nothing_is_judged_finishes_without_a_verdict(claimed: Storage) -> None:
    with claimed.unit_of_work() as unit:
        assert unit.runs.finish("run_1", 1, None, None, later(9))
        run = unit.runs.get("run_1")
    assert (run.verdict, run.fault, run.lease_until, run.finished_at) == (None, None, None, later(9))


@pytest.mark.parametrize("old", [0, 2])
def test_an_old_fence_changes_nothing(claimed: Storage, old: int) -> None:
    with claimed.unit_of_work() as unit:
        before = unit.runs.get("run_1")
        assert not unit.runs.finish("run_1", old, Verdict.ACCEPTED, None, later(9))
        assert not unit.runs.lose("run_1", old)
        assert not unit.runs.save_stage(make.make_stage(fence=old))
        assert unit.runs.get("run_1") == before
        assert unit.runs.stages("run_1") == ()


def test_a_request_to_cancel_is_seen(claimed: Storage) -> None:
    with claimed.unit_of_work() as unit:
        unit.runs.request_cancel("run_1")
        unit.runs.request_cancel("run_9")
        assert unit.runs.get("run_1").is_cancel_requested


def test_a_stage_is_replaced_by_its_next_record(claimed: Storage) -> None:
    running = make.make_stage(status=StageStatus.RUNNING, finished_at=None, usage=None)
    with claimed.unit_of_work() as unit:
        assert unit.runs.save_stage(running)
        assert unit.runs.stages("run_1") == (running,)
        assert unit.runs.save_stage(make.make_stage())
        assert unit.runs.stages("run_1") == (make.make_stage(),)


def test_stages_are_in_order_of_start(claimed: Storage) -> None:
    order = [(Stage.SCORE, 2), (Stage.PREDICT, 1), (Stage.UNPACK, 1)]
    with claimed.unit_of_work() as unit:
        for stage, seconds in order:
            unit.runs.save_stage(make.make_stage(stage=stage, started_at=later(seconds)))
        stages = [record.stage for record in unit.runs.stages("run_1")]
    assert stages == [Stage.UNPACK, Stage.PREDICT, Stage.SCORE]


def test_of_each_stage_the_newest_record_holds_and_one_that_nobody_ended_does_not(claimed: Storage) -> None:
    predicted = make.make_stage(stage=Stage.PREDICT, started_at=later(2))
    unpacked = make.make_stage(stage=Stage.UNPACK, started_at=later(1))
    unfinished = make.make_stage(stage=Stage.SCORE, status=StageStatus.RUNNING, started_at=later(3))
    with claimed.unit_of_work() as unit:
        for record in (unpacked, predicted, unfinished):
            unit.runs.save_stage(record)
        assert unit.runs.stages("run_1") == (unpacked, predicted, unfinished)
        assert unit.runs.claim("run_1", 1, "worker-b", later(60), later(40))
        again = make.make_stage(fence=2, stage=Stage.UNPACK, started_at=later(41))
        unit.runs.save_stage(again)
        assert unit.runs.stages("run_1") == (predicted, again)


def test_artifacts_are_published_and_listed(claimed: Storage) -> None:
    output = make.make_artifact()
    log = make.make_artifact(kind=ArtifactKind.STDOUT, name="stdout.txt")
    scores = make.make_artifact(fence=2, stage=Stage.SCORE, kind=ArtifactKind.STDERR)
    with claimed.unit_of_work() as unit:
        unit.runs.add_artifacts([])
        unit.runs.add_artifacts([scores, log, output])
        assert unit.runs.artifacts("run_1") == (output, log, scores)
        assert unit.runs.artifacts("run_9") == ()


def test_one_kind_of_artifact_of_many_runs_comes_at_once(claimed: Storage) -> None:
    with claimed.unit_of_work() as unit:
        old, new = (
            make.make_artifact(
                fence=fence, kind=ArtifactKind.TRACES, name="traces.json", digest=f"{fence}" * 64
            )
            for fence in (1, 2)
        )
        unit.runs.add_artifacts([new])
        unit.runs.add_artifacts([old, make.make_artifact(name="other")])
        assert unit.runs.artifacts_of(["run_1", "run_9"], ArtifactKind.TRACES) == {"run_1": new}
        assert unit.runs.artifacts_of([], ArtifactKind.TRACES) == {}


def test_an_artifact_is_published_once_and_all_or_none_are(claimed: Storage) -> None:
    with claimed.unit_of_work() as unit:
        unit.runs.add_artifacts([make.make_artifact()])
        with pytest.raises(ConflictError):
            unit.runs.add_artifacts([make.make_artifact(name="b.csv"), make.make_artifact()])
        with pytest.raises(ConflictError, match="not stored"):
            unit.runs.add_artifacts([make.make_artifact(run_id="run_9")])
        assert unit.runs.artifacts("run_1") == (make.make_artifact(),)


def test_grades_are_replaced_as_a_whole(claimed: Storage) -> None:
    quality = make.make_grade()
    docker = make.make_grade(grader="dockerfile", dimension=Dimension.DEPLOYMENT, metrics=())
    errored = make.make_grade(grader="dockerfile", status=GradeStatus.ERRORED, findings=())
    with claimed.unit_of_work() as unit:
        unit.grades.publish("run_1", [quality, docker])
        assert unit.grades.of_run("run_1") == (docker, quality)
        unit.grades.publish("run_1", [errored])
        unit.commit()
    with claimed.unit_of_work() as unit:
        assert unit.grades.of_run("run_1") == (errored,)
        assert unit.grades.of_run("run_9") == ()


def test_one_grader_has_one_grade(claimed: Storage) -> None:
    with claimed.unit_of_work() as unit:
        with pytest.raises(ConflictError):
            unit.grades.publish("run_1", [make.make_grade(), make.make_grade(version="2")])
        with pytest.raises(ConflictError, match="not stored"):
            unit.grades.publish("run_9", [make.make_grade()])


def test_scorecards_follow_the_grades(claimed: Storage) -> None:
    quality, docker = make.make_grade(), make.make_grade(grader="dockerfile", dimension=Dimension.DEPLOYMENT)
    with claimed.unit_of_work() as unit:
        assert unit.grades.scorecards(["run_1"]) == {}
        unit.grades.publish("run_1", [quality, docker])
        unit.grades.publish("run_1", [docker])
        unit.commit()
    with claimed.unit_of_work() as unit:
        assert unit.grades.scorecards(["run_1", "run_9"]) == {"run_1": scorecard_of("run_1", [docker])}
        assert unit.grades.scorecards([]) == {}
        changed = scorecard_of("run_1", [quality])
        unit.grades.save_scorecard(changed)
        assert unit.grades.scorecards(["run_1"]) == {"run_1": changed}
        unit.grades.publish("run_1", [])
        unit.grades.save_scorecard(changed)
        assert unit.grades.scorecards(["run_1"]) == {}


def test_a_version_has_all_its_runs_and_people(claimed: Storage) -> None:
    with claimed.unit_of_work() as unit:
        unit.runs.add(make.make_run(id="run_0", number=2))
        assert [run.id for run in unit.runs.of_version("ver_1")] == ["run_1", "run_0"]
        assert [s.id for s in unit.submissions.of_version("ver_1")] == ["sub_1"]
        assert [i.id for i in unit.people.invitations_to("ver_1")] == ["inv_1"]
        second = make.make_invitation(id="inv_2", token_digest="3" * 64)
        unit.people.add_invitation(second)
        assert [c.id for c in unit.people.candidates_of("ver_1")] == ["can_1"]
        people = unit.people
        for found in (unit.runs, unit.submissions):
            assert found.of_version("ver_9") == ()
        assert people.invitations_to("ver_9") == people.candidates_of("ver_9") == ()
