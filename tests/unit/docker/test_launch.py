"""A start that the engine refuses, or never answers, is the platform's fault, and another try may go well."""

from typing import Any

import docker
import pytest
import requests
from docker.errors import APIError

from audition.adapters.docker.launch import Launcher
from audition.adapters.docker.translate import Translator
from audition.domain.errors import UnavailableError
from tests.unit.docker.test_translate import spec


class _Stream:
    _sock = None

    def close(self) -> None:
        """Nothing is open."""


class _Engine:
    """As far as a launch goes; its runtime does not start anything."""

    def __init__(self, trouble: Exception) -> None:
        self.trouble = trouble

    def create_container_from_config(self, _request: dict[str, Any]) -> dict[str, str]:
        return {"Id": "c1"}

    def attach_socket(self, _container: str, params: dict[str, int]) -> _Stream:
        del params
        return _Stream()

    def start(self, _container: str) -> None:
        raise self.trouble


def refused(status: int) -> APIError:
    response = requests.Response()
    response.status_code = status
    return APIError("no", response=response, explanation="OCI runtime create failed: exec: runsc: not found")


@pytest.mark.parametrize(
    "trouble", [refused(400), refused(500), requests.ReadTimeout("30 s"), OSError("gone")]
)
def test_a_start_that_fails_is_ours_and_is_tried_again(trouble: Exception) -> None:
    engine: Any = _Engine(trouble)
    client: docker.APIClient = engine
    launched = Launcher(client, None, Translator(instance="me")).launch(spec())
    with pytest.raises(UnavailableError, match="starting the") as caught:
        launched.begin()
    assert caught.value.transient
