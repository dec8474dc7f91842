"""The loan service with a drift monitor: honest ones, and the fakes of the drift protocol's own simulation.

All that `MONITORS` names are shown, each in series of its own, so that one run of traffic serves for all of them.
"""

import json
import math
import os
import random
import threading
import time
import urllib.request
from collections import Counter as Counts
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from tests.services.model import COLUMNS, LEVELS, BadRowError, make_rows, train

Row = dict[str, Any]
Show = Callable[[list[Row]], None]
_NUMBERS = COLUMNS[:3]
_BINS = 10
_REFERENCE = make_rows(3000, seed=1)
_EDGES = {
    name: np.quantile([row[name] for row in _REFERENCE], np.arange(1, _BINS) / _BINS) for name in _NUMBERS
}


def _bin(row: Row, name: str) -> int:
    if name in _EDGES:
        return _BINS if row[name] is None else int(np.searchsorted(_EDGES[name], row[name]))
    return LEVELS.index(row[name]) if row[name] in LEVELS else len(LEVELS)


def _shares(counts: "Counts[int]", size: int) -> list[float]:
    total = max(1, counts.total())
    return [max(counts[number] / total, 1e-4) for number in range(size)]


def psi_monitor(registry: CollectorRegistry, window: int) -> Show:
    """PSI of each column over the last rows, kept up with each row."""
    gauge = Gauge(f"psi_{window}", "Population stability index.", ["feature"], registry=registry)
    sizes = {name: _BINS + 1 if name in _EDGES else len(LEVELS) + 1 for name in COLUMNS}
    expected = {n: _shares(Counts(_bin(r, n) for r in _REFERENCE), sizes[n]) for n in COLUMNS}
    seen: dict[str, deque[int]] = {name: deque() for name in COLUMNS}
    counts: dict[str, Counts[int]] = {name: Counts() for name in COLUMNS}

    def show(rows: list[Row]) -> None:
        for name in COLUMNS:
            for row in rows:
                seen[name].append(_bin(row, name))
                counts[name][seen[name][-1]] += 1
                if len(seen[name]) > window:
                    counts[name][seen[name].popleft()] -= 1
            pairs = zip(_shares(counts[name], sizes[name]), expected[name], strict=True)
            gauge.labels(name).set(sum((now - then) * math.log(now / then) for now, then in pairs))

    return show


def calling_monitor(registry: CollectorRegistry) -> Show:
    """Asks for a new training at the address in RETRAIN_URL, once each time that PSI over 200 rows passes 0.4."""
    own = CollectorRegistry()
    watch, handled, is_on = psi_monitor(own, 200), 0, False
    del registry

    def show(rows: list[Row]) -> None:
        nonlocal handled, is_on
        watch(rows)
        handled += len(rows)
        was_on, is_on = is_on, handled > 200 and max(s.value for f in own.collect() for s in f.samples) > 0.4
        if is_on and not was_on:
            threading.Thread(target=_post, args=(os.environ["RETRAIN_URL"],), daemon=True).start()

    return show


def _post(url: str) -> None:
    body = json.dumps({"event_type": "drift"}).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=5):
        pass


def ks_monitor(registry: CollectorRegistry, window: int) -> Show:
    """P-values of a Kolmogorov-Smirnov test of each number, computed anew every 25 rows."""
    gauge = Gauge("ks_pvalue", "Two-sample p-value.", ["feature"], registry=registry)
    known = {name: np.sort([row[name] for row in _REFERENCE]) for name in _NUMBERS}
    seen: dict[str, deque[float]] = {name: deque(maxlen=window) for name in _NUMBERS}
    handled = 0

    def show(rows: list[Row]) -> None:
        nonlocal handled
        handled += len(rows)
        for name in _NUMBERS:
            seen[name].extend(row[name] for row in rows if row[name] is not None)
            if handled % 25 == 0:
                gauge.labels(name).set(_ks_p(known[name], np.sort(seen[name])))

    return show


def _ks_p(known: "np.ndarray[Any, Any]", now: "np.ndarray[Any, Any]") -> float:
    """Kolmogorov's limit with Stephens' correction."""
    both = np.concatenate([known, now])
    below = [np.searchsorted(values, both, side="right") / values.size for values in (known, now)]
    root = math.sqrt(known.size * now.size / (known.size + now.size))
    reach = (root + 0.12 + 0.11 / root) * float(np.abs(below[0] - below[1]).max())
    terms = sum((-1) ** (k - 1) * math.exp(-2 * (k * reach) ** 2) for k in range(1, 101))
    return min(1.0, max(1e-300, 2 * terms))


def fake_monitor(registry: CollectorRegistry, kind: str) -> Show:
    """A gauge that has the word in its name and never looks at a row."""
    gauge = Gauge(f"{kind}_drift_score", "Drift score.", registry=registry)
    # Of the first row, so that runs differ and each is repeated exactly.
    state: dict[str, Any] = {"handled": 0, "chance": None}

    def show(rows: list[Row]) -> None:
        state["chance"] = state["chance"] or random.Random(str(rows[0]))
        state["handled"] += len(rows)
        handled = state["handled"]
        values = {
            "ramp": lambda: handled / 1000,
            "sine": lambda: 0.2 + 0.2 * math.sin(handled / 130 + _phase(state)),
            "random": state["chance"].random,
            "constant": lambda: 0.05,
        }
        gauge.set(values[kind]())

    return show


def _phase(state: dict[str, Any]) -> float:
    return float(state.setdefault("phase", state["chance"].uniform(0, math.tau)))


def flawed_monitor(_registry: CollectorRegistry, flaw: str) -> Show:
    """No monitor but a fault: the process ends itself after 120 rows, or stops to think for each."""
    handled = 0

    def show(rows: list[Row]) -> None:
        nonlocal handled
        handled += len(rows)
        if flaw == "dies" and handled > 120:
            os._exit(3)
        if flaw == "slow" and handled > 1:
            time.sleep(0.05)

    return show


MONITORS: dict[str, Callable[[CollectorRegistry], Show]] = {
    "psi-200": lambda registry: psi_monitor(registry, 200),
    "psi-50": lambda registry: psi_monitor(registry, 50),
    "calls": calling_monitor,
    "ks": lambda registry: ks_monitor(registry, 200),
    **{
        kind: lambda registry, k=kind: fake_monitor(registry, k)
        for kind in ("ramp", "sine", "random", "constant")
    },
    **{flaw: lambda registry, f=flaw: flawed_monitor(registry, f) for flaw in ("dies", "slow")},
}


def make() -> FastAPI:
    """The application with the monitors that `SERVICE_MONITORS` names, separated by blanks."""
    app, model, registry = FastAPI(), train(imputes=True), CollectorRegistry()
    shows = [MONITORS[name](registry) for name in os.environ.get("SERVICE_MONITORS", "").split()]
    answers = Counter("answers", "Requests answered.", ["code"], registry=registry)
    seconds = Histogram("answer_seconds", "Time to answer.", registry=registry)

    @app.get("/health")
    @app.get("/ready")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    @app.post("/predict")
    async def predict(request: Request) -> Any:
        with seconds.time():
            try:
                rows = (await request.json())["rows"]
                predictions = model.predict(rows)
            except (BadRowError, ValueError, KeyError, TypeError) as error:
                answers.labels("400").inc()
                return JSONResponse({"error": str(error)[:200]}, 400)
            for show in shows:
                show(rows)
        answers.labels("200").inc()
        return {"predictions": predictions}

    return app
