"""The clock: what is waiting, what was lost, what is over."""

import pytest

from audition.domain.errors import ConflictError, UnavailableError
from audition.domain.submission import State
from audition.services import reconcile as reconcile_module
from audition.services.claim import claim
from audition.services.give_back import give_back
from audition.services.reconcile import is_over
from tests.unit.services.world import World


def claim_only(world: World, run_id: str) -> None:
    """A worker takes a run and is never heard of again."""
    fence = world.database.tables.runs[run_id].fence
    assert claim(world.runner, run_id, fence, State.QUEUED) is not None
    world.queue.lose_everything()


class TestReconcile:
    def test_a_queue_that_was_emptied_is_filled_again(self, world: World) -> None:
        submission = world.submit()
        world.queue.lose_everything()

        assert world.reconcile() == (1, 0)
        assert world.reconcile() == (0, 0), "a second pass has nothing to do"
        world.work()
        assert world.state(submission) == State.GRADED

    def test_a_queue_that_was_emptied_while_grading_waits_is_filled_again(self, world: World) -> None:
        world.sandbox.fail("score", UnavailableError("The engine is silent."))
        submission = world.submit()
        world.work_one()
        assert world.state(submission) == State.GRADING
        world.queue.lose_everything()

        assert world.reconcile() == (1, 0)
        assert world.queue.waiting[0][0] == "grade"

    def test_a_live_lease_is_left_alone_to_the_second(self, world: World) -> None:
        submission = world.submit()
        run = world.run(submission)
        claim_only(world, run.id)

        world.clock.advance(14.9)
        assert world.reconcile() == (0, 0)
        world.clock.advance(0.1)
        assert world.reconcile() == (0, 1)
        assert world.state(submission) == State.QUEUED
        assert world.queue.waiting[-1] == ("execute", run.id, 2)

    def test_a_run_that_moved_while_we_looked_is_left_alone(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        claim_only(world, world.run(world.submit()).id)
        world.clock.advance(60)

        def conflict(*_: object, **__: object) -> None:
            raise ConflictError("It moved.")  # noqa: EM101

        monkeypatch.setattr(reconcile_module, "give_back", conflict)

        assert world.reconcile() == (0, 0)

    def test_a_queue_that_is_down_is_an_error_and_takes_back_all_the_same(self, world: World) -> None:
        submission = world.submit()
        claim_only(world, world.run(submission).id)
        world.clock.advance(60)
        world.queue.is_down = True

        assert world.reconcile() == (0, 1)
        assert world.state(submission) == State.QUEUED
        with pytest.raises(UnavailableError):
            world.reconcile()

    def test_an_old_fence_gives_nothing_back(self, world: World) -> None:
        run = world.run(world.submit())
        claim_only(world, run.id)
        before = world.database.tables

        give_back(world.ports, run.id, 0, actor="x", reason="y", max_losses=3)

        assert world.database.tables is before


class TestIsOver:
    def test_what_a_worker_holds_is_alive(self, world: World) -> None:
        run = world.run(world.submit())
        claim_only(world, run.id)

        assert not is_over(world.ports, run.id, 1)
        assert is_over(world.ports, run.id, 0)

    def test_a_run_without_a_lease_and_an_unknown_run_are_over(self, world: World) -> None:
        run = world.run(world.submit())

        assert is_over(world.ports, run.id, 0)
        assert is_over(world.ports, "run_nobody_knows", 1)

    def test_a_publication_lives_until_its_own_deadline(self, world: World) -> None:
        assert not is_over(world.ports, "pub_1", 0)
