"""Alert rules over recorded scrapes, evaluated by a real promtool."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audition.domain.alerting import AlertRule
from audition.domain.drift import DriftRun, Firing, Scrape, Series, tabulate
from audition.domain.drift_plan import DriftPlan, PlannedRun
from audition.domain.monitoring import DriftSignal, Monitoring
from audition.probing.backfill import Backfill, claims_of, fired_at, wanted_names, with_firings

PLAN = DriftPlan(
    runs=(),
    window_requests=500,
    warm_up_requests=1000,
    control_requests=1000,
    test_requests=1500,
    recovery_requests=0,
    settle_seconds=0.0,
)
PSI = Series(metric="feature_psi", labels=(("feature", 'in"come'),))
OTHER = Series(metric="feature_psi", labels=(("feature", "age"),))
COUNT = Series(metric="requests_total")
MONITORING = Monitoring(signals=(DriftSignal(metric="far_away"),))
ALERT = AlertRule(name="Drift", expression="max by (feature) (feature_psi) > 0.25", for_seconds=30.0)


def run_of(values: list[float]) -> DriftRun:
    """A run whose monitor showed these values, a scrape after each 50 requests."""
    scrapes = [
        Scrape(requests=50 * n, seconds=n / 4, values={PSI: value, OTHER: 0.01, COUNT: 50.0 * n})
        for n, value in enumerate(values)
    ]
    planned = PlannedRun(injection=None, dose=0.0, rate_per_second=200.0)
    return DriftRun(plan=planned, spans=(), scrapes=tabulate(scrapes))


RISING = run_of([0.01] * 20 + [0.4] * 10 + [0.02] * 5)


@pytest.fixture
def backfilled(prometheus: Path) -> Iterator[Any]:
    made: list[Backfill] = []

    def run(*rules: AlertRule, over: DriftRun = RISING) -> tuple[tuple[str, ...], tuple[Firing, ...]]:
        backfill = Backfill(rules, MONITORING, PLAN, prometheus)
        made.append(backfill)

        async def both() -> tuple[tuple[str, ...], tuple[Firing, ...]]:
            return await backfill.prepare(), await backfill.firings(over)

        return asyncio.run(both())

    yield run
    for backfill in made:
        backfill.close()


@pytest.mark.docker
def test_an_alert_fires_after_its_wait_and_until_it_clears(backfilled: Any) -> None:
    # At the 20th scrape it is pending; 30 s are two more scrapes of 15 s.
    assert backfilled(ALERT) == (("Drift",), (Firing(alert="Drift", from_request=1100, to_request=1500),))


@pytest.mark.docker
def test_records_are_evaluated_too_and_a_declared_signal_makes_an_alert_one_on_drift(backfilled: Any) -> None:
    record = AlertRule(name="far_away", expression="avg_over_time(feature_psi[1m])", is_alert=False)
    alert = AlertRule(name="Far", expression="far_away > 0.39")
    names, firings = backfilled(record, alert)
    assert names == ("Far",)
    assert [firing.from_request for firing in firings] == [1200]


@pytest.mark.docker
def test_an_alert_that_fires_at_the_end_is_open(backfilled: Any) -> None:
    _, firings = backfilled(ALERT, over=run_of([0.01] * 10 + [0.4] * 10))
    assert firings == (Firing(alert="Drift", from_request=600, to_request=None),)


@pytest.mark.docker
def test_what_is_not_exposed_fires_nothing_and_what_cannot_be_loaded_is_left_out(backfilled: Any) -> None:
    nothing = AlertRule(name="Unknown", expression="feature_drift_of_nobody > 0")
    broken = AlertRule(name="Broken", expression="drift(")
    names, firings = backfilled(nothing, broken, ALERT)
    assert names == ("Unknown", "Drift")
    assert {firing.alert for firing in firings} == {"Drift"}


@pytest.mark.docker
def test_a_rule_that_is_too_heavy_fires_nothing_and_ends(prometheus: Path) -> None:
    bomb = AlertRule(
        name="Bomb",
        expression="count_over_time((feature_psi * on() group_left() feature_psi)[7m:1ms]) > 1e12",
    )
    backfill = Backfill([bomb, ALERT], MONITORING, PLAN, prometheus)
    names, runs = asyncio.run(with_firings(backfill, [RISING]))
    assert names in {(), ("Bomb", "Drift")}
    assert not any(firing.alert == "Bomb" for run in runs for firing in run.firings)


NOT_TRIED = [
    AlertRule(name="a", expression="rate(drift_events_total[5m]) > 1"),
    AlertRule(name="a", expression="feature_psi offset 1d > 1"),
    AlertRule(name="a", expression="requests_total > 1"),
    AlertRule(name="a", expression="feature_psi > 1", for_seconds=3600.0),
    AlertRule(name="feature_psi", expression="x", is_alert=False),
]


@pytest.mark.parametrize("rule", NOT_TRIED, ids=lambda rule: rule.expression)
def test_what_means_nothing_in_virtual_time_is_not_tried(rule: AlertRule, tmp_path: Path) -> None:
    backfill = Backfill([rule], MONITORING, PLAN, tmp_path)
    assert asyncio.run(backfill.prepare()) == ()
    assert asyncio.run(backfill.firings(RISING)) == ()
    backfill.close()


def test_series_are_those_that_rules_name_with_their_labels_quoted() -> None:
    document: Any = claims_of([ALERT], [0], RISING.scrapes, 15.0)
    (test,) = document["tests"]
    names = [series["series"] for series in test["input_series"]]
    assert names[0].startswith("up{")
    assert names[1] == 'feature_psi{job="service", instance="service", feature="in\\"come"}'
    assert not any("requests_total" in name for name in names)
    assert test["input_series"][1]["values"].split()[19:21] == ["0.01", "0.4"]
    assert len(test["alert_rule_test"]) == 35


def test_values_that_were_not_there_are_gaps() -> None:
    document: Any = claims_of([ALERT], [0], run_of([float("nan"), float("inf"), -2.5e-9]).scrapes, 15.0)
    assert document["tests"][0]["input_series"][1]["values"] == "_ 1e+308 -2.5e-09"


def test_a_pattern_over_names_wants_every_series() -> None:
    assert wanted_names([replace(ALERT, expression='{__name__=~"feature_.*"} > 1')]) is None


def test_what_promtool_says_of_a_claim_that_does_not_hold_is_a_firing() -> None:
    said = "  FAILED:\n    alertname: rule2, time: 1h1m30s, \n        exp:[\n            ], \n        got:[\n"
    assert fired_at(said, 15.0) == {2: {246}}
