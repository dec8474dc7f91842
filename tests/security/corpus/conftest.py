"""The proving ground, shared by the whole corpus: making one for each case would cost more than the cases."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import docker
import pytest

from audition.adapters.docker.engine_client import connect, usual_addresses
from audition.settings import Settings
from tests.security.corpus.aftermath import Canaries, Watch
from tests.security.corpus.proving_ground import CONTROL_SLOT, SECRET, SLOT, Ground

#: An honest submission beside a greedy one on a small host: slower, but not stuck.
_BESIDE_SECONDS = 60.0
Beside = Callable[[], AbstractContextManager[None]]


@pytest.fixture(scope="session")
def client() -> Iterator[docker.APIClient]:
    """The engine, for looking only."""
    made = connect(Settings.from_env().docker_host or usual_addresses()[0], pool_size=8)
    yield made
    made.close()


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory, images: Mapping[str, str]) -> Iterator[Ground]:
    """Where attacks run; the worker has a secret in its environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUDITION_TEST_SECRET", SECRET)
        made = Ground(_folder(tmp_path_factory, "ground"), images, SLOT)
        yield made
        made.close()


@pytest.fixture(scope="session")
def watch(ground: Ground, client: docker.APIClient, tmp_path_factory: pytest.TempPathFactory) -> Watch:
    """Looks at the host before and after."""
    canaries = Canaries(_folder(tmp_path_factory, "host") / "canaries")
    return Watch(ground=ground, client=client, canaries=canaries)


@pytest.fixture(scope="session")
def fair_score(ground: Ground) -> float:
    """What an honest submission is worth on a quiet host."""
    score = ground.honest()
    assert 0.1 < score < 0.9, "an honest score must leave room to cheat upwards and to be robbed"
    return score


@pytest.fixture(scope="session")
def beside(
    tmp_path_factory: pytest.TempPathFactory, images: Mapping[str, str], fair_score: float
) -> Iterator[Beside]:
    """An honest submission in a second slot of this host while something else happens."""
    control = Ground(_folder(tmp_path_factory, "control"), images, CONTROL_SLOT)

    @contextmanager
    def running() -> Iterator[None]:
        seen: list[float] = []
        began = time.monotonic()
        thread = threading.Thread(target=lambda: seen.append(control.honest()))
        thread.start()
        try:
            yield
        finally:
            thread.join(_BESIDE_SECONDS)
        took = time.monotonic() - began
        assert seen == [fair_score], f"U4: the honest submission beside it got {seen} after {took:.1f} s"

    yield running
    control.close()


def _folder(factory: pytest.TempPathFactory, name: str) -> Path:
    folder = factory.mktemp(name)
    # The engine mounts files below it into containers with other user ids.
    for path in (folder, *folder.parents[:2]):
        path.chmod(0o755)
    return folder
