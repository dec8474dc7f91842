"""For all tests: the engine's images, a real pipeline, and who runs when. Nothing is started unless a test asks."""

import io
import tarfile
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from audition import bootstrap
from audition.adapters.docker.engine_client import connect, usual_addresses
from audition.settings import Settings
from tests.pipeline import Pipeline, make_pipeline
from tests.turns import turns

#: Their slow files take minutes each.
_LONGEST = {"challenges", "corpus"}
_WAITED = pytest.StashKey[dict[str, float | None]]()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slowest files come first, then those with containers, otherwise at random."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    contained = {item.path for item in items if item.get_closest_marker("docker")}

    def turn(item: pytest.Item) -> tuple[bool, bool, bool]:
        return item.path not in slow, item.path.parent.name not in _LONGEST, item.path not in contained

    items.sort(key=turn)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, bool | None, bool | None]:
    """Nothing runs beside a test that measures, nor beside what is set up for it."""
    with turns().alone() if item.get_closest_marker("alone") else turns().shared():
        return (yield)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """One of several processes tells the first how long it has waited for others."""
    if (told := getattr(session.config, "workeroutput", None)) is not None:
        told["waited_seconds"] = turns().waited_seconds


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What a process told when it ended; one that crashed says nothing."""
    node.config.stash.setdefault(_WAITED, {})[node.gateway.id] = getattr(node, "workeroutput", {}).get(
        "waited_seconds"
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """How long each process waited because another measured, or to measure."""
    waited = config.stash.get(_WAITED, {}) or {"pytest": turns().waited_seconds}
    for name, seconds in sorted(waited.items()):
        if seconds is not None and seconds >= 1:
            terminalreporter.write_line(f"{name} waited {seconds:.0f} s for its turns")


@pytest.fixture(scope="session")
def images() -> Mapping[str, str]:
    """References of the sandbox images, which `./audition test` has built."""
    return bootstrap.image_references(Settings.from_env())


@pytest.fixture(scope="session")
def prometheus(images: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of Prometheus, taken out of their image: Debian's own, which need nothing but a C library."""
    folder = tmp_path_factory.mktemp("prometheus")
    client = connect(Settings.from_env().docker_host or usual_addresses()[0])
    container = client.create_container(images["prometheus"])["Id"]
    try:
        blocks, _ = client.get_archive(container, "/opt/prometheus/bin")
        with tarfile.open(fileobj=io.BytesIO(b"".join(blocks))) as tar:
            tar.extractall(folder, filter="data")
    finally:
        client.remove_container(container, v=True)
        client.close()
    return folder / "bin"


@pytest.fixture
def pipeline(tmp_path: Path, images: Mapping[str, str]) -> Iterator[Pipeline]:
    """A pipeline of its own on the real engine; whatever it leaves there is removed."""
    made = make_pipeline(tmp_path, images)
    yield made
    made.runner.sandbox.sweep(lambda _run, _fence: True)
