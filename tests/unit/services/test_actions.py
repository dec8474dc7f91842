"""Cancelling, releasing, trying again: who may, when, and what is left behind."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from audition.adapters.memory.inside import Inside
from audition.domain.contract import Inventory
from audition.domain.errors import ConflictError, DeniedError, NotFoundError, UnavailableError
from audition.domain.people import Principal, PrincipalKind, Role
from audition.domain.run import Verdict
from audition.domain.submission import State, Submission
from audition.services.authorize import require_candidate, require_role, visible_submission
from audition.services.cancel import cancel
from audition.services.release import release
from audition.services.retry import regrade, rerun
from audition.services.transition import transition
from tests import factories
from tests.unit.services.world import ALICE, CAROL, World, keeps

DAVE = replace(CAROL, subject_id="inv_dave")
BOB = replace(ALICE, roles=frozenset({Role.AUTHOR}))
OLGA = replace(ALICE, roles=frozenset({Role.OPERATOR}))
Action = Callable[[World, Principal, Submission], Submission]

STAFF_ACTIONS: dict[str, Action] = {
    "release": lambda w, p, s: release(w.ports, p, s.id),
    "rerun": lambda w, p, s: rerun(w.ports, p, s.id, "Again."),
    "regrade": lambda w, p, s: regrade(w.ports, p, s.id, "New grader."),
}


def broken(world: World) -> Submission:
    """A submission that a silent engine parked before anything ran."""
    world.sandbox.fail("unpack", UnavailableError("No engine.", transient=False))
    return world.graded()


class TestWho:
    @pytest.mark.parametrize("action", STAFF_ACTIONS.values(), ids=STAFF_ACTIONS)
    @pytest.mark.parametrize("asker", [CAROL, DAVE, BOB], ids=["owner", "stranger", "author"])
    def test_only_reviewers_act_on_reports(self, world: World, asker: Principal, action: Action) -> None:
        submission = world.graded()
        before = world.database.tables

        with pytest.raises(DeniedError, match="needs the reviewer role"):
            action(world, asker, submission)
        assert world.database.tables is before

    @pytest.mark.parametrize("action", STAFF_ACTIONS.values(), ids=STAFF_ACTIONS)
    def test_operators_may_too(self, world: World, action: Action) -> None:
        submission = world.graded()
        assert action(world, OLGA, submission).state != State.GRADED

    @pytest.mark.parametrize(
        ("asker", "sees"),
        [(CAROL, True), (ALICE, True), (OLGA, True), (DAVE, False), (BOB, False)],
        ids=["owner", "reviewer", "operator", "another candidate", "author"],
    )
    def test_what_one_may_not_see_does_not_exist(self, world: World, asker: Principal, *, sees: bool) -> None:
        submission = world.submit()
        with world.ports.unit_of_work() as uow:
            if sees:
                assert visible_submission(uow, asker, submission.id) == submission
                return
            with pytest.raises(NotFoundError) as hidden:
                visible_submission(uow, asker, submission.id)
            with pytest.raises(NotFoundError) as absent:
                visible_submission(uow, asker, "sub_none")
        assert hidden.value.status == absent.value.status

    def test_a_staff_user_with_an_invitations_id_is_no_candidate(self, world: World) -> None:
        submission = world.submit()
        impostor = replace(BOB, subject_id="inv_1")
        with world.ports.unit_of_work() as uow, pytest.raises(NotFoundError):
            visible_submission(uow, impostor, submission.id)

    def test_roles_and_kinds_are_required(self) -> None:
        require_role(ALICE, Role.REVIEWER)
        require_candidate(CAROL)
        with pytest.raises(DeniedError):
            require_role(replace(CAROL, kind=PrincipalKind.CANDIDATE), Role.REVIEWER)
        with pytest.raises(DeniedError):
            require_candidate(ALICE)


class TestCancel:
    def test_a_waiting_one_ends_at_once_and_its_hint_is_stale(self, world: World) -> None:
        submission = world.submit()

        assert cancel(world.ports, CAROL, submission.id).state == State.CANCELLED
        world.work()
        assert world.state(submission) == State.CANCELLED
        assert world.sandbox.specs == []

    def test_of_a_running_one_the_worker_is_asked(self, world: World) -> None:
        submission = world.submit()

        def asks(_: Inside) -> int:
            assert cancel(world.ports, CAROL, submission.id).state == State.RUNNING
            return 0

        world.sandbox.programs["predict"] = asks
        world.work()
        assert world.run(submission).is_cancel_requested

    def test_a_parked_one_can_be_cancelled(self, world: World) -> None:
        assert cancel(world.ports, ALICE, broken(world).id).state == State.CANCELLED

    def test_a_graded_one_cannot(self, world: World) -> None:
        with pytest.raises(ConflictError):
            cancel(world.ports, CAROL, world.graded().id)

    def test_nobody_cancels_what_is_not_theirs(self, world: World) -> None:
        with pytest.raises(NotFoundError):
            cancel(world.ports, DAVE, world.submit().id)


class TestRelease:
    def test_it_is_dated_and_written_down(self, world: World) -> None:
        submission = world.graded()
        world.clock.advance(60)

        released = release(world.ports, ALICE, submission.id)

        assert (released.state, released.released_at) == (State.RELEASED, factories.later(60))
        assert world.history(submission)[-1] == "graded->released"

    def test_only_once_and_only_what_is_graded(self, world: World) -> None:
        submission = world.submit()
        with pytest.raises(ConflictError):
            release(world.ports, ALICE, submission.id)
        world.work()
        release(world.ports, ALICE, submission.id)
        with pytest.raises(ConflictError):
            release(world.ports, ALICE, submission.id)


class TestRetry:
    def test_regrading_never_runs_the_candidates_code(self, world: World) -> None:
        submission = world.graded()
        artifacts = world.artifacts(submission)
        world.sandbox.specs.clear()

        regrade(world.ports, ALICE, submission.id, "New grader.")
        world.work()

        assert world.state(submission) == State.GRADED
        assert sorted(world.sandbox.stages()) == ["judge", "score", "unpack"]
        assert world.artifacts(submission) == artifacts
        assert world.run(submission).number == 1
        assert world.run(submission).verdict == Verdict.ACCEPTED
        assert len(world.grades(submission)) == 2

    def test_regrading_keeps_the_verdict_of_the_run(self, world: World) -> None:
        world.sandbox.programs["predict"] = lambda _: 3
        submission = world.graded()
        regrade(world.ports, ALICE, submission.id, "Again.")
        world.work()

        assert world.run(submission).verdict == Verdict.NONZERO_EXIT

    def test_regrading_works_after_a_cancel_that_came_too_late(self, world: World) -> None:
        submission = world.graded()
        with world.ports.unit_of_work() as uow:
            uow.runs.request_cancel(uow.runs.latest(submission.id).id)
            uow.commit()
        regrade(world.ports, ALICE, submission.id, "Again.")
        world.work()

        assert world.state(submission) == State.GRADED

    def test_regrading_an_archive_that_is_refused_now_parks_it(self, world: World) -> None:
        submission = world.graded()
        world.sandbox.programs["unpack"] = keeps(Inventory(refusals=("Too many entries.",)))

        regrade(world.ports, ALICE, submission.id, "Again.")
        world.work()

        assert world.state(submission) == State.ERRORED
        assert "refused now: Too many entries." in world.submission(submission.id).state_reason

    def test_without_evidence_there_is_nothing_to_grade(self, world: World) -> None:
        submission = broken(world)

        with pytest.raises(ConflictError, match="left no evidence") as caught:
            regrade(world.ports, ALICE, submission.id, "Again.")
        assert caught.value.code == "no-evidence"
        assert world.state(submission) == State.ERRORED

    @pytest.mark.parametrize("make", [broken, World.graded], ids=["errored", "graded"])
    def test_rerunning_is_a_new_run(self, world: World, make: Callable[[World], Submission]) -> None:
        submission = make(world)
        world.sandbox.specs.clear()

        rerun(world.ports, ALICE, submission.id, "The engine is back.")
        run = world.run(submission)
        assert (run.number, run.fence, run.losses) == (2, 0, 0)
        world.work()

        assert world.state(submission) == State.GRADED
        assert world.sandbox.stages()[:2] == ["unpack", "predict"]

    @pytest.mark.parametrize("again", [rerun, regrade])
    @pytest.mark.parametrize("during", ["predict", "score"])
    def test_nothing_that_a_worker_holds_is_taken_from_it(
        self, world: World, again: Callable[..., Submission], during: str
    ) -> None:
        """RUNNING->QUEUED and GRADING->GRADING are for lost leases; a person has no such arrow."""
        submission = world.submit()
        original = world.sandbox.programs[during]
        assert original is not None
        refused = []

        def tries(inside: Inside) -> int:
            with pytest.raises(ConflictError, match="only a graded or errored one"):
                again(world.ports, ALICE, submission.id, "Impatient.")
            refused.append(True)
            return original(inside)

        world.sandbox.programs[during] = tries
        world.work()

        assert refused
        assert world.state(submission) == State.GRADED
        assert world.run(submission).number == 1

    def test_a_queue_that_is_down_delays_a_regrade_only(self, world: World) -> None:
        submission = world.graded()
        world.queue.is_down = True
        regrade(world.ports, ALICE, submission.id, "Again.")
        world.queue.is_down = False

        world.reconcile()
        world.work()
        assert world.state(submission) == State.GRADED


def test_a_move_that_another_made_first_is_a_conflict(world: World) -> None:
    submission = world.submit()
    stale = world.submission(submission.id)
    cancel(world.ports, CAROL, submission.id)

    with world.ports.unit_of_work() as uow, pytest.raises(ConflictError, match="no longer queued") as caught:
        transition(uow, stale, State.RUNNING, actor="x", reason="y", at=factories.NOW)
    assert caught.value.code == "state-changed"
