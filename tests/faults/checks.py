"""What holds after every fault, and a submission that gives time for one."""

from audition.domain.run import Verdict
from audition.domain.submission import State, Submission
from tests import tiny
from tests.faults.stack import Stack

SLOW = "import time\ntime.sleep(3)\n" + tiny.GOOD


def check_one_result(stack: Stack, submission: Submission, losses: int | None = 0) -> None:
    """Exactly one result, and an audit log that explains how it came about."""
    stored, run, grades, artifacts, history = stack.result(submission)

    assert stored.state == State.GRADED, stored.state_reason
    assert run.verdict == Verdict.ACCEPTED
    assert run.number == 1
    assert losses is None or run.losses == losses
    assert {"dockerfile", "model-quality", "output-format"} <= {g.grader for g in grades}
    assert len({g.grader for g in grades}) == len(grades)
    assert len({a.fence for a in artifacts}) == 1
    state = State.RECEIVED
    for entry in history:
        old, new = entry.action.split("->")
        assert old == state
        state = State(new)
    assert state == State.GRADED
    stack.await_clean(submission)
