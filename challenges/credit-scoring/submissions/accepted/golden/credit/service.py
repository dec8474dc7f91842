"""The HTTP service: POST /predict, and what operations ask."""

import json
import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.requests import Request as HttpRequest
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from credit import NAME, model
from credit.drift import Reference, Window
from credit.features import COLUMNS, encode
from credit.metrics import CONTENT_TYPE, Metrics
from credit.observed import Observed
from credit.schema import Predictions, Refusal, Request

FOLDER = Path(__file__).resolve().parents[1] / "model"
_LOG = logging.getLogger("credit.service")
_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Refusal, "description": words}
    for status, words in {400: "Not JSON", 413: "Too large", 422: "Not as described"}.items()
}


class State:
    """What requests share; it is filled when the service starts."""

    def __init__(self, folder: Path) -> None:
        """Load nothing yet."""
        self.folder = folder
        self.metrics = Metrics()
        self.model: model.Model | None = None
        self.window: Window | None = None

    def load(self) -> None:
        """Load the model; whatever is wrong with it ends the service."""
        self.model = model.load(self.folder / "model.safetensors")
        self.window = Window(Reference.load(self.folder / "reference.json"))
        self.metrics.name_model(self.model)
        _LOG.info("model loaded", extra={"fields": {"version": self.model.version}})


def make_app(folder: Path | None = None) -> Observed:
    """The application, over the model in a folder; MODEL_DIR names another."""
    state = State(folder or Path(os.environ.get("MODEL_DIR", FOLDER)))

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        state.load()
        yield
        _LOG.info("stopped")

    app = FastAPI(title=NAME, version="1", lifespan=life, docs_url=None, redoc_url=None)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    _add_routes(app, state)
    return Observed(app, state.metrics)


def _add_routes(app: FastAPI, state: State) -> None:
    @app.post("/predict", response_model=Predictions, responses=_REFUSALS)
    async def predict(request: Request) -> Response:
        """Probabilities of default for applications."""
        if state.model is None or state.window is None:
            return _answer({"error": "The model is not loaded."}, 503)
        table = encode([row.__dict__ for row in request.rows])
        scores = state.model.predict_table(table)
        state.window.add(table, scores)
        for score in scores:
            state.metrics.scores.observe(score)
        return _answer({"predictions": scores.tolist()}, headers={"X-Model-Version": state.model.version})

    @app.get("/health")
    async def health() -> Response:
        """The process is worth keeping."""
        return _answer({"status": "ok"})

    @app.get("/ready", responses={503: {"model": Refusal}})
    async def ready() -> Response:
        """The model is loaded, and requests may come."""
        if state.model is None:
            return _answer({"error": "The model is not loaded."}, 503)
        return _answer({"status": "ready"})

    @app.get("/metadata")
    async def metadata() -> Response:
        """Which model answers."""
        found = state.model
        version, trained_at = (found.version, found.trained_at) if found else ("", "")
        return _answer({"name": NAME, "model_version": version, "trained_at": trained_at, "columns": COLUMNS})

    @app.get("/metrics")
    async def metrics() -> Response:
        """For Prometheus."""
        if state.window is None:
            return _answer({"error": "The model is not loaded."}, 503)
        return Response(state.metrics.page(state.window), media_type=CONTENT_TYPE)


def _answer(
    document: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    return Response(json.dumps(document), status, headers, "application/json")


async def _invalid(_request: HttpRequest, error: Exception) -> Response:
    """Say where and what, never the value: it is a customer's."""
    problems = error.errors() if isinstance(error, RequestValidationError) else []
    words = "; ".join(f"{'.'.join(map(str, p['loc'][1:]))}: {p['msg']}"[:200] for p in problems[:5])
    is_json = not any(problem["type"] == "json_invalid" for problem in problems)
    return JSONResponse({"error": words}, 422 if is_json else 400)


async def _refused(_request: HttpRequest, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return JSONResponse(
        {"error": {404: "There is no such route."}.get(status, "The request was refused.")}, status
    )
