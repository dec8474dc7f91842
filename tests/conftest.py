"""Fixtures for all tests: the engine's images, and a real pipeline. Nothing is started unless a test asks."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from audition import bootstrap
from audition.settings import Settings
from tests.pipeline import Pipeline, make_pipeline


@pytest.fixture(scope="session")
def images() -> Mapping[str, str]:
    """References of the sandbox images, which `./audition test` has built."""
    return bootstrap.image_references(Settings.from_env())


@pytest.fixture
def pipeline(tmp_path: Path, images: Mapping[str, str]) -> Iterator[Pipeline]:
    """A pipeline of its own on the real engine; whatever it leaves there is removed."""
    made = make_pipeline(tmp_path, images)
    yield made
    made.runner.sandbox.sweep(lambda _run, _fence: True)
