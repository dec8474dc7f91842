"""Workers that were away too long, and what the thread that renews a lease notices."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from audition.adapters.memory.inside import Inside
from audition.adapters.memory.sandbox import Program
from audition.domain.contract import Inventory
from audition.domain.errors import UnavailableError
from audition.domain.submission import State
from audition.services import execute
from audition.services.lease import Lease
from tests.unit.services.world import PREDICTIONS, World, grades, keeps, model_grade, predicts

STAGES = ["unpack", "predict", "score", "judge"]


class TestLostLeases:
    """A worker that was away too long: whatever it does then counts for nothing."""

    @pytest.fixture(params=STAGES)
    def stage(self, request: pytest.FixtureRequest) -> str:
        name: str = request.param
        return name

    def freeze(self, world: World, stage: str, meanwhile: Callable[[], None]) -> None:
        """The first time a stage plays, the worker sleeps through its lease and things happen."""
        original = world.sandbox.programs[stage]
        assert original is not None

        def play(inside: Inside) -> int:
            world.sandbox.programs[stage] = original
            meanwhile()
            return original(inside)

        world.sandbox.programs[stage] = play

    def test_it_writes_nothing_after_another_has_finished(self, world: World, stage: str) -> None:
        seen = {}

        def meanwhile() -> None:
            world.clock.advance(60)
            assert world.reconcile()[1] == 1
            while world.work_one(world.worker("worker-b")):
                pass
            seen["tables"] = world.database.tables

        submission = world.submit()
        self.freeze(world, stage, meanwhile)
        world.work_one()

        assert seen["tables"].submissions[submission.id].state == State.GRADED
        assert world.database.tables is seen["tables"], "the late worker wrote something"

    def test_it_writes_nothing_even_before_another_has_begun(self, world: World, stage: str) -> None:
        seen = {}

        def meanwhile() -> None:
            world.clock.advance(60)
            world.reconcile()
            seen["tables"] = world.database.tables

        submission = world.submit()
        self.freeze(world, stage, meanwhile)
        world.work_one()

        assert world.database.tables is seen["tables"]
        world.work()
        assert world.state(submission) == State.GRADED
        assert world.run(submission).losses == 1

    def test_a_run_that_is_lost_again_and_again_is_parked(self, world: World) -> None:
        submission = world.submit()

        def dies(_: Inside) -> int:
            world.clock.advance(60)
            world.reconcile()
            return 0

        world.sandbox.programs["predict"] = dies
        world.work()

        assert world.state(submission) == State.ERRORED
        assert world.run(submission).losses == 3
        assert "stopped renewing" in world.submission(submission.id).state_reason

    def test_between_its_last_look_and_its_last_write(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The lease goes after everything was read: the final transaction sees the new fence."""
        submission = world.submit()
        bad = keeps(Inventory(refusals=("no.",)))

        def loses(inside: Inside) -> int:
            return bad(inside)

        world.sandbox.programs["unpack"] = loses
        original = Lease.__exit__

        def leave(self: Lease, *details: object) -> None:
            original(self, *details)  # type: ignore[arg-type]
            world.clock.advance(60)
            world.reconcile()

        monkeypatch.setattr(Lease, "__exit__", leave)
        world.work_one()

        assert world.state(submission) == State.QUEUED, "a stale worker rejected the submission"

    def test_grades_of_a_stale_worker_are_not_published(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        submission = world.submit()
        original = execute._publish_grades

        def late(*arguments: object) -> None:
            world.clock.advance(60)
            world.reconcile()
            original(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(execute, "_publish_grades", late)
        world.work_one()

        assert world.state(submission) == State.GRADING
        assert world.grades(submission) == ()

    def test_a_finish_is_guarded_by_the_fence_too(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        submission = world.submit()
        monkeypatch.setattr(execute, "check_fence", lambda *_: None)
        self.freeze(world, "score", lambda: (world.clock.advance(60), world.reconcile(), None)[2])
        world.work_one()

        assert world.grades(submission) == ()


@pytest.mark.usefixtures("quick_lease")
class TestLeaseThread:
    def hold(self, world: World, seconds: float = 60.0) -> Program:
        """A candidate's program that runs until it is asked to stop, in real time."""

        def play(inside: Inside) -> int:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                inside.sleep(0.001)
                time.sleep(0.002)
            inside.write("out", "predictions.csv", PREDICTIONS)
            return 0

        world.sandbox.programs["predict"] = play
        return play

    def await_renewal(self, world: World, submission_id: str) -> None:
        """Until the lease lasts as long as it can from now on."""
        until = time.monotonic() + 120
        wanted = world.clock.now() + timedelta(seconds=world.runner.lease_seconds)
        while time.monotonic() < until:
            with world.ports.unit_of_work() as uow:
                lease_until = uow.runs.latest(submission_id).lease_until
            if lease_until is not None and lease_until >= wanted:
                return
            time.sleep(0.005)

    def test_it_renews_while_the_work_goes_on(self, world: World) -> None:
        submission = world.submit()
        object.__setattr__(world.runner, "lease_renew_seconds", 0.02)

        def moves_on(inside: Inside) -> int:
            for _ in range(10):
                world.clock.advance(5)
                self.await_renewal(world, submission.id)
                assert world.reconcile() == (0, 0)
            return predicts(inside)

        world.sandbox.programs["predict"] = moves_on
        world.work()

        assert world.state(submission) == State.GRADED
        assert world.run(submission).losses == 0

    def test_a_lost_lease_ends_the_candidates_container(self, world: World) -> None:
        submission = world.submit()
        original = self.hold(world)

        def loses(inside: Inside) -> int:
            world.clock.advance(60)
            world.reconcile()
            return original(inside)

        world.sandbox.programs["predict"] = loses
        began = time.monotonic()
        world.work_one()

        assert time.monotonic() - began < 20
        assert world.state(submission) == State.QUEUED

    def test_a_refused_renewal_is_a_lost_lease(self, world: World) -> None:
        run = world.run(world.submit())
        object.__setattr__(world.runner, "lease_renew_seconds", 0.01)
        with Lease(world.runner, run) as lease:  # never claimed: there is nothing to renew
            until = time.monotonic() + 120
            while not lease.should_stop() and time.monotonic() < until:
                time.sleep(0.005)
        assert lease.is_lost

    def test_a_database_that_is_away_until_the_lease_has_run_out_is_a_lost_lease(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = world.run(world.submit())
        renewed_at, asked_at, now = [], [], [0.0]

        def look(_: Lease, *, is_due: bool) -> None:
            asked_at.append(now[0])
            now[0] += 1
            if len(asked_at) > 8:
                raise UnavailableError("The database does not answer.")  # noqa: EM101
            renewed_at.extend(asked_at[-1:] if is_due else ())

        monkeypatch.setattr(Lease, "_look", look)
        with Lease(world.runner, run, elapsed=lambda: now[0]) as lease:
            self.await_stop(lease)
        assert lease.is_lost
        assert renewed_at == [5.0]
        # Fifteen seconds after the last renewal, not after the last good look.
        assert now[0] == 5.0 + world.runner.lease_seconds

    def test_a_process_that_stood_still_has_lost_its_lease_at_the_first_look_that_fails(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = world.run(world.submit())
        looks = []

        def away(_: Lease, *, is_due: bool) -> None:
            looks.append(is_due)
            raise UnavailableError("The database does not answer.")  # noqa: EM101

        monkeypatch.setattr(Lease, "_look", away)
        moments = iter([0.0])
        with Lease(world.runner, run, elapsed=lambda: next(moments, 3600.0)) as lease:
            self.await_stop(lease)
        assert lease.is_lost
        assert looks == [True]

    def await_stop(self, lease: Lease) -> None:
        until = time.monotonic() + 120
        while not lease.should_stop() and time.monotonic() < until:
            time.sleep(0.005)

    def test_cancelling_ends_a_running_container(self, world: World) -> None:
        submission = world.submit()
        run_id = world.run(submission).id
        original = self.hold(world)

        def is_cancelled(inside: Inside) -> int:
            with world.ports.unit_of_work() as uow:
                uow.runs.request_cancel(run_id)
                uow.commit()
            return original(inside)

        world.sandbox.programs["predict"] = is_cancelled
        began = time.monotonic()
        world.work()

        assert time.monotonic() - began < 20
        assert world.state(submission) == State.CANCELLED
        assert world.run(submission).verdict is None
        assert world.history(submission)[-1] == "running->cancelled"
        assert world.sandbox.left(run_id, 1) == []

    def test_a_request_that_comes_while_grading_comes_too_late(self, world: World) -> None:
        submission = world.submit()
        run_id = world.run(submission).id

        def slow(inside: Inside) -> int:
            with world.ports.unit_of_work() as uow:
                uow.runs.request_cancel(run_id)
                uow.commit()
            time.sleep(0.1)
            return grades(model_grade())(inside)

        world.sandbox.programs["score"] = slow
        world.work()

        assert world.state(submission) == State.GRADED
        assert world.run(submission).losses == 0


def test_a_cancelled_run_that_lost_its_worker_does_not_run_again(world: World) -> None:
    submission = world.submit()
    run_id = world.run(submission).id

    def dies(_: Inside) -> int:
        with world.ports.unit_of_work() as uow:
            uow.runs.request_cancel(run_id)
            uow.commit()
        world.clock.advance(60)
        world.reconcile()
        return 0

    world.sandbox.programs["predict"] = dies
    world.work()

    assert world.state(submission) == State.CANCELLED
    assert world.run(submission).verdict is None
    assert world.sandbox.stages().count("predict") == 1
