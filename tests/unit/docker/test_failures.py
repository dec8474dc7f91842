"""Whose failure it is: what docker-py raises, and what we make of it."""

import pytest
import requests
from docker.errors import APIError, DockerException, ImageNotFound

from audition.adapters.docker.failures import engine_errors
from audition.domain.errors import UnavailableError


def api_error(status: int) -> APIError:
    response = requests.Response()
    response.status_code = status
    return APIError("said no", response=response, explanation="said no")


CASES = [
    (ImageNotFound("no such image", explanation="no such image"), "image-missing", False),
    (api_error(500), "engine-failed", True),
    (api_error(503), "engine-failed", True),
    (api_error(400), "engine-failed", False),
    (api_error(404), "engine-failed", False),
    (APIError("no response at all"), "engine-failed", True),
    (DockerException("broken"), "engine-silent", True),
    (requests.ConnectionError("refused"), "engine-silent", True),
    (requests.ReadTimeout("slow"), "engine-silent", True),
    (OSError("socket gone"), "engine-silent", True),
]


@pytest.mark.parametrize(("error", "code", "is_transient"), CASES, ids=[repr(c[0])[:40] for c in CASES])
def test_what_the_engine_says_about_itself_is_ours(
    error: Exception, code: str, *, is_transient: bool
) -> None:
    with pytest.raises(UnavailableError) as caught, engine_errors("starting the predict container"):
        raise error

    assert (caught.value.code, caught.value.transient) == (code, is_transient)
    assert "starting the predict container" in caught.value.detail
    assert caught.value.__cause__ is error


def test_what_is_not_the_engines_goes_through() -> None:
    with pytest.raises(KeyError), engine_errors("anything"):
        raise KeyError
