"""A drift family for the services of `tests.services`, and a plan that is short but no less honest."""

import functools
from typing import Any

from audition.domain.contract import Contract
from audition.domain.drift_plan import (
    DriftFamily,
    DriftKind,
    DriftPlan,
    DriftSpec,
    Injection,
    Lengths,
    Pace,
    lean_plan,
)
from audition.domain.drift_traffic import DriftTraffic
from audition.domain.monitoring import DriftSignal, Monitoring, SignalDirection
from graders.drift.make_traffic import Data, make_traffic, table_of
from graders.drift.traffic import Slice
from tests.probing.sessions import make_serving
from tests.services.model import COLUMNS, make_rows

SPEC = DriftSpec(
    rows="train.csv",
    reference="train.csv",
    label="defaulted",
    family=DriftFamily(
        primary=Injection(kind=DriftKind.MEAN_SHIFT, column="income"),
        others=(
            Injection(kind=DriftKind.SCALE, column="age", amount=2.0),
            Injection(kind=DriftKind.MISSING, column="debt", amount=0.2),
            Injection(kind=DriftKind.CATEGORY, column="job", amount=0.1, level="pirate"),
        ),
    ),
)
#: A window of 200 needs no more than this; the protocol's own lengths are for windows up to 500.
SHORT = Lengths(warm_up_requests=400, control_requests=400, test_requests=600)
SIGNALS = {
    "psi-200": DriftSignal(metric="psi_200", threshold=0.2, window_requests=200, feature_label="feature"),
    "psi-50": DriftSignal(metric="psi_50", threshold=0.2, window_requests=50, feature_label="feature"),
    "ks": DriftSignal(
        metric="ks_pvalue",
        threshold=0.001,
        window_requests=200,
        feature_label="feature",
        direction=SignalDirection.DOWN,
    ),
    **{
        kind: DriftSignal(metric=f"{kind}_drift_score", threshold=0.5)
        for kind in ("ramp", "sine", "random", "constant")
    },
}


@functools.cache
def make_small_traffic(rows: int = 3000) -> DriftTraffic:
    """The traffic, made as it is made at publish."""
    lines = [{name: str(value) for name, value in row.items()} for row in make_rows(rows, seed=4)]
    table, whole = table_of(lines, COLUMNS, lines)
    return make_traffic(SPEC, Data(held_out=Slice(table=table, whole=whole), reference=table))


def short_plan(seed: int = 5, capacity: float | None = None, lengths: Lengths = SHORT) -> DriftPlan:
    """Four runs that drift and four placebos for a window of 200."""
    return lean_plan(
        SPEC.family, Pace(window_requests=200, capacity_per_second=capacity, lengths=lengths), seed
    )


def make_contract(port: int, *signals: DriftSignal, **serving: Any) -> Contract:
    """A contract with these signals."""
    return Contract(
        serving=make_serving(port, **serving), monitoring=Monitoring(path="/metrics", signals=signals)
    )
