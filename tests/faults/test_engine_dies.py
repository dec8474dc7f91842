"""The container engine is restarted, or the whole host is, in the middle of a run: it still ends, once."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.faults.checks import SLOW, check_one_result
from tests.faults.stack import Stack, running_stack
from tests.own_engine import OwnEngine, needs_own_engine

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow, needs_own_engine]


@pytest.fixture(scope="module")
def engine(images: Mapping[str, str]) -> Iterator[OwnEngine]:
    with tempfile.TemporaryDirectory(prefix="eng-") as name:
        own = OwnEngine(Path(name))
        try:
            own.start()
            for image in ("grader", "tabular", "notebook"):
                own.copy(images[image])
            yield own
        finally:
            own.stop()


@pytest.fixture(scope="module")
def stack(engine: OwnEngine) -> Iterator[Stack]:
    with (
        tempfile.TemporaryDirectory(prefix="faults-") as folder,
        running_stack(Path(folder), DOCKER_HOST=engine.address, AUDITION_RUNTIME="runc") as made,
    ):
        yield made
        made.client.close()


def test_an_engine_that_is_restarted_costs_a_try_and_nothing_else(engine: OwnEngine, stack: Stack) -> None:
    submission = stack.submit(SLOW)
    stack.await_predicting(submission)

    engine.stop()
    engine.start()
    stack.await_settled(submission)

    check_one_result(stack, submission, losses=None)
    assert stack.run(submission).losses >= 1


def test_a_host_that_loses_power_does_the_run_again_when_it_is_back(engine: OwnEngine, stack: Stack) -> None:
    submission = stack.submit(SLOW)
    job = stack.await_predicting(submission)

    stack.kill_everything(job)
    engine.lose_power()
    engine.start()
    stack.await_settled(submission)

    check_one_result(stack, submission, losses=None)
    assert stack.run(submission).losses >= 1
