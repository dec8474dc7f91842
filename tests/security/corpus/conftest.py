"""The proving ground, shared by the whole corpus: making one for each case would cost more than the cases."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import docker
import pytest

from audition.adapters.docker.engine_client import connect, usual_addresses
from audition.adapters.docker.translate import GVISOR, RUNC
from audition.settings import Settings
from tests.contract.boxes import has_gvisor
from tests.security.corpus.aftermath import Canaries, Watch
from tests.security.corpus.proving_ground import CONTROL_SLOT, SECRET, SLOT, Ground

#: An honest submission beside a greedy one on a small host: slower, but not stuck.
_BESIDE_SECONDS = 180.0
MakeGround = Callable[[str, int], Ground]
_CHOSEN = os.environ.get("AUDITION_RUNTIME", "auto")
#: One of them when the environment names it, for whoever wants to wait less.
_RUNTIMES = [RUNC, GVISOR] if _CHOSEN == "auto" else [_CHOSEN]
Beside = Callable[[], AbstractContextManager[None]]


@pytest.fixture(scope="session")
def client() -> Iterator[docker.APIClient]:
    """The engine, for looking only."""
    made = connect(Settings.from_env().docker_host or usual_addresses()[0], pool_size=8)
    yield made
    made.close()


@pytest.fixture(params=_RUNTIMES)
def runtime(request: pytest.FixtureRequest) -> str:
    """Under which candidates' code runs: the whole corpus is run under each."""
    if request.param == GVISOR and not has_gvisor():
        pytest.skip("the engine has no gVisor")
    return str(request.param)


@pytest.fixture(scope="session")
def grounds(tmp_path_factory: pytest.TempPathFactory, images: Mapping[str, str]) -> Iterator[MakeGround]:
    """Grounds by runtime and slot, each made once; the worker has a secret in its environment."""
    made: dict[tuple[str, int], Ground] = {}

    def ground_of(runtime: str, slot: int) -> Ground:
        if (runtime, slot) not in made:
            folder = _folder(tmp_path_factory, f"ground-{runtime}-{slot}")
            # Slots of two runtimes are not the same, for their user ids tell our processes from those of others.
            made[runtime, slot] = Ground(folder, images, slot + 2 * (runtime == GVISOR), runtime)
        return made[runtime, slot]

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUDITION_TEST_SECRET", SECRET)
        yield ground_of
        for ground in made.values():
            ground.close()


@pytest.fixture
def ground(grounds: MakeGround, runtime: str) -> Ground:
    """Where attacks run."""
    return grounds(runtime, SLOT)


@pytest.fixture(scope="session")
def canaries(tmp_path_factory: pytest.TempPathFactory) -> Canaries:
    """Files of the host that nothing may change."""
    return Canaries(_folder(tmp_path_factory, "host") / "canaries")


@pytest.fixture
def watch(ground: Ground, client: docker.APIClient, canaries: Canaries) -> Watch:
    """Looks at the host before and after."""
    return Watch(ground=ground, client=client, canaries=canaries)


@pytest.fixture(scope="session")
def fair_scores() -> dict[str, float]:
    """What is known so far, by runtime."""
    return {}


@pytest.fixture
def fair_score(ground: Ground, runtime: str, fair_scores: dict[str, float]) -> float:
    """What an honest submission is worth on a quiet host."""
    if runtime not in fair_scores:
        fair_scores[runtime] = ground.honest()
    score = fair_scores[runtime]
    assert 0.1 < score < 0.9, "an honest score must leave room to cheat upwards and to be robbed"
    return score


@pytest.fixture
def beside(grounds: MakeGround, runtime: str, fair_score: float) -> Beside:
    """An honest submission in a second slot of this host while something else happens."""
    control = grounds(runtime, CONTROL_SLOT)

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

    return running


def _folder(factory: pytest.TempPathFactory, name: str) -> Path:
    folder = factory.mktemp(name)
    # The engine mounts files below it into containers with other user ids.
    for path in (folder, *folder.parents[:3]):
        path.chmod(0o755)
    return folder
