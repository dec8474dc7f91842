"""Around the whole application: counts and times each answer, refuses bodies that are too large, logs a line."""

import json
import logging
import time
from typing import Any

from credit.metrics import Metrics
from credit.schema import MOST_BYTES

ROUTES = frozenset({"/predict", "/health", "/ready", "/metadata", "/metrics", "/openapi.json"})
_LOG = logging.getLogger("credit.access")
_TOO_LARGE = json.dumps({"error": f"Send at most {MOST_BYTES} bytes."}).encode()


class TooLargeError(Exception):
    """A body without a length turned out to be too large."""


class Observed:
    """An ASGI application that watches another."""

    def __init__(self, app: Any, metrics: Metrics) -> None:  # noqa: ANN401  an ASGI application
        """Watch `app`."""
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401  as ASGI has it
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Paths that we do not have share one label: strangers must not make series.
        route = scope["path"] if scope["path"] in ROUTES else "other"
        began, status, size = time.perf_counter(), 500, 0

        async def watch(message: Any) -> None:  # noqa: ANN401
            nonlocal status
            status = message.get("status", status)
            await send(message)

        async def measure() -> Any:  # noqa: ANN401
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > MOST_BYTES:
                raise TooLargeError
            return message

        try:
            if _length(scope) > MOST_BYTES:
                await _refuse(watch)
            else:
                await self._app(scope, measure, watch)
        except TooLargeError:
            await _refuse(watch)
        finally:
            seconds = time.perf_counter() - began
            self._metrics.requests.labels(route, str(status)).inc()
            self._metrics.seconds.labels(route).observe(seconds)
            level = logging.ERROR if status >= 500 else logging.WARNING if status >= 400 else logging.INFO
            fields = {"route": route, "status": status, "seconds": round(seconds, 6)}
            _LOG.log(level, "request", extra={"fields": fields})


def _length(scope: Any) -> int:  # noqa: ANN401  as ASGI has it
    said = dict(scope["headers"]).get(b"content-length", b"0")
    return int(said) if said.isdigit() else 0


async def _refuse(send: Any) -> None:  # noqa: ANN401  as ASGI has it
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": _TOO_LARGE})
