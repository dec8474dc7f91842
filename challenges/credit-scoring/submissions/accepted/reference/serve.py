"""A small HTTP service over the model: GET /health, GET /ready, POST /predict with {"rows": [{...}, ...]}."""

import json
import signal
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import joblib
import pandas as pd

from features import COLUMNS, LEVELS, build

PORT = 8080
MOST_BYTES = 1 << 20
MODEL = joblib.load(Path(__file__).resolve().parent / "model.joblib")


class BadRequestError(Exception):
    """The request cannot be answered; the message says why."""


def score(document: object) -> list[float]:
    """Probabilities of default for the rows of a request."""
    rows = document.get("rows") if isinstance(document, dict) else None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        msg = 'Send {"rows": [{...}, ...]} with at least one application.'
        raise BadRequestError(msg)
    absent = sorted(set(COLUMNS) - set.intersection(*(set(row) for row in rows)))
    if absent:
        msg = f"Missing in at least one row: {', '.join(absent)}. Use null for a value that is not known."
        raise BadRequestError(msg)
    table = pd.DataFrame(rows)[COLUMNS]
    numbers = [name for name in COLUMNS if name not in LEVELS]
    try:
        table[numbers] = table[numbers].apply(pd.to_numeric)
    except (TypeError, ValueError) as error:
        msg = f"A number is expected: {error}."
        raise BadRequestError(msg) from None
    return [float(p) for p in MODEL.predict_proba(build(table))[:, 1]]


class Handler(BaseHTTPRequestHandler):
    """Answers with JSON only."""

    def do_GET(self) -> None:
        """Say that the process is alive, and that the model is loaded."""
        known = self.path in {"/health", "/ready"}
        self.answer(
            HTTPStatus.OK if known else HTTPStatus.NOT_FOUND,
            {"status": "ok" if known else "unknown path"},
        )

    def do_POST(self) -> None:
        """Score applications."""
        if self.path != "/predict":
            self.answer(HTTPStatus.NOT_FOUND, {"error": "POST to /predict."})
            return
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 < length <= MOST_BYTES:
            self.answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": f"Send 1 to {MOST_BYTES} bytes."})
            return
        try:
            risks = score(json.loads(self.rfile.read(length)))
        except (BadRequestError, json.JSONDecodeError, UnicodeDecodeError) as error:
            self.answer(HTTPStatus.BAD_REQUEST, {"error": str(error)})
            return
        self.answer(HTTPStatus.OK, {"probability_of_default": risks})

    def answer(self, status: HTTPStatus, document: dict[str, Any]) -> None:
        """Send one JSON document."""
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("", PORT), Handler)
    # shutdown() waits for serve_forever, so it must not run in the thread that the signal interrupts.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
    server.server_close()
