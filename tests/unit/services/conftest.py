"""The world that most service tests begin with."""

import pytest

from audition.services import lease
from tests.unit.services.world import World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def quick_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the lease thread look a hundred times a second instead of once."""
    monkeypatch.setattr(lease, "_TICK_SECONDS", 0.01)
