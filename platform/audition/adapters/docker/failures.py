"""Tell an engine's failure from a container's.

Theory of operation. Everything the engine says about *itself* (no answer, time-out, 5xx, "no such image") is
an `UnavailableError`: the platform's fault, retried, never a candidate's zero. Everything it records about a
*container* (exit code, out of memory, times) is a value, made in `sandbox.py`. A refusal to start is always
ours: what is started is an init of the engine's, which then finds the candidate's command missing (exit code
127) or not executable (126) by itself. The engine writes the same codes into the record of a container that did
not start because the runtime's own program is missing, so they may not be read before the start has succeeded.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from docker.errors import APIError, DockerException, ImageNotFound
from requests.exceptions import RequestException

from audition.domain.errors import UnavailableError

_SERVER_ERROR = 500


@contextmanager
def engine_errors(doing: str) -> Iterator[None]:
    """Translate what docker-py raises.

    Args:
        doing: What was being done, e.g. "starting the predict container".

    Raises:
        UnavailableError: The engine failed; transient unless it refused the request itself.
    """
    try:
        yield
    except ImageNotFound as error:
        msg = f"An image is missing on this host while {doing}: {error.explanation}"
        step = (
            "Run `audition images build`, with the image's NAME if it is one that only some challenges need."
        )
        raise UnavailableError(msg, transient=False, code="image-missing", next_step=step) from error
    except APIError as error:
        is_transient = error.status_code is None or error.status_code >= _SERVER_ERROR
        msg = f"The Docker engine failed while {doing}: {error.explanation or error}"
        raise UnavailableError(msg, transient=is_transient, code="engine-failed") from error
    except (DockerException, RequestException, OSError) as error:
        msg = f"The Docker engine did not answer while {doing}: {error}"
        raise UnavailableError(msg, code="engine-silent") from error
