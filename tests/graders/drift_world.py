"""Services with known monitors under a plan of the drift protocol, as the evidence that a prober writes."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from audition.domain.drift import DriftEvidence, DriftRun, PhaseSpan, ScrapeTable, pack
from audition.domain.drift_plan import (
    DriftFamily,
    DriftKind,
    DriftPlan,
    Injection,
    Pace,
    Phase,
    full_plan,
    lean_plan,
)
from audition.domain.monitoring import DriftSignal
from graders.drift.statistics import Array
from tests.bench.drift import monitors
from tests.bench.drift.monitors import Exposed
from tests.bench.drift.traffic import FEATURES, REFERENCE_ROWS, Traffic

COLUMN = "f0"
FAMILY = DriftFamily(
    primary=Injection(kind=DriftKind.MEAN_SHIFT, column=COLUMN),
    others=(
        Injection(kind=DriftKind.SCALE, column=COLUMN, amount=2.0),
        Injection(kind=DriftKind.UNIT_ERROR, column=COLUMN, amount=100.0),
    ),
)
LEAN = lean_plan(FAMILY, Pace(), seed=5)
FULL = full_plan(FAMILY, Pace(), seed=5)
PSI_SIGNAL = DriftSignal(
    metric="feature_psi_500", threshold=0.2, window_requests=500, feature_label="feature"
)

Monitor = Callable[[Traffic], Exposed]


def traffic_of(plan: DriftPlan, seed: int = 1) -> Traffic:
    """The rows of every run of a plan; after the test phase all are as in training again."""
    random = np.random.default_rng(seed)
    before = plan.warm_up_requests + plan.control_requests
    end = before + plan.test_requests
    rows = random.normal(size=(len(plan.runs), end + plan.recovery_requests, FEATURES))
    for number, run in enumerate(plan.runs):
        _drift(rows[number, before:end, 0], run.kind, run.dose)
    reference = random.normal(size=(REFERENCE_ROWS, FEATURES))
    return Traffic(reference=reference, rows=rows, predictions=1 / (1 + np.exp(-rows.sum(axis=-1) / 3)))


def _drift(column: Array, kind: DriftKind, dose: float) -> None:
    if kind == DriftKind.MEAN_SHIFT:
        column += dose
    elif kind == DriftKind.SCALE:
        column *= 2
    elif kind == DriftKind.UNIT_ERROR:
        column *= 100


def make_evidence(
    monitor: Monitor, *signals: DriftSignal, plan: DriftPlan = LEAN, with_service: bool = True, seed: int = 1
) -> DriftEvidence:
    """What a service with this monitor leaves behind."""
    traffic = traffic_of(plan, seed)
    shown = monitor(traffic)
    if with_service:
        shown |= monitors.service(traffic, np.random.default_rng(seed + 1000))
    runs = tuple(_run(plan, number, traffic, shown) for number in range(len(plan.runs)))
    return DriftEvidence(
        plan=plan,
        runs=runs,
        families=monitors.FAMILIES,
        signals=signals,
        columns=tuple(f"f{number}" for number in range(FEATURES)),
    )


def _run(plan: DriftPlan, number: int, traffic: Traffic, shown: Exposed) -> DriftRun:
    planned = plan.runs[number]
    spans, first = [], 0
    for phase, length in plan.phases_of(planned).items():
        spans.append(PhaseSpan(phase=phase, first=first, end=first + length))
        first += length
    kept = traffic.requests <= spans[-1].end
    assert spans[-1].phase in {Phase.TEST, Phase.RECOVERY}
    return DriftRun(
        plan=planned,
        spans=tuple(spans),
        scrapes=ScrapeTable(
            requests=tuple(traffic.requests[kept].astype(int).tolist()),
            seconds=tuple((traffic.requests[kept] / planned.rate_per_second).tolist()),
            series=tuple(shown),
            values=pack([values[number, kept].tolist() for values in shown.values()]),
        ),
        answered=first,
    )


def lose(evidence: DriftEvidence, *numbers: int) -> DriftEvidence:
    """The evidence without some runs, as if they had been invalid."""
    return replace(evidence, runs=tuple(run for run in evidence.runs if run.plan.number not in numbers))
