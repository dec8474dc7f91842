"""A service on FastAPI, scikit-learn and prometheus-client, for any contract, sound or with one flaw.

`uvicorn tests.services.fastapi_service:make --factory`; the variables `SERVICE_KIND` (a serving kind) and
`SERVICE_FLAW` (one of `FLAWS`, or nothing, or `dies`) choose.
"""

import asyncio
import json
import logging
import os
import random
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from audition.domain.serving import SERVING_KINDS, Payload, RowForm, ServingKind
from tests.services.model import COLUMNS, VERSION, BadRowError, Model, train

#: What can be wrong, and what it is.
FLAWS = {
    "slow-start": "takes four seconds to load its model, and says so by its readiness",
    "late-ready": "predicts half a second before it says that it is ready",
    "early-ready": "says that it is ready while the model is still loading",
    "wrong-key": "answers under another key than its contract's",
    "bare-list": "answers with a list without an object around it",
    "other-model": "serves another model than the one that predicted offline",
    "row-mixup": "keeps the last row in a global: concurrent requests get each other's answers",
    "batch-scaled": "scales a batch by its own mean: company changes a prediction",
    "crash-on-bad": "lets errors through as 500",
    "dies-on-bad": "ends itself when a request cannot be parsed",
    "silent": "answers anything with 0.5",
    "lying-counter": "counts every request three times",
    "wrong-unit": "observes milliseconds in a histogram of seconds",
    "no-errors": "does not count refused requests",
    "cardinality": "has a label with the path as it was asked for",
    "broken-page": "has a metrics page that does not parse",
    "leak": "keeps every request in memory",
    "blocking": "works in the event loop, so that liveness waits as well",
    "no-model": "finds no model: stays not ready, for good",
    "no-version": "does not tell which model answers",
}


class Metrics:
    """The golden signals, in a registry of their own."""

    def __init__(self, flaw: str) -> None:
        """Register."""
        self.registry = CollectorRegistry()
        labels = ["status", "path"] if flaw == "cardinality" else ["status"]
        self.requests = Counter("requests", "Requests answered.", labels, registry=self.registry)
        self.seconds = Histogram("request_duration_seconds", "Time to answer.", registry=self.registry)
        self.info = Gauge("model_info", "Which model is loaded.", ["version"], registry=self.registry)
        self.info.labels(VERSION).set(1)
        self.flaw = flaw

    def count(self, status: int, path: str, seconds: float) -> None:
        """One answer."""
        if self.flaw == "no-errors" and status >= 400:
            return
        labels = [str(status), path] if self.flaw == "cardinality" else [str(status)]
        self.requests.labels(*labels).inc(3 if self.flaw == "lying-counter" else 1)
        self.seconds.observe(seconds * 1000 if self.flaw == "wrong-unit" else seconds)

    def page(self) -> bytes:
        """What a scrape gets."""
        if self.flaw == "broken-page":
            return b"requests_total{status=200 12\n<html>\n"
        return generate_latest(self.registry)


def rows_of(payload: Payload, document: Any) -> list[dict[str, Any]]:
    """Rows of a request; raises `BadRowError` on anything else."""
    try:
        value = document[payload.request_key]
        if payload.form is RowForm.RECORDS:
            rows = value
        elif payload.form is RowForm.SPLIT:
            rows = [dict(zip(value["columns"], cells, strict=True)) for cells in value["data"]]
        elif payload.form is RowForm.MATRIX:
            rows = [dict(zip(COLUMNS, cells, strict=True)) for cells in value]
        else:
            count = value[0]["shape"][0]
            rows = [{tensor["name"]: tensor["data"][n] for tensor in value} for n in range(count)]
    except (KeyError, TypeError, ValueError, IndexError):
        message = f"Send rows under {payload.request_key!r}."
        raise BadRowError(message) from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        message = "Every row must be an object."
        raise BadRowError(message)
    return rows


class Service:
    """The state behind the routes."""

    def __init__(self, kind: ServingKind, flaw: str) -> None:
        """Load nothing yet."""
        self.facts, self.flaw = SERVING_KINDS[kind], flaw
        self.metrics = Metrics(flaw)
        self.model: Model | None = None
        self.loaded_at = 0.0
        self.last: list[dict[str, Any]] = []
        self.kept: list[bytes] = []

    def load(self) -> None:
        """Train, which stands for loading."""
        if self.flaw == "no-model":
            return
        if self.flaw in {"slow-start", "early-ready"}:
            time.sleep(4)
        self.model = train(imputes=self.flaw == "imputes")
        self.loaded_at = time.monotonic()

    def answer(self, body: bytes) -> Any:
        """The document for a request."""
        if self.model is None:
            raise LookupError
        if self.flaw == "leak":
            self.kept.append(body * 50)
        if self.flaw == "silent":
            count = max(1, body.count(b'"age"'))
            return self.wrap([0.5] * count)
        try:
            rows = rows_of(self.facts.payload, json.loads(body))
        except (ValueError, RecursionError):
            if self.flaw == "dies-on-bad":
                os._exit(3)
            message = "The body is not JSON."
            raise BadRowError(message) from None
        if self.flaw == "row-mixup":
            self.last = rows
            time.sleep(0.05)  # Longer than a busy host takes between two requests.
            rows = (self.last * len(rows))[: len(rows)]
        return self.wrap(self.scores(rows))

    def scores(self, rows: list[dict[str, Any]]) -> list[float]:
        """Predictions, with the flaws of predictions."""
        assert self.model is not None
        scores = self.model.predict(rows)
        if self.flaw == "other-model":
            return [round(score, 2) for score in scores]
        if self.flaw == "batch-scaled":
            mean = sum(scores) / len(scores)
            return [score / mean for score in scores]
        return scores

    def wrap(self, scores: list[float]) -> Any:
        """The document around predictions."""
        payload = self.facts.payload
        if self.flaw == "bare-list":
            return scores
        key = "results" if self.flaw == "wrong-key" else payload.answer_key
        if payload.form is RowForm.TENSORS:
            tensor = {"name": "risk", "shape": [len(scores)], "datatype": "FP64", "data": scores}
            return {"model_name": "model", key: [tensor]}
        return {key: scores} if self.flaw == "no-version" else {key: scores, "model_version": VERSION}


def make() -> FastAPI:
    """The application, as the variables say."""
    kind = ServingKind(os.environ.get("SERVICE_KIND", "audition"))
    flaw = os.environ.get("SERVICE_FLAW", "")
    assert flaw in {"", "imputes", "dies", *FLAWS}
    if flaw == "dies":
        sys.exit(1)
    service = Service(kind, flaw)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> Any:
        threading.Thread(target=service.load, daemon=True).start()
        yield

    app = FastAPI(title="loans", version="1", lifespan=lifespan)
    add_routes(app, service)
    return app


def add_routes(app: FastAPI, service: Service) -> None:
    """Routes as the contract's kind has them."""
    routes = service.facts.routes

    @app.middleware("http")
    async def count(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
        began = time.perf_counter()
        try:
            response = await call(request)
        except Exception:
            service.metrics.count(500, request.url.path, time.perf_counter() - began)
            raise
        if request.url.path not in {"/metrics", routes.live, routes.ready}:
            service.metrics.count(response.status_code, request.url.path, time.perf_counter() - began)
        response.headers["X-Worker"] = str(os.getpid())
        return response

    def live() -> dict[str, str]:
        return {"status": "alive"}

    def ready() -> Response:
        is_ready = service.model is not None or service.flaw == "early-ready"
        is_ready &= service.flaw != "late-ready" or time.monotonic() - service.loaded_at > 0.5
        return JSONResponse({"status": "ready" if is_ready else "loading"}, 200 if is_ready else 503)

    async def predict(request: Request) -> Response:
        body = await request.body()
        if service.flaw == "blocking":
            time.sleep(random.uniform(0.02, 0.05))  # noqa: ASYNC251  that is the flaw
            return reply(service, body)
        return await asyncio.to_thread(reply, service, body)

    if routes.live and routes.live != routes.ready:
        app.get(routes.live)(live)
    app.get(routes.ready or routes.live)(ready)
    app.post(routes.predict.replace("{model}", "model"))(predict)
    app.get("/metrics", include_in_schema=False)(
        lambda: Response(service.metrics.page(), media_type=CONTENT_TYPE_LATEST)
    )
    if routes.metadata and service.flaw != "no-version":
        metadata = {"name": "model", "versions": [VERSION], "version": VERSION}
        app.get(routes.metadata.replace("{model}", "model"))(lambda: metadata)


def reply(service: Service, body: bytes) -> Response:
    """One answer."""
    try:
        document = service.answer(body)
    except BadRowError as error:
        if service.flaw == "crash-on-bad":
            raise
        logging.getLogger("loans").info("refused")
        return JSONResponse({"detail": str(error)}, 422)
    except LookupError:
        return JSONResponse({"detail": "The model is still loading."}, 503)
    return JSONResponse(document)
