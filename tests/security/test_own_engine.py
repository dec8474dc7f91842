"""An engine that Audition configures: the steps of builds have candidates' filter, and all of ours still works."""

import io
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest

from audition.adapters.docker.sandbox import DockerSandbox
from audition.adapters.docker.step_look import build_lines, look_at_a_step
from audition.adapters.docker.translate import GVISOR
from audition.domain.execution import ContainerSpec, Profile
from tests.contract.boxes import LIMITS, owner
from tests.own_engine import OwnEngine, needs_own_engine

pytestmark = [pytest.mark.docker, pytest.mark.slow, needs_own_engine]
#: What programs that a candidate may use in a step do: unpacking, changing owners, becoming another user.
_USUAL_STEP = (
    "useradd --create-home app && install -o app -d /srv/app && touch /srv/app/x && chown app:app /srv/app/x"
    " && python -m venv /opt/v && tar -C /srv -cf /tmp/x.tar app && tar -C /opt -xpf /tmp/x.tar"
    " && python -c 'import os; os.setgid(1000); os.setuid(1000); print(os.getuid())'"
)


@dataclass(frozen=True)
class Engine:
    """One of a test's own."""

    client: docker.APIClient
    image: str


@pytest.fixture(scope="module")
def engine(images: Mapping[str, str]) -> Iterator[Engine]:
    """With the base of candidates' images in it."""
    image = images["python-slim"]
    with tempfile.TemporaryDirectory(prefix="eng-") as name:
        own = OwnEngine(Path(name))
        try:
            own.start()
            own.copy(image)
            client = own.connect()
            yield Engine(client, image)
            client.close()
        finally:
            own.stop()


def test_a_step_has_our_filter_and_gets_no_new_privileges(engine: Engine) -> None:
    walls = look_at_a_step(engine.client, engine.image)

    assert walls.is_filtered
    assert walls.is_ours
    assert walls.has_no_new_privileges


def test_what_dockerfiles_usually_do_works_in_a_step(engine: Engine) -> None:
    known = engine.client.inspect_image(engine.image)["Id"]
    lines = [f"FROM {known}", f"RUN {_USUAL_STEP}"]
    events = list(build_lines(engine.client, lines, network_mode="none"))

    assert [e["error"] for e in events if "error" in e] == []
    assert any(e.get("stream") == "1000\n" for e in events)


@pytest.mark.parametrize("runtime", ["runc", GVISOR])
def test_containers_of_runs_start_as_ever(engine: Engine, runtime: str) -> None:
    if runtime not in engine.client.info()["Runtimes"]:
        pytest.skip(f"there is no {runtime}")
    sandbox = DockerSandbox(engine.client, instance="own", runtimes={Profile.CANDIDATE: runtime})
    look = (
        "import json; print(json.dumps([w for w in open('/proc/self/status') if w.startswith('Seccomp:')]))"
    )
    spec = ContainerSpec(
        stage="deed",
        image=engine.image,
        argv=("python3", "-c", look),
        profile=Profile.CANDIDATE,
        ownership=owner(),
        limits=LIMITS,
    )

    exit_ = sandbox.run(spec)
    sandbox.discard(spec.ownership.run_id, 1)

    assert (exit_.exit_code, exit_.runtime) == (0, runtime), exit_.stderr
    assert json.load(io.BytesIO(exit_.stdout)) == ["Seccomp:\t2\n"]
