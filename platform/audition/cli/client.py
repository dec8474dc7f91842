"""A small client of the HTTP API, for the command line."""

import functools
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any

import httpx

from audition.domain.errors import (
    AuditionError,
    ConflictError,
    DeniedError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)

_KINDS: dict[int, type[AuditionError]] = {
    401: DeniedError,
    403: DeniedError,
    404: NotFoundError,
    409: ConflictError,
    413: InvalidError,
    422: InvalidError,
}
_POLL_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Client:
    """Speaks to one Audition with one token."""

    url: str
    token: str = ""

    def get(self, path: str) -> Any:  # noqa: ANN401  JSON has no narrower type
        """GET a JSON document."""
        return self._ask("GET", path).json()

    def post(self, path: str, body: object = None, **headers: str) -> Any:  # noqa: ANN401
        """POST a JSON body."""
        return self._ask("POST", path, json=body or {}, headers=headers).json()

    def submit(self, archive: bytes, name: str, key: str, *, is_practice: bool = False) -> dict[str, Any]:
        """Upload an archive; the same key again is the same submission."""
        path = "/submissions?practice=1" if is_practice else "/submissions"
        files = {"archive": (name, archive, "application/octet-stream")}
        answer = self._ask("POST", path, files=files, headers={"Idempotency-Key": key})
        document: dict[str, Any] = answer.json()
        return document

    def wait(
        self, submission_id: str, seconds: float, tell: Callable[[dict[str, Any]], None] | None = None
    ) -> dict[str, Any]:
        """Wait until nothing more happens by itself.

        Raises:
            UnavailableError: It took longer than `seconds`.
        """
        until = monotonic() + seconds
        while monotonic() < until:
            document: dict[str, Any] = self.get(f"/submissions/{submission_id}")
            if tell is not None:
                tell(document)
            if document["state"] not in {"received", "queued", "running", "grading"}:
                return document
            sleep(_POLL_SECONDS)
        msg = f"Submission {submission_id} was not done after {seconds:.0f} s."
        raise UnavailableError(msg, next_step="Look at its page, and at the worker's log.")

    def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401
        headers = {**options.pop("headers", {})}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            answer = httpx.request(
                method, f"{self.url}/api/v1{path}", headers=headers, timeout=60.0, verify=_tls(), **options
            )
        except httpx.HTTPError as error:
            msg = f"{self.url} does not answer: {error}"
            raise UnavailableError(msg, next_step="Is Audition running there?") from error
        if answer.is_success:
            return answer
        raise _error(answer)


@functools.cache
def _tls() -> ssl.SSLContext:
    """Whom to trust, read once: it takes longer than most requests."""
    return httpx.create_ssl_context()


def _error(answer: httpx.Response) -> AuditionError:
    """The problem document of an answer as one of our errors."""
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    kind = _KINDS.get(answer.status_code, UnavailableError)
    detail = str(problem.get("detail") or f"{answer.url} answered {answer.status_code}.")
    error = kind(detail, code=str(problem.get("code", "")), next_step=str(problem.get("next", "")))
    error.problems = tuple(str(item.get("detail", item)) for item in problem.get("errors", []))
    return error
