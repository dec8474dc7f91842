"""A first service: POST /predict with {"rows": [{...}, ...]}, GET /health. It answers, and does no more than that."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer

from predict import risk

PORT = 8080


class Handler(BaseHTTPRequestHandler):
    """One request after the other; what it cannot read is an error of the server. Improving it is part of the task."""

    def do_GET(self) -> None:
        """Say that the process is there."""
        self.answer(200 if self.path == "/health" else 404, {"status": "ok"})

    def do_POST(self) -> None:
        """Score machines."""
        try:
            rows = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["rows"]
            self.answer(200, {"predictions": [risk(row) for row in rows]})
        except Exception as error:  # noqa: BLE001  a starter; say which, and answer 4xx
            self.answer(500, {"error": str(error)})

    def answer(self, status: int, document: dict[str, object]) -> None:
        """Send one JSON document."""
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    HTTPServer(("", PORT), Handler).serve_forever()
