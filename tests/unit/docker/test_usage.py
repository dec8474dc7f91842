"""What the engine announced of a container's memory."""

import json
from typing import Any

import docker
import pytest
import requests

from audition.adapters.docker.usage import ran_out_of_memory


class _Engine:
    """As far as its announcements go."""

    base_url, api_version = "http+docker://localhost", "1.41"

    def __init__(self, status: int, announced: str = "", trouble: Exception | None = None) -> None:
        self.answer = requests.Response()
        self.answer.status_code = status
        self.answer._content = announced.encode()
        self.trouble = trouble
        self.asked: dict[str, Any] = {}

    def get(self, url: str, **asked: object) -> requests.Response:
        self.asked = {"url": url, **asked}
        if self.trouble is not None:
            raise self.trouble
        return self.answer


@pytest.mark.parametrize(
    ("engine", "ran_out"),
    [
        (_Engine(200, '{"Action":"oom"}\n{"Action":"oom"}\n'), True),
        (_Engine(200, ""), False),
        (_Engine(500, "trouble"), False),
        (_Engine(200, trouble=requests.ReadTimeout("3 s")), False),
        (_Engine(200, trouble=requests.ConnectionError("gone")), False),
    ],
    ids=["announced", "nothing", "failed", "hangs", "gone"],
)
def test_what_was_announced_counts(engine: _Engine, *, ran_out: bool) -> None:
    stand_in: Any = engine
    client: docker.APIClient = stand_in
    assert ran_out_of_memory(client, "c1", 1_900_000_000.7) is ran_out
    assert engine.asked["url"].endswith("/v1.41/events")
    assert json.loads(engine.asked["params"]["filters"]) == {"container": ["c1"], "event": ["oom"]}
    assert engine.asked["params"]["since"] == "1900000000"
    assert engine.asked["timeout"] <= 5
