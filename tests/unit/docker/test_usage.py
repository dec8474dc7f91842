"""What the engine announced of a container's memory."""

import time
from collections.abc import Iterator
from typing import Any

import docker
import pytest
import requests

from audition.adapters.docker import usage
from audition.adapters.docker.usage import ran_out_of_memory


class _Engine:
    """As far as its announcements go."""

    def __init__(self, announced: list[dict[str, str]] | Exception) -> None:
        self.announced = announced
        self.asked: dict[str, Any] = {}

    def events(self, **asked: object) -> Iterator[dict[str, str]]:
        self.asked = asked
        if isinstance(self.announced, Exception):
            raise self.announced
        return iter(self.announced)


@pytest.mark.parametrize(
    ("announced", "ran_out"),
    [([{"Action": "oom"}], True), ([], False), (requests.ConnectionError("gone"), False)],
)
def test_what_was_announced_counts(
    announced: list[dict[str, str]] | Exception, *, ran_out: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "_WORD_SECONDS", 0.2)
    engine: Any = _Engine(announced)
    client: docker.APIClient = engine
    assert ran_out_of_memory(client, "c1", 1_900_000_000.7) is ran_out
    assert engine.asked["filters"] == {"container": ["c1"], "event": ["oom"]}
    assert engine.asked["since"] == 1_900_000_000


def test_an_engine_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "_WORD_SECONDS", 0.2)
    engine: Any = _Engine([])
    monkeypatch.setattr(engine, "events", lambda **_: time.sleep(5))
    began = time.monotonic()
    assert not ran_out_of_memory(engine, "c1", 0.0)
    assert time.monotonic() - began < 2
