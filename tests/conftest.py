"""Fixtures for all tests: the engine's images, and a real pipeline. Nothing is started unless a test asks."""

import io
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from audition import bootstrap
from audition.adapters.docker.engine_client import connect, usual_addresses
from audition.settings import Settings
from tests.pipeline import Pipeline, make_pipeline


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
