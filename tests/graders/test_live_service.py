"""What the prober saw becomes findings, by the formulas of the catalogue."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audition.domain.alerting import (
    AlertingEvidence,
    AlertRule,
    FiringSpan,
    Situation,
    Stretch,
    TriedRule,
)
from audition.domain.grade import Finding, Outcome
from audition.domain.probe import (
    BindingEvidence,
    HealthEvidence,
    ServiceEvidence,
    StartEvidence,
    StopEvidence,
    Unfinished,
)
from audition.domain.probe_api import (
    BadInputCase,
    BadInputEvidence,
    ConcurrencyEvidence,
    ContractEvidence,
    Failure,
    InvarianceEvidence,
    Invariant,
    OpenApiEvidence,
    ParityEvidence,
    TraceEvidence,
    VersionSeen,
)
from audition.domain.probe_load import (
    CapacityEvidence,
    CostEvidence,
    LatencyEvidence,
    LoadSummary,
    OverloadEvidence,
)
from audition.domain.probe_metrics import (
    CardinalityEvidence,
    ExpositionEvidence,
    FamilySeen,
    ShardingEvidence,
    SignalSeen,
    SignalsEvidence,
)
from audition.domain.probe_runtime import (
    LadderEvidence,
    LogsEvidence,
    MaskedEvidence,
    NetworkEvidence,
    RestartEvidence,
)
from graders import metrics, runtime, service
from tests.graders.workspaces import by_check, make_workspace

GRADERS = (runtime.grader, service.grader, metrics.grader)
LEVEL = LoadSummary(
    rate_per_second=50, seconds=10, sent=500, good=500, failures={}, p50_ms=5, p95_ms=9, p99_ms=20
)


def signals(**measured: float | None) -> SignalsEvidence:
    expected = {"traffic": 120.0, "errors": 20.0, "latency_count": 120.0, "latency_sum": 1.0}
    given = {"traffic": 120.0, "errors": 20.0, "latency_count": 120.0, "latency_sum": 0.6, **measured}
    seen = (SignalSeen(signal=s, series=s, expected=expected[s], measured=given[s]) for s in expected)
    return SignalsEvidence(good=100, bad=20, client_seconds=1.0, seen=tuple(seen))


def case(name: str, status: int = 422, **changes: Any) -> BadInputCase:
    return BadInputCase(name=name, status=status, **changes)


MODEL_FAMILIES = (
    FamilySeen(name="prediction_probability", kind="histogram", help="Predicted probabilities."),
    FamilySeen(name="feature_mean", kind="gauge", help="Mean of the last rows.", labels=("feature",)),
    FamilySeen(name="model", kind="info", labels=("version",)),
    FamilySeen(name="model_trained_timestamp_seconds", kind="gauge"),
)
GOOD = ServiceEvidence(
    starts=(StartEvidence(predict_seconds=2.0, ready_seconds=2.0, live_seconds=1.0, waited_seconds=2.0),),
    binding=BindingEvidence(addresses=("0.0.0.0",)),
    contract=ContractEvidence(is_kept=True, is_usable=True, status=200),
    parity=ParityEvidence(rows=100, agreeing=100, unanswered=0, max_difference=0.0, tolerance=1e-5),
    invariance=InvarianceEvidence(invariants=(Invariant(name="one batch", is_held=True),)),
    bad_input=BadInputEvidence(cases=(case("a"), case("b", 400)), planned=2, survived=True, live_after=True),
    openapi=OpenApiEvidence(path="/openapi.json", is_valid=True, describes_predict=True, sent=10),
    trace=TraceEvidence(seen=(VersionSeen(place="header x", value="7"),), expected=("7",)),
    concurrency=ConcurrencyEvidence(sent=32, answered=32, mismatches=0),
    cost=CostEvidence(windows_ms=(2.0, 2.0), requests=300, idle_share=0.0, reference_ms=2.0),
    capacity=CapacityEvidence(steps=(LEVEL,), capacity_per_second=100, reference_per_second=100),
    latency=LatencyEvidence(
        levels=(LEVEL, LEVEL, LEVEL),
        calibration_before_p99_ms=2,
        calibration_after_p99_ms=2,
        is_valid=True,
        slo_p95_ms=20,
        slo_error_ratio=0.01,
    ),
    overload=OverloadEvidence(burst=LEVEL, is_alive=True, recovery_seconds=0.0, waited_seconds=1.0),
    health=HealthEvidence(
        live_asked=10, live_good=10, has_live_route=True, has_ready_route=True, has_one_route=False
    ),
    exposition=ExpositionEvidence(
        path="/metrics", status=200, is_parsed=True, families=3, series=20, own=MODEL_FAMILIES
    ),
    network=NetworkEvidence(names=("0.0.127.10.in-addr.arpa", "c0ffee")),
    signals=signals(),
    sharding=ShardingEvidence(scrapes=8, is_sharded=False),
    cardinality=CardinalityEvidence(requests=200, series_before=40, series_after=41),
    stop=StopEvidence(
        in_flight=10,
        answered=10,
        refused_after=True,
        exit_code=143,
        exit_seconds=1.0,
        grace_seconds=5.0,
        in_flight_failures={},
    ),
    ladder=LadderEvidence(tried=5, reached=5),
    restart=RestartEvidence(is_ready_again=True, rows=10, agreeing=10),
    masked=MaskedEvidence(was_ready=False, predicted=False, is_running=False, exit_code=1),
    logs=LogsEvidence(lines=10, structured=10, with_level=10, canaries_sent=5, canaries_found=0),
    alerting=AlertingEvidence(
        version="2.42.0",
        factor=30.0,
        interval_seconds=0.5,
        stretches=(
            Stretch(situation=Situation.QUIET, from_seconds=5, to_seconds=15),
            Stretch(situation=Situation.DOWN, from_seconds=15, to_seconds=25),
        ),
        rules=(
            TriedRule(
                rule=AlertRule(name="Down", expression="up == 0"), firings=(FiringSpan(from_seconds=17),)
            ),
        ),
        scrapes=20,
    ),
)


def findings(tmp_path: Path, seen: ServiceEvidence | None) -> dict[str, Finding]:
    workspace = replace(make_workspace(tmp_path), service=seen)
    found = {name: f for grader in GRADERS for name, f in by_check(grader.grade(workspace)).items()}
    del found["runtime.memory.steady"]  # It looks at the drift runs; test_runtime_memory.py has its tests.
    return found


def part(name: str, **changes: Any) -> ServiceEvidence:
    """The good evidence with one part changed."""
    return replace(GOOD, **{name: replace(getattr(GOOD, name), **changes)})


def test_a_good_service_earns_every_point(tmp_path: Path) -> None:
    found = findings(tmp_path, GOOD)
    assert {name: f.outcome for name, f in found.items()} == dict.fromkeys(found, Outcome.PASSED)
    assert sum(f.points for f in found.values()) == sum(f.max_points for f in found.values())


def test_without_a_service_nothing_counts(tmp_path: Path) -> None:
    found = findings(tmp_path, None)
    assert {f.outcome for f in found.values()} == {Outcome.NOT_APPLICABLE}


def test_a_service_that_never_starts_fails_once_and_blocks_the_rest(tmp_path: Path) -> None:
    reason = "The service never answered a prediction."
    blocked = tuple(Unfinished(probe=name, reason=reason) for name in ("parity", "signals", "health"))
    found = findings(
        tmp_path, ServiceEvidence(starts=(StartEvidence(waited_seconds=60.0),), unfinished=blocked)
    )
    assert found.pop("runtime.start.ready").outcome is Outcome.FAILED
    assert {f.outcome for f in found.values()} == {Outcome.BLOCKED}
    assert {f.blocked_by for f in found.values()} == {"runtime.start.ready"}
    assert all(f.sentence.startswith("Blocked: ") for f in found.values())


def test_what_we_could_not_look_at_is_said_to_be_ours(tmp_path: Path) -> None:
    away = (Unfinished(probe="cost", reason="The CPU time is not known.", is_ours=True),)
    finding = findings(tmp_path, replace(GOOD, cost=None, unfinished=away))["service.load.cost"]
    assert finding.outcome is Outcome.NOT_ASSESSED
    assert finding.sentence == "We could not look: The CPU time is not known."


def start(seconds: float, **changes: Any) -> ServiceEvidence:
    return replace(GOOD, starts=(StartEvidence(predict_seconds=seconds, ready_seconds=seconds, **changes),))


SHARES: list[tuple[str, ServiceEvidence, float]] = [
    ("runtime.start.ready", start(5.0), 1.0),
    ("runtime.start.ready", start(32.5), 0.65),
    ("runtime.start.ready", start(60.0), 0.3),
    ("runtime.start.ready", start(90.0), 0.3),
    ("runtime.network.binding", part("binding", is_loopback_only=True), 0.0),
    ("runtime.health.meaning", part("health", live_good=5), 0.75),
    ("runtime.health.meaning", part("health", has_one_route=True), 0.6),
    ("runtime.health.meaning", start(2.0, ready_lies=3), 0.5),
    ("runtime.health.meaning", part("bad_input", live_after=False), 0.5),
    ("runtime.stop.graceful", part("stop", exit_code=137), 0.6),
    ("runtime.stop.graceful", part("stop", exit_seconds=None, exit_code=None), 0.6),
    ("runtime.stop.graceful", part("stop", answered=5), 0.8),
    ("runtime.stop.graceful", part("stop", refused_after=False), 0.8),
    ("runtime.stop.graceful", part("stop", in_flight=0, answered=0), 1.0),
    ("runtime.restrictions.kept", part("ladder", reached=3, broke="small_scratch"), 0.6),
    ("runtime.restart.same", part("restart", agreeing=9), 0.0),
    ("runtime.restart.same", part("restart", is_ready_again=False), 0.0),
    ("runtime.model.missing", part("masked", was_ready=True), 0.0),
    ("runtime.logs.useful", part("logs", structured=5), 0.75),
    ("runtime.logs.useful", part("logs", canaries_found=1), 0.8),
    ("runtime.logs.useful", part("logs", lines=0), 0.0),
    ("service.contract.kept", part("contract", is_kept=False, trouble="No list."), 0.0),
    ("service.predictions.parity", part("parity", agreeing=90), 0.9),
    (
        "service.predictions.invariant",
        part(
            "invariance", invariants=(Invariant(name="a", is_held=True), Invariant(name="b", is_held=False))
        ),
        0.5,
    ),
    ("service.input.refused", part("bad_input", cases=(case("a"), case("b", 500))), 0.5),
    ("service.input.refused", part("bad_input", cases=(case("a"), case("b", 200))), 0.65),
    ("service.input.refused", part("bad_input", cases=(case("a"), case("b", 200, is_harmless=True))), 1.0),
    ("service.input.refused", part("bad_input", cases=(case("a"), case("b", 200, is_imputable=True))), 0.65),
    (
        "service.input.refused",
        part("bad_input", cases=(case("a"), case("b", 200, is_imputable=True)), is_imputing_declared=True),
        1.0,
    ),
    (
        "service.input.refused",
        part("bad_input", cases=(case("a"), case("b", 0, failure=Failure.CLOSED, may_close=True))),
        1.0,
    ),
    ("service.input.refused", part("bad_input", survived=False, died_after="b"), 0.5),
    ("service.description.true", part("openapi", path=""), 0.0),
    ("service.description.true", part("openapi", server_errors=1), 0.4),
    ("service.description.true", part("openapi", is_valid=False), 0.6),
    ("service.version.told", part("trace", seen=()), 0.0),
    ("service.version.told", part("trace", expected=()), 0.5),
    ("service.version.told", part("trace", expected=("8",)), 0.5),
    ("service.concurrency.safe", part("concurrency", mismatches=1), 1 - 10 / 32),
    ("service.concurrency.safe", part("concurrency", mismatches=8), 0.0),
    ("service.load.cost", part("cost", windows_ms=(20.0, 20.0)), 0.0),
    ("service.load.cost", part("cost", windows_ms=(2 * math.sqrt(10),)), 0.5),
    ("service.load.capacity", part("capacity", capacity_per_second=50), 2 / 3),
    ("service.load.capacity", part("capacity", capacity_per_second=0), 0.0),
    ("service.load.latency", part("latency", slo_p95_ms=5), 0.5),
    ("service.load.overload", part("overload", recovery_seconds=10.0), 0.5 + 0.5 * math.exp(-1)),
    ("service.load.overload", part("overload", recovery_seconds=None), 0.5),
    ("service.load.overload", part("overload", is_alive=False), 0.0),
    ("metrics.exposition.parses", part("exposition", is_parsed=False, trouble="No."), 0.0),
    ("metrics.exposition.parses", part("exposition", lint=("a", "b", "c", "d")), 0.6 + 0.4 * math.exp(-1)),
    ("metrics.model.shown", part("exposition", own=MODEL_FAMILIES[:2]), 0.5),
    (
        "metrics.model.shown",
        part("exposition", own=(FamilySeen(name="predictions", kind="counter", labels=("status",)),)),
        0.0,
    ),
    (
        "metrics.model.shown",
        part("exposition", own=(FamilySeen(name="predictions", kind="counter", labels=("class",)),)),
        0.25,
    ),
    ("runtime.network.offline", part("network", names=("hub.example.org",)), 0.5),
    ("runtime.network.offline", part("network", unreachable=3), 0.5),
    ("metrics.signals.true", replace(GOOD, signals=signals(traffic=360.0)), 2 / 3),
    ("metrics.signals.true", replace(GOOD, signals=signals(traffic=108.0)), 2.9 / 3),
    ("metrics.signals.true", replace(GOOD, signals=signals(errors=None)), 2 / 3),
    ("metrics.signals.true", replace(GOOD, signals=signals(latency_sum=600.0)), 2 / 3),
    ("metrics.registry.single", part("sharding", is_sharded=True, values=(26.0, 11.0)), 0.4),
    ("metrics.cardinality.bounded", part("cardinality", series_after=140), 0.0),
    ("metrics.cardinality.bounded", part("cardinality", series_after=65), 0.75),
]


@pytest.mark.parametrize(("check", "seen", "share"), SHARES)
def test_a_share_follows_the_formula(tmp_path: Path, check: str, seen: ServiceEvidence, share: float) -> None:
    finding = findings(tmp_path, seen)[check]
    assert finding.points / finding.max_points == pytest.approx(share, abs=1e-5)
    assert finding.sentence.endswith(".")


@pytest.mark.parametrize(
    ("check", "seen"),
    [
        ("service.load.cost", part("cost", reference_ms=None)),
        ("service.load.capacity", part("capacity", reference_per_second=None)),
        ("service.load.capacity", part("capacity", is_prober_bound=True, reference_per_second=900)),
        ("service.load.latency", part("latency", is_valid=False, invalid_reason="Late.")),
    ],
)
def test_what_cannot_be_compared_or_believed_counts_for_nothing(
    tmp_path: Path, check: str, seen: ServiceEvidence
) -> None:
    assert findings(tmp_path, seen)[check].outcome is Outcome.NOT_ASSESSED


def test_a_service_that_needs_somebody_is_told_whom(tmp_path: Path) -> None:
    network = NetworkEvidence(names=("models.example.org",), unreachable=2)
    seen = ServiceEvidence(starts=(StartEvidence(waited_seconds=60.0),), network=network)
    found = findings(tmp_path, seen)["runtime.network.offline"]
    assert found.outcome is Outcome.FAILED
    assert "models.example.org and sent 2 packets" in found.sentence


def test_where_lookups_cannot_be_heard_nothing_is_said_of_them(tmp_path: Path) -> None:
    deaf = findings(tmp_path, part("network", is_heard=False))["runtime.network.offline"]
    assert deaf.outcome is Outcome.NOT_ASSESSED


def test_one_flaw_costs_its_own_check_and_no_other(tmp_path: Path) -> None:
    whole = findings(tmp_path, GOOD)
    # Readiness and bad requests have a say in health as well; the rest stands alone.
    for check, seen, _ in SHARES:
        changed = {n for n, f in findings(tmp_path, seen).items() if f.points != whole[n].points}
        assert changed <= {check, "runtime.health.meaning"} | (
            {"runtime.start.ready"} if "start" in check else set()
        ) | ({"metrics.model.shown"} if "exposition" in check else set())
