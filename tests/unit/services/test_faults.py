"""When we fail: engines that are silent, graders that break, workers that die, leases that are lost."""

import pytest

from audition.adapters.memory.inside import Inside
from audition.adapters.memory.sandbox import Program
from audition.domain.errors import UnavailableError
from audition.domain.run import Fault, Stage, Verdict
from audition.domain.submission import State
from audition.services.execute import execute_run
from audition.services.reconcile import is_over
from tests.unit.services.world import World, keeps

STAGES = ["unpack", "predict", "score", "judge"]


def silent() -> UnavailableError:
    return UnavailableError("The Docker engine did not answer.", code="engine-silent")


@pytest.mark.parametrize("stage", STAGES)
def test_an_engine_that_fails_once_costs_a_loss_and_the_run_still_ends(world: World, stage: str) -> None:
    world.sandbox.fail(stage, silent())

    submission = world.graded()

    assert submission.state == State.GRADED
    run = world.run(submission)
    assert (run.verdict, run.losses) == (Verdict.ACCEPTED, 1)
    assert len(world.grades(submission)) == 2
    assert all(world.sandbox.left(run.id, fence) == [] for fence in range(6))


def test_a_failure_while_grading_does_not_run_the_candidate_again(world: World) -> None:
    world.sandbox.fail("score", silent())
    world.graded()

    assert world.sandbox.stages().count("predict") == 1


@pytest.mark.parametrize("stage", STAGES)
def test_an_engine_that_always_fails_parks_the_run_for_a_person(world: World, stage: str) -> None:
    world.sandbox.fail(stage, *[silent() for _ in range(9)])

    submission = world.graded()
    run = world.run(submission)

    assert submission.state == State.ERRORED
    assert (run.verdict, run.fault, run.losses) == (Verdict.INTERNAL_ERROR, Fault.PLATFORM, 3)
    assert "did not answer. (loss 3)" in submission.state_reason
    assert world.grades(submission) == ()


@pytest.mark.parametrize("stage", STAGES)
def test_what_time_does_not_heal_is_parked_at_once(world: World, stage: str) -> None:
    world.sandbox.fail(stage, UnavailableError("No image.", transient=False, code="image-missing"))

    submission = world.graded()

    assert submission.state == State.ERRORED
    assert world.run(submission).losses == 1


def garbage(inside: Inside) -> int:
    inside.print(b'{"grades": "none"}')
    return 0


def traceback(inside: Inside) -> int:
    inside.complain(b"Traceback: the answer to row 7 is 1")
    return 1


def hangs(inside: Inside) -> int:
    inside.sleep(1e6)
    return 0


def hogs(inside: Inside) -> int:
    inside.allocate(1 << 50)
    return 0


def talks_too_much(inside: Inside) -> int:
    inside.print(b"x" * (5 << 20))
    return 0


@pytest.mark.parametrize(
    ("program", "cause"),
    [
        (garbage, "no grade sheet"),
        (traceback, "ended with 1"),
        (hangs, "took too long"),
        (hogs, "ran out of memory"),
        (talks_too_much, "ended with 0"),
    ],
    ids=["garbage", "exit 1", "hang", "memory", "flood"],
)
def test_a_grader_container_that_breaks_is_never_a_zero(world: World, program: Program, cause: str) -> None:
    world.sandbox.programs["score"] = program

    submission = world.graded()
    score = world.stage(submission, Stage.SCORE)

    assert submission.state == State.ERRORED
    assert cause in submission.state_reason
    assert "row 7" not in score.message, "the candidate sees this, and the container has seen the answers"
    assert "our fault" in score.message


@pytest.mark.parametrize("how", ["lies", "silence"])
def test_a_keeper_that_fails_is_ours(world: World, how: str) -> None:
    world.sandbox.programs["unpack"] = keeps(lies=True) if how == "lies" else lambda _: 1

    submission = world.graded()

    assert submission.state == State.ERRORED
    assert world.run(submission).fault == Fault.PLATFORM


def test_what_cannot_be_removed_is_left_to_the_sweeper(world: World) -> None:
    world.sandbox.fail("discard", silent())

    submission = world.graded()

    assert submission.state == State.GRADED
    run = world.run(submission)
    assert world.sandbox.left(run.id, 1) != []
    world.sandbox.sweep(lambda run_id, fence: is_over(world.ports, run_id, fence))
    assert world.sandbox.left(run.id, 1) == []


def test_the_job_boundary_sees_what_is_not_on_purpose(world: World) -> None:
    class OddError(Exception):
        pass

    def odd(_: Inside) -> int:
        raise OddError

    run = world.run(world.submit())
    world.sandbox.programs["predict"] = odd

    with pytest.raises(OddError):
        execute_run(world.runner, run.id, 0)
    assert world.sandbox.left(run.id, 1) == [], "discarded whatever happens"
