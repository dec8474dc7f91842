"""What gVisor costs next to runc: the same containers, taken in turns, so that noise meets both alike."""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import docker

from audition import bootstrap
from audition.adapters.docker.engine_client import connect, engine_facts, usual_addresses
from audition.adapters.docker.sandbox import DockerSandbox
from audition.adapters.docker.translate import GVISOR, RUNC
from audition.domain.execution import ContainerSpec, FileMount, Limits, Ownership, Profile
from audition.settings import Settings

_LIMITS = Limits(memory_bytes=1 << 30, cpus=2.0, time_seconds=120.0)
#: How long what waits gets to finish its imports before it is used.
_IMPORT_SECONDS = 12.0
_CALLS = "import os\nfor _ in range(100_000): os.getppid()"
_COUNT = "sum(i * i for i in range(10_000_000))"
_STACK = "import pandas, sklearn.ensemble"


def table(rounds: int, say: Callable[[str], None]) -> str:
    """Median seconds under both and their ratio, or a sentence where there is no gVisor."""
    settings = Settings.from_env()
    client = connect(settings.docker_host or usual_addresses()[0], pool_size=32)
    if GVISOR not in engine_facts(client).runtimes:
        return "runtimes: the engine has no gVisor"
    images = bootstrap.image_references(settings)
    warm = bootstrap.warm_imports(settings)["tabular"]
    taken: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        for number in range(rounds):
            for runtime in (RUNC, GVISOR):
                with _sandbox(client, Path(folder), runtime) as box:
                    for name, seconds in _one(box, Path(folder), images["tabular"], warm):
                        taken.setdefault((name, runtime), []).append(seconds)
            say(f"{number + 1:3} of {rounds}")
    client.close()
    return _rendered(taken, rounds)


@contextmanager
def _sandbox(client: docker.APIClient, folder: Path, runtime: str) -> Iterator[DockerSandbox]:
    box = DockerSandbox(
        client,
        instance=f"bench-{uuid4().hex[:8]}",
        runtimes={Profile.CANDIDATE: runtime},
        bays_folder=folder / uuid4().hex,
    )
    try:
        yield box
    finally:
        box.clear()
        box.sweep(lambda _run, _fence: True)


def _one(box: DockerSandbox, folder: Path, image: str, warm: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    """Each measurement once, in seconds."""

    def timed(script: str) -> float:
        return _timed(box, _spec(folder, image, script))

    empty = timed("pass")
    yield "fresh container, nothing in it", empty
    yield "import pandas, scikit-learn", timed(_STACK) - empty
    yield "a hundred thousand system calls", timed(_CALLS) - empty
    yield "ten million additions", timed(_COUNT) - empty
    waiting = _spec(folder, image, _STACK, warm)
    box.stock([waiting], 1)
    time.sleep(_IMPORT_SECONDS)
    box.expect([waiting])
    yield "from go to the end, started ahead, imports done", _timed(box, waiting)


def _spec(folder: Path, image: str, script: str, warm: tuple[str, ...] | None = None) -> ContainerSpec:
    source = folder / f"{uuid4().hex}.py"
    source.write_text(script)
    source.chmod(0o444)
    owner = Ownership(run_id=f"bench_{uuid4().hex[:12]}", fence=1, deadline_epoch=int(time.time()) + 300)
    return ContainerSpec(
        stage="predict",
        image=image,
        argv=("python", "/in/script.py"),
        profile=Profile.CANDIDATE,
        ownership=owner,
        limits=_LIMITS,
        mounts=(FileMount(source=str(source), target="/in/script.py"),),
        warm_imports=warm,
    )


def _timed(box: DockerSandbox, spec: ContainerSpec) -> float:
    began = time.monotonic()
    ended = box.run(spec)
    seconds = time.monotonic() - began
    assert ended.exit_code == 0, ended.stderr
    return seconds


def _rendered(taken: dict[tuple[str, str], list[float]], rounds: int) -> str:
    lines = [f"{'median of ' + str(rounds):50} {'runc':>8} {'gVisor':>8}   ratio"]
    for name in dict.fromkeys(name for name, _ in taken):
        runc, gvisor = (statistics.median(taken[name, runtime]) for runtime in (RUNC, GVISOR))
        lines.append(f"  {name:48} {runc:7.3f}s {gvisor:7.3f}s  {gvisor / runc if runc > 0 else 0:5.2f}x")
    return "\n".join(lines)
