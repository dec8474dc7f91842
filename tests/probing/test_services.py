"""For every serving contract a service that keeps it, and one that fails for a stated reason; and flaw by flaw."""

import pytest

from audition.domain.probe import ServiceEvidence
from audition.domain.probe_plan import ALL_PROBES, Probe, ProbePlan
from audition.domain.serving import ServingKind
from audition.probing.prober import GROUPS, PROBES, order_of
from tests.ports import free_port
from tests.probing.sessions import ROWS, make_serving, probe
from tests.services.start import fastapi_service, flask_service, started

QUIET = (
    Probe.START,
    Probe.BINDING,
    Probe.CONTRACT,
    Probe.PARITY,
    Probe.INVARIANCE,
    Probe.TRACE,
    Probe.CONCURRENCY,
    Probe.EXPOSITION,
    Probe.SIGNALS,
    Probe.SHARDING,
    Probe.BAD_INPUT,
    Probe.CARDINALITY,
    Probe.STOP,
)


def statuses(evidence: ServiceEvidence) -> dict[str, int]:
    assert evidence.bad_input is not None
    return {case.name: case.status for case in evidence.bad_input.cases}


def signal(evidence: ServiceEvidence, name: str) -> float:
    """Measured over expected."""
    assert evidence.signals is not None
    seen = next(item for item in evidence.signals.seen if item.signal == name)
    return (seen.measured or 0.0) / seen.expected


def test_every_probe_is_in_the_table_and_has_its_turn() -> None:
    grouped = {item for group in GROUPS for item in group}
    assert {*PROBES, Probe.START} == set(ALL_PROBES)
    assert grouped == set(ALL_PROBES) - {Probe.START, Probe.BINDING, Probe.CONTRACT, Probe.STOP}


@pytest.mark.parametrize("kind", ServingKind)
def test_a_sound_service_of_each_contract_passes(kind: ServingKind) -> None:
    with fastapi_service(kind) as running:
        seen = probe(running, *QUIET, kind=kind)
    assert seen.unfinished == ()
    assert seen.starts[0].predict_seconds is not None
    assert seen.binding is not None
    assert seen.binding.addresses == ("0.0.0.0",)
    assert seen.contract is not None
    assert seen.contract.is_kept, seen.contract.trouble
    assert seen.parity is not None
    assert (seen.parity.agreeing, seen.parity.unanswered) == (seen.parity.rows, 0)
    assert seen.invariance is not None
    assert all(invariant.is_held for invariant in seen.invariance.invariants)
    assert seen.trace is not None
    assert seen.trace.expected[0] in {version.value for version in seen.trace.seen}
    assert seen.concurrency is not None
    assert (seen.concurrency.answered, seen.concurrency.mismatches) == (32, 0)
    assert seen.exposition is not None
    assert (seen.exposition.is_parsed, seen.exposition.lint) == (True, ())
    assert (signal(seen, "traffic"), signal(seen, "errors")) == (1.0, 1.0)
    assert 0.01 < signal(seen, "latency_sum") < 1.1
    assert seen.sharding is not None
    assert not seen.sharding.is_sharded
    assert seen.bad_input is not None
    assert (len(seen.bad_input.cases), seen.bad_input.survived) == (24, True)
    assert not [name for name, status in statuses(seen).items() if status >= 500]
    assert seen.cardinality is not None
    assert seen.cardinality.series_after == seen.cardinality.series_before
    assert seen.stop is not None
    assert (seen.stop.exit_code, seen.stop.refused_after) == (143, True)
    assert seen.stop.in_flight > 0
    assert seen.stop.answered == seen.stop.in_flight


def test_flask_with_its_own_server_is_probed_like_any() -> None:
    with flask_service() as running:
        seen = probe(running, *QUIET)
    assert seen.contract is not None
    assert seen.contract.is_kept
    assert signal(seen, "errors") == 1.0
    assert seen.trace is not None
    assert seen.trace.seen[0].place == "header x-model-version"
    assert seen.stop is not None
    # Its server ends at once, with requests in flight.
    assert seen.stop.answered < seen.stop.in_flight


@pytest.mark.parametrize("kind", [ServingKind.AUDITION, ServingKind.VERTEX])
def test_a_service_on_the_loopback_address_is_noticed_although_it_answers(kind: ServingKind) -> None:
    with fastapi_service(kind, host="127.0.0.1") as running:
        seen = probe(running, Probe.BINDING, Probe.CONTRACT, kind=kind)
    assert seen.contract is not None
    assert seen.contract.is_kept
    assert seen.binding is not None
    assert (seen.binding.addresses, seen.binding.is_loopback_only) == (("127.0.0.1",), True)


@pytest.mark.parametrize(
    ("kind", "flaw", "trouble"),
    [
        (ServingKind.MLFLOW, "wrong-key", "under 'results', not under 'predictions'"),
        (ServingKind.SAGEMAKER, "bare-list", "bare list"),
        (ServingKind.OPEN_INFERENCE_V2, "wrong-key", "no tensor in 'outputs'"),
    ],
)
def test_an_answer_in_another_form_breaks_the_contract_and_says_how(
    kind: ServingKind, flaw: str, trouble: str
) -> None:
    with fastapi_service(kind, flaw) as running:
        seen = probe(running, Probe.CONTRACT, kind=kind)
    assert seen.contract is not None
    assert not seen.contract.is_kept
    assert trouble in seen.contract.trouble


def test_a_slow_starter_is_live_before_it_is_ready() -> None:
    with fastapi_service(flaw="slow-start") as running:
        start = probe(running, Probe.START).starts[0]
    assert start.live_seconds is not None
    assert start.ready_seconds is not None
    assert start.ready_seconds > start.live_seconds + 2
    assert 503 in {change.status for change in start.ready_changes}
    assert start.ready_lies == 0


def test_a_service_that_predicts_is_given_time_to_say_that_it_is_ready() -> None:
    with fastapi_service(flaw="late-ready") as running:
        start = probe(running, Probe.START).starts[0]
    assert start.predict_seconds is not None
    assert start.ready_seconds is not None
    assert start.ready_seconds > start.predict_seconds


def test_a_service_that_is_ready_too_early_lies() -> None:
    with fastapi_service(ServingKind.AZUREML, "early-ready") as running:
        start = probe(running, Probe.START, kind=ServingKind.AZUREML).starts[0]
    assert start.ready_lies > 5
    assert start.has_one_route


@pytest.mark.parametrize(
    ("flaw", "look"),
    [
        ("other-model", Probe.PARITY),
        ("batch-scaled", Probe.INVARIANCE),
        ("row-mixup", Probe.CONCURRENCY),
        ("crash-on-bad", Probe.BAD_INPUT),
        ("dies-on-bad", Probe.BAD_INPUT),
        ("silent", Probe.BAD_INPUT),
        ("lying-counter", Probe.SIGNALS),
        ("wrong-unit", Probe.SIGNALS),
        ("no-errors", Probe.SIGNALS),
        ("cardinality", Probe.CARDINALITY),
        ("broken-page", Probe.EXPOSITION),
        ("no-version", Probe.TRACE),
    ],
)
def test_each_flaw_is_seen_by_its_probe(flaw: str, look: Probe) -> None:
    with fastapi_service(flaw=flaw) as running:
        seen = probe(running, Probe.CONTRACT, look)
    assert SEEN[flaw](seen)


SEEN = {
    "other-model": lambda seen: seen.parity.agreeing < seen.parity.rows * 0.1,
    "batch-scaled": lambda seen: (
        {i.name for i in seen.invariance.invariants if not i.is_held}
        == {"one batch", "shuffled batch", "every row twice"}
    ),
    "row-mixup": lambda seen: seen.concurrency.mismatches > 8,
    "crash-on-bad": lambda seen: sum(status >= 500 for status in statuses(seen).values()) > 10,
    "dies-on-bad": lambda seen: not seen.bad_input.survived and seen.bad_input.died_after != "",
    "silent": lambda seen: statuses(seen)["broken JSON"] == 200,
    "lying-counter": lambda seen: seen.signals.seen[1].measured == 60.0,
    "wrong-unit": lambda seen: signal(seen, "latency_sum") > 50,
    "no-errors": lambda seen: signal(seen, "traffic") == 1.0 and signal(seen, "errors") != 1.0,
    "cardinality": lambda seen: seen.cardinality.series_after > seen.cardinality.series_before + 90,
    "broken-page": lambda seen: not seen.exposition.is_parsed and "does not parse" in seen.exposition.trouble,
    "no-version": lambda seen: seen.trace.seen == (),
}


def test_workers_with_a_registry_each_are_told_by_scrapes_at_rest() -> None:
    with fastapi_service(workers=3) as running:
        running.await_workers(3)
        seen = probe(running, Probe.CONTRACT, Probe.CONCURRENCY, Probe.SHARDING)
    assert seen.sharding is not None
    assert seen.sharding.is_sharded
    assert len(set(seen.sharding.values)) > 1


def test_a_service_that_never_starts_leaves_the_rest_unfinished() -> None:
    with fastapi_service(flaw="slow-start") as running:
        running.process.kill()
        seen = probe(running, *QUIET, startup_seconds=1.0)
    assert seen.starts[0].predict_seconds is None
    assert {"parity", "signals", "bad_input"} <= {item.probe for item in seen.unfinished}
    assert seen.contract is not None
    assert not seen.contract.is_usable


def test_when_time_is_over_the_rest_is_left_out_as_ours_and_the_stop_still_tried() -> None:
    with fastapi_service() as running:
        seen = probe(running, Probe.CONTRACT, Probe.LATENCY, Probe.CAPACITY, Probe.STOP, most_seconds=1.0)
    assert seen.stop is not None
    assert seen.stop.exit_code == 143
    assert {item.probe for item in seen.unfinished if item.is_ours} == {"contract", "capacity", "latency"}


def test_equal_seeds_give_equal_order_and_other_seeds_another() -> None:
    orders = [order_of(ProbePlan(serving=make_serving(1), rows=ROWS, seed=seed)) for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
    assert orders[0][0] is Probe.BINDING
    assert orders[0][-1] is Probe.STOP


@pytest.mark.slow
@pytest.mark.alone
def test_a_session_under_load_measures_what_it_says() -> None:
    with fastapi_service() as running:
        seen = probe(
            running, Probe.START, Probe.COST, Probe.CAPACITY, Probe.LATENCY, Probe.HEALTH, Probe.OVERLOAD
        )
    assert seen.cost is not None
    assert len(seen.cost.windows_ms) == 2
    assert min(seen.cost.windows_ms) > 0
    assert seen.capacity is not None
    assert seen.capacity.capacity_per_second > 10
    assert seen.latency is not None
    assert [level.failures for level in seen.latency.levels] == [{}, {}, {}]
    assert seen.latency.is_valid == (seen.latency.invalid_reason == "")
    assert seen.health is not None
    assert seen.health.live_asked > 2
    assert seen.overload is not None
    assert seen.overload.is_alive


def test_a_start_that_has_ended_is_waited_for_no_longer() -> None:
    with started(["-c", "raise SystemExit(3)"], free_port()) as running:
        seen = probe(running, Probe.START)
    assert seen.starts[0].predict_seconds is None
    assert seen.starts[0].waited_seconds < 15  # of the thirty seconds that it would have had
    assert ("ended", "exit code 3") in {(event.name, event.detail) for event in seen.events}
