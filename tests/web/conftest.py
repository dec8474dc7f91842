"""Worlds for the tests of the site."""

from pathlib import Path

import pytest

from tests.web.stories import tell_all
from tests.web.world import World, make_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    """People and a challenge; nobody has submitted anything."""
    return make_world(tmp_path)


@pytest.fixture
def busy_world(tmp_path: Path) -> World:
    """The same with submissions of every fate, named as in `stories.tell_all`."""
    made = make_world(tmp_path)
    tell_all(made.ports)
    return made


@pytest.fixture(scope="module")
def looked_at_world() -> World:
    """The busy world, made once for many tests: they only look."""
    made = make_world()
    tell_all(made.ports)
    return made
