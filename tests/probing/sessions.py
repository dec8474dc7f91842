"""Sessions of the prober with services of `tests.services`."""

import asyncio
from typing import Any

from audition.domain.contract import Slo
from audition.domain.probe import ServiceEvidence
from audition.domain.probe_plan import Pace, Probe, ProbePlan
from audition.domain.serving import SERVING_KINDS, Serving, ServingKind
from audition.probing.prober import probe_service
from tests.services.model import VERSION, make_rows, train
from tests.services.start import Running

ROWS = tuple(make_rows(120))
#: Short enough for a test; numbers are not judged here.
QUICK = Pace(
    cost_requests=40,
    cost_windows=2,
    level_seconds=1.0,
    step_seconds=1.0,
    steps=3,
    burst_seconds=1.0,
    recovery_seconds=6.0,
    most_rate=150.0,
)


def make_serving(port: int, kind: ServingKind = ServingKind.AUDITION, **changes: Any) -> Serving:
    """The contract of a kind, as a candidate would declare it."""
    facts = SERVING_KINDS[kind]
    fixed = {"routes": facts.routes, "payload": facts.payload, "grace_seconds": 5.0, "startup_seconds": 30.0}
    return Serving(kind=kind, port=port, **{**fixed, **changes})


def probe(
    running: Running,
    *probes: Probe,
    kind: ServingKind = ServingKind.AUDITION,
    seed: int = 3,
    most_seconds: float = 900.0,
    **serving: Any,
) -> ServiceEvidence:
    """Look at a running service with some probes."""
    plan = ProbePlan(
        serving=make_serving(running.port, kind, **serving),
        rows=ROWS,
        offline=tuple(train().predict(list(ROWS))),
        metrics_path="/metrics",
        slo=Slo(p95_ms=500.0),
        probes=probes,
        seed=seed,
        expected_versions=(VERSION,),
        pace=QUICK,
        most_seconds=most_seconds,
    )
    return asyncio.run(probe_service(plan, running))
