"""The implementations that contract suites run over, each behind one fixture with parameters."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import Engine

from audition.adapters.blobs import FolderBlobs
from audition.adapters.memory import MemoryBlobs, MemoryDatabase, MemoryQueue, memory_storage
from audition.adapters.rq_queue import RqQueue
from audition.adapters.sql import make_engine, sql_storage, upgrade
from audition.adapters.sql.tables import metadata
from audition.ports import BlobStore, UnitOfWorkFactory
from tests.contract import servers
from tests.contract.boxes import UNDER_GVISOR, Box, DockerBox, FakeBox, has_gvisor
from tests.contract.queues import MemoryWorkplace, RqWorkplace, Workplace

ON_DOCKER = pytest.param("docker_box", marks=pytest.mark.docker)
ON_GVISOR = [pytest.param(name, marks=pytest.mark.docker) for name in ("gvisor_box", "warm_gvisor_box")]
STARTED_AHEAD = pytest.param("warm_box", marks=pytest.mark.docker)
SQL_PARAMS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@dataclass(frozen=True, kw_only=True)
class Storage:
    """A storage and the queue that its hints go to."""

    unit_of_work: UnitOfWorkFactory
    queue: MemoryQueue
    url: str = ""
    """Of the database; empty in memory."""


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A private PostgreSQL server's empty database."""
    with servers.postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A private Redis server."""
    with servers.redis_server() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the schema in it, to copy."""
    path = tmp_path_factory.mktemp("schema") / "empty.db"
    with _engine(f"sqlite:///{path}") as engine:
        upgrade(engine)
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: str) -> str:
    """The PostgreSQL database with the schema in it."""
    with _engine(postgres_url) as engine:
        upgrade(engine)
    return postgres_url


@pytest.fixture(params=SQL_PARAMS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database without a row, of each kind."""
    return _empty_database(request, tmp_path)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on the empty database."""
    with _engine(database_url) as engine:
        yield engine


@pytest.fixture(params=["memory", *SQL_PARAMS])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """An empty storage of each kind."""
    queue = MemoryQueue()
    if request.param == "memory":
        yield Storage(unit_of_work=memory_storage(MemoryDatabase(), queue), queue=queue)
        return
    url = _empty_database(request, tmp_path)
    with _engine(url) as engine:
        yield Storage(unit_of_work=sql_storage(engine, queue), queue=queue, url=url)


@pytest.fixture(params=["memory", pytest.param("rq", marks=pytest.mark.redis)])
def workplace(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workplace]:
    """An empty queue of each kind with somebody who works it off."""
    if request.param == "memory":
        yield MemoryWorkplace()
        return
    url = request.getfixturevalue("redis_url")
    with Redis.from_url(url) as client:
        client.flushall()
        yield RqWorkplace(RqQueue(url, 60), client, monkeypatch)


@pytest.fixture(params=["memory", "folder"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    """An empty blob store of each kind."""
    makers: dict[str, Callable[[], BlobStore]] = {
        "memory": MemoryBlobs,
        "folder": lambda: FolderBlobs(tmp_path / "blobs"),
    }
    return makers[request.param]()


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = make_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def _empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        path = tmp_path / "test.db"
        shutil.copy(request.getfixturevalue("migrated_file"), path)
        return f"sqlite:///{path}"
    url: str = request.getfixturevalue("migrated_postgres")
    with _engine(url) as engine, engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    return url


@pytest.fixture(scope="module")
def docker_box() -> Iterator[DockerBox]:
    box = DockerBox()
    try:
        yield box
    finally:
        box.close()


@pytest.fixture(scope="module")
def warm_box() -> Iterator[DockerBox]:
    with tempfile.TemporaryDirectory(prefix="bays-") as folder:
        Path(folder).chmod(0o755)
        box = DockerBox(Path(folder))
        try:
            yield box
        finally:
            box.close()


@pytest.fixture(scope="module")
def gvisor_box() -> Iterator[DockerBox]:
    yield from _under_gvisor(None)


@pytest.fixture(scope="module")
def warm_gvisor_box() -> Iterator[DockerBox]:
    with tempfile.TemporaryDirectory(prefix="bays-") as folder:
        Path(folder).chmod(0o755)
        yield from _under_gvisor(Path(folder))


def _under_gvisor(bays_folder: Path | None) -> Iterator[DockerBox]:
    if not has_gvisor():
        pytest.skip("the engine has no gVisor")
    box = DockerBox(bays_folder, UNDER_GVISOR)
    try:
        yield box
    finally:
        box.close()


@pytest.fixture(params=["fake", ON_DOCKER, STARTED_AHEAD, *ON_GVISOR])
def box(request: pytest.FixtureRequest) -> Box:
    made: Box = FakeBox() if request.param == "fake" else request.getfixturevalue(request.param)
    return made
