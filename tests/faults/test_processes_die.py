"""Kill what can be killed in the middle of a run: it still ends, once, and nothing is left."""

import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from audition.domain.submission import State
from tests.faults.checks import SLOW, check_one_result
from tests.faults.stack import Stack, kill, running_stack, wait_for

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    # A short path: that of a socket has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="faults-") as folder, running_stack(Path(folder)) as made:
        yield made
        made.client.close()


def test_nothing_breaks(stack: Stack) -> None:
    submission = stack.submit()
    stack.await_settled(submission)

    check_one_result(stack, submission)


def test_a_killed_job_is_done_again_by_the_same_worker(stack: Stack) -> None:
    submission = stack.submit(SLOW)
    job = stack.await_predicting(submission)

    kill(job)
    stack.await_settled(submission)

    check_one_result(stack, submission, losses=1)


def test_a_killed_worker_and_its_job_are_replaced(stack: Stack) -> None:
    submission = stack.submit(SLOW)
    job = stack.await_predicting(submission)

    kill(stack.pid_of_worker(), job)
    stack.await_settled(submission)

    check_one_result(stack, submission, losses=1)


def test_a_job_that_lost_its_worker_ends_once_all_the_same(stack: Stack) -> None:
    submission = stack.submit(SLOW)
    stack.await_predicting(submission)

    kill(stack.pid_of_worker())
    stack.await_settled(submission)

    check_one_result(stack, submission, losses=None)


def test_a_worker_that_is_asked_to_stop_finishes_its_job_first(stack: Stack) -> None:
    submission = stack.submit(SLOW)
    stack.await_predicting(submission)
    worker = stack.pid_of_worker()

    kill(worker, number=signal.SIGTERM)
    stack.await_settled(submission)

    check_one_result(stack, submission, losses=0)
    wait_for(lambda: stack.pid_of_worker() != worker, 20.0, "the stopped worker is replaced")


def test_a_queue_that_is_emptied_loses_nothing(stack: Stack) -> None:
    first = stack.submit(SLOW)
    stack.await_predicting(first)
    second = stack.submit()

    stack.server.flush()
    stack.await_settled(first, second)

    check_one_result(stack, first, losses=None)
    check_one_result(stack, second)


def test_a_queue_that_is_away_delays_and_loses_nothing(stack: Stack) -> None:
    stack.server.stop()
    try:
        submission = stack.submit()
        assert submission.state == State.QUEUED
    finally:
        stack.server.start()
    stack.await_settled(submission)

    check_one_result(stack, submission)
