"""An engine that Audition configures: the steps of builds have candidates' filter, and all of ours still works."""

import io
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest

from audition.adapters.docker.engine_client import connect, engine_facts, usual_addresses
from audition.adapters.docker.sandbox import DockerSandbox
from audition.adapters.docker.step_look import build_lines, look_at_a_step
from audition.adapters.docker.translate import GVISOR
from audition.domain.execution import ContainerSpec, Profile
from audition.host.engine import write_configuration
from audition.settings import Settings
from tests.contract.boxes import LIMITS, owner

pytestmark = [
    pytest.mark.docker,
    pytest.mark.slow,
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("dockerd") is None,
        reason="starting an engine takes root and dockerd",
    ),
]
_START_SECONDS = 30.0
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
    """Configured as one that Audition starts, beside the host's, with the base of candidates' images in it."""
    image = images["python-slim"]
    with tempfile.TemporaryDirectory(prefix="eng-") as name:
        folder = Path(name)
        address = f"unix://{folder}/engine.sock"
        process = _start(folder, address, _runsc())
        try:
            client = _await(process, address, folder)
            _copy(image, client)
            yield Engine(client, image)
            client.close()
        finally:
            process.terminate()
            process.wait(timeout=60)


def _runsc() -> Path | None:
    """The program that the host's engine has registered."""
    host = connect(Settings.from_env().docker_host or usual_addresses()[0])
    command = engine_facts(host).gvisor_command
    host.close()
    return Path(command[0]) if command else None


def _start(folder: Path, address: str, runsc: Path | None) -> subprocess.Popen[bytes]:
    options = {
        "--config-file": write_configuration(folder / "data", "", runsc),
        "--data-root": folder / "root",
        "--exec-root": folder / "exec",
        "--pidfile": folder / "pid",
        "--host": address,
        "--bridge": "none",
    }
    words = [str(word) for option in options.items() for word in option]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            ["dockerd", *words, "--iptables=false", "--ip-forward=false"], stdout=log, stderr=log
        )


def _await(process: subprocess.Popen[bytes], address: str, folder: Path) -> docker.APIClient:
    until = time.monotonic() + _START_SECONDS
    while not Path(address.removeprefix("unix://")).exists():
        log = (folder / "log").read_text()
        assert process.poll() is None, log
        assert time.monotonic() < until, log
        time.sleep(0.1)
    return connect(address)


def _copy(image: str, client: docker.APIClient) -> None:
    """From the host's engine, without a registry."""
    host = connect(Settings.from_env().docker_host or usual_addresses()[0])
    with tempfile.TemporaryFile() as saved:
        for chunk in host.get_image(image):
            saved.write(chunk)
        saved.seek(0)
        for _ in client.load_image(saved):
            pass
    host.close()


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
