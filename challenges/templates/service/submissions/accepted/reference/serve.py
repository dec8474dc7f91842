"""GET /health, /ready, /metrics, /openapi.json; POST /predict with {"rows": [{...}, ...]}. Standard library alone."""

import json
import signal
import threading
import time
from collections import Counter
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from model import risk

PORT = 8080
MOST_BYTES = 1 << 20
DESCRIPTION = Path(__file__).with_name("openapi.json").read_bytes()
BOUNDS = (0.001, 0.005, 0.025, 0.1, 0.5)
LOCK = threading.Lock()
REQUESTS: Counter[int] = Counter()
BUCKETS: Counter[float] = Counter()
SECONDS = [0.0]


class BadRequestError(Exception):
    """The request cannot be answered; the message says why."""


def score(body: bytes) -> list[float]:
    """Risks of the rows of a request."""
    try:
        document = json.loads(body)
        rows = document.get("rows") if isinstance(document, dict) else None
        if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
            msg = 'Send {"rows": [{...}, ...]} with at least one machine.'
            raise BadRequestError(msg)
        absent = [name for name in ("kind", "age_years") if any(name not in row for row in rows)]
        if absent:
            msg = f"Missing in at least one row: {', '.join(absent)}. Use null for a value that is not known."
            raise BadRequestError(msg)
        return [risk(row) for row in rows]
    except (ValueError, RecursionError) as error:
        raise BadRequestError(str(error)) from None


def metrics() -> str:
    """What was answered so far, as Prometheus reads it."""
    with LOCK:
        lines = ["# HELP http_requests_total Requests by status.", "# TYPE http_requests_total counter"]
        lines += [
            f'http_requests_total{{status="{status}"}} {count}' for status, count in sorted(REQUESTS.items())
        ]
        lines += [
            "# HELP http_request_duration_seconds Time to answer.",
            "# TYPE http_request_duration_seconds histogram",
        ]
        lines += [
            f'http_request_duration_seconds_bucket{{le="{bound}"}} {BUCKETS[bound]}' for bound in BOUNDS
        ]
        total = sum(REQUESTS.values())
        lines += [f'http_request_duration_seconds_bucket{{le="+Inf"}} {total}']
        lines += [
            f"http_request_duration_seconds_sum {SECONDS[0]:.6f}",
            f"http_request_duration_seconds_count {total}",
        ]
    return "\n".join(lines) + "\n"


def count(status: int, seconds: float) -> None:
    """Note one answer."""
    with LOCK:
        REQUESTS[status] += 1
        SECONDS[0] += seconds
        BUCKETS.update(bound for bound in BOUNDS if seconds <= bound)


class Handler(BaseHTTPRequestHandler):
    """Answers with JSON, and with a page of metrics."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Say that the process is alive, that the model is loaded, what was answered, what may be asked."""
        if self.path == "/metrics":
            self.send(HTTPStatus.OK, metrics().encode(), "text/plain; version=0.0.4")
        elif self.path == "/openapi.json":
            self.send(HTTPStatus.OK, DESCRIPTION, "application/json")
        elif self.path in {"/health", "/ready"}:
            self.answer(HTTPStatus.OK, {"status": "ok"})
        else:
            self.answer(HTTPStatus.NOT_FOUND, {"error": "There is nothing here."})

    def do_POST(self) -> None:
        """Score machines."""
        started = time.perf_counter()
        status, document = self.scored()
        self.answer(status, document)
        count(status, time.perf_counter() - started)

    def scored(self) -> tuple[HTTPStatus, dict[str, object]]:
        """Status and body of the answer."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or not 0 < int(length) <= MOST_BYTES:
            self.close_connection = True
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": f"Send 1 to {MOST_BYTES} bytes."}
        body = self.rfile.read(int(length))
        if self.path != "/predict":
            return HTTPStatus.NOT_FOUND, {"error": "POST to /predict."}
        try:
            return HTTPStatus.OK, {"predictions": score(body)}
        except BadRequestError as error:
            return HTTPStatus.BAD_REQUEST, {"error": str(error)}

    def answer(self, status: HTTPStatus, document: dict[str, object]) -> None:
        """Send one JSON document."""
        self.send(status, json.dumps(document).encode(), "application/json")

    def send(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        """Send one body."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base's name
        """Requests are counted, not printed."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("", PORT), Handler)
    # shutdown() waits for serve_forever, so it must not run in the thread that the signal interrupts.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
    server.server_close()
