"""What a whole run asks the engine for: never the archive API, never exec, never commit."""

import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from audition import bootstrap
from audition.adapters.docker.engine_client import connect, usual_addresses
from audition.adapters.docker.sandbox import DockerSandbox
from audition.adapters.memory import FixedClock
from audition.domain.run import Verdict
from audition.domain.submission import State
from audition.services.execute import execute_run
from audition.services.submit import submit
from audition.settings import Settings
from tests import tiny
from tests.security.recorder import Recorder, recording
from tests.unit.services.world import World, upload_of

pytestmark = pytest.mark.docker

#: Paths that a run may ask for; a new one is a decision.
ALLOWED = re.compile(
    r"""(?x) ^(?:
    GET\ /version | GET\ /info | HEAD\ /_ping | GET\ /_ping
    | POST\ /containers/create
    | POST\ /containers/[0-9a-f]+/(?:start|attach|wait|kill)
    | GET\ /containers/[0-9a-f]+/(?:json|stats)
    | DELETE\ /containers/[0-9a-f]+
    | GET\ /containers/json | GET\ /volumes | DELETE\ /volumes/audition-[\w-]+
    | GET\ /events
    | GET\ /images/[\w./:-]+/json
    | GET\ /images/json  # what a run's own build may have left, looked up by label when the run is discarded
    )$"""
)


@pytest.fixture(scope="module")
def log() -> Iterator[Recorder]:
    """Everything that a run with a real sandbox asked for."""
    settings = Settings.from_env()
    engine = (settings.docker_host or usual_addresses()[0]).removeprefix("unix://")
    images = bootstrap.image_references(settings)
    with (
        tempfile.TemporaryDirectory(prefix="proxy-") as folder,
        recording(engine, Path(folder)) as (recorder, path),
    ):
        client = connect(f"unix://{path}", pool_size=32)
        box = DockerSandbox(client, instance=f"log-{uuid4().hex[:8]}")
        world = World(clock=FixedClock(), is_empty=True)
        tiny.store_tiny(world.ports)
        runner = replace(world.runner, sandbox=box, images=images, facts=box.facts())
        try:
            submission = submit(world.ports, tiny.principal(), upload_of(tiny.archive()))
            run = world.run(submission)
            execute_run(runner, run.id, run.fence)
            assert world.state(submission) == State.GRADED, world.submission(submission.id).state_reason
            assert world.run(submission).verdict == Verdict.ACCEPTED
            assert len(world.grades(submission)) == 3
        finally:
            box.sweep(lambda _run_id, _fence: True)
            client.close()
        yield recorder


def paths(log: Recorder) -> list[str]:
    """Requests without version and query."""
    return [re.sub(r"\?.*", "", re.sub(r" /v1\.\d+/", " /", request)) for request in log.requests]


def test_the_recorder_saw_the_run(log: Recorder) -> None:
    seen = paths(log)

    assert seen.count("POST /containers/create") >= 4  # unpack, predict, score, judge
    assert sum(path.endswith("/start") for path in seen) >= 4
    assert sum(path.startswith("DELETE /containers/") for path in seen) >= 4


@pytest.mark.parametrize(
    "word", ["/archive", "/exec", "/commit", "/copy", "/build", "/export", "/update", "/plugins"]
)
def test_what_has_been_a_door_before_is_never_asked_for(log: Recorder, word: str) -> None:
    assert [request for request in log.requests if word in request] == []


def test_nothing_but_the_short_list_is_asked_for(log: Recorder) -> None:
    assert sorted({path for path in paths(log) if not ALLOWED.match(path)}) == []
