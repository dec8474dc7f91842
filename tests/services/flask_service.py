"""A service on Flask's own server, as many candidates send it: threads, one page of metrics."""

import json
import sys
import time
from typing import Any

from flask import Flask, Response, request
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from werkzeug.exceptions import HTTPException

from tests.services.model import VERSION, BadRowError, train


def make() -> Flask:
    """The application."""
    app, model, registry = Flask("loans"), train(), CollectorRegistry()
    answers = Counter("answers", "Requests answered.", ["code"], registry=registry)
    seconds = Histogram("answer_seconds", "Time to answer.", registry=registry)

    @app.get("/health")
    @app.get("/ready")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    @app.post("/predict")
    def predict() -> Any:
        began = time.perf_counter()
        try:
            document, status = _answer(request.get_data()), 200
        except (BadRowError, ValueError, KeyError, TypeError, RecursionError) as error:
            document, status = {"error": str(error)[:200]}, 400
        answers.labels(str(status)).inc()
        seconds.observe(time.perf_counter() - began)
        return document, status, {"X-Model-Version": VERSION}

    def _answer(body: bytes) -> dict[str, Any]:
        rows = json.loads(body)["rows"]
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            message = "rows must be a list of objects"
            raise BadRowError(message)
        return {"predictions": model.predict(rows)}

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Any:
        return {"error": error.name}, error.code

    return app


if __name__ == "__main__":
    make().run(host="0.0.0.0", port=int(sys.argv[1]), threaded=True)
