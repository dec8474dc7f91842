"""Alerts tried on a live service: what fires in trouble and only then earns its share."""

from dataclasses import replace
from math import exp
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
from audition.domain.contract import Contract
from audition.domain.grade import Finding, Outcome
from audition.domain.monitoring import DriftSignal, Monitoring
from audition.domain.probe import NO_RULES, ServiceEvidence, Unfinished
from graders import metrics
from tests.graders.test_live_service import signals
from tests.graders.workspaces import by_check, make_workspace

CHECK = "metrics.alerts.act"
QUIET = Stretch(situation=Situation.QUIET, from_seconds=10, to_seconds=30, good=400, median_seconds=0.004)
SLOW = Stretch(situation=Situation.SLOW, from_seconds=30, to_seconds=50, good=300, median_seconds=1.2)
ERRORS = Stretch(
    situation=Situation.ERRORS, from_seconds=50, to_seconds=70, good=200, refused=200, median_seconds=0.004
)
DOWN = Stretch(situation=Situation.DOWN, from_seconds=70, to_seconds=90)
LATENCY = 'histogram_quantile(0.95, sum by (le) (rate(request_seconds_bucket{path="/predict"}[5m]))) > 0.5'
REFUSALS = 'rate(requests_total{status=~"4.."}[5m]) / rate(requests_total[5m]) > 0.2'


def alert(name: str, expression: str, *times: float, **changes: Any) -> TriedRule:
    """An alert that fired for five seconds from each of these times on."""
    firings = tuple(FiringSpan(from_seconds=at, to_seconds=at + 5) for at in times)
    return TriedRule(rule=AlertRule(name=name, expression=expression), firings=firings, **changes)


GOOD = (alert("Slow", LATENCY, 40), alert("Errors", REFUSALS, 60), alert("Down", "up == 0", 75))


def seen(*rules: TriedRule, **changes: Any) -> AlertingEvidence:
    made = AlertingEvidence(
        version="2.42.0",
        factor=30.0,
        interval_seconds=0.5,
        stretches=(QUIET, SLOW, ERRORS, DOWN),
        rules=rules,
        scrapes=40,
    )
    return replace(made, **changes)


def judged(tmp_path: Path, found: AlertingEvidence, **changes: Any) -> Finding:
    service = replace(ServiceEvidence(alerting=found, signals=signals()), **changes)
    return by_check(metrics.grader.grade(replace(make_workspace(tmp_path), service=service)))[CHECK]


def test_alerts_that_fire_in_trouble_and_only_then_earn_everything(tmp_path: Path) -> None:
    finding = judged(tmp_path, seen(*GOOD))
    assert finding.outcome == Outcome.PASSED
    assert finding.sentence == "3 of 3 alerts that there was reason for fired, and only then."
    assert "divided by 30" in finding.reviewer_note


def test_an_alert_that_never_fires_loses_its_share_and_is_named(tmp_path: Path) -> None:
    finding = judged(tmp_path, seen(*GOOD[:2], alert("Down", "up == 0")))
    assert finding.points == pytest.approx(finding.max_points * 2 / 3)
    assert "Silent in trouble: Down." in finding.sentence


def test_an_alert_that_always_fires_noticed_nothing_and_costs_the_others_too(tmp_path: Path) -> None:
    always = TriedRule(
        rule=AlertRule(name="Down", expression="up >= 0"), firings=(FiringSpan(from_seconds=1.0),)
    )
    finding = judged(tmp_path, seen(*GOOD[:2], always))
    assert finding.points == pytest.approx(finding.max_points * 2 / 3 * exp(-1), abs=1e-5)
    assert "Fired although nothing was wrong for 10 minutes of production time: Down." in finding.sentence


def test_a_false_alarm_of_a_rule_that_was_not_provoked_costs_all_the_same(tmp_path: Path) -> None:
    finding = judged(tmp_path, seen(*GOOD, alert("Queue", "queue_length > 0", 20)))
    assert finding.points == pytest.approx(finding.max_points * exp(-1), abs=1e-5)


NOT_JUDGED = [
    (alert("Fivers", 'rate(requests_total{status=~"5.."}[5m]) > 0.1'), "no request made the service fail"),
    (alert("Slow", LATENCY.replace("0.5", "2.5")), "not slow enough"),
    (alert("Short", LATENCY, range_seconds=2.0), "shorter than the pulses"),
    (alert("Queue", "queue_length > 0"), "trouble that we did not make"),
    (alert("Drift", "max(feature_psi) > 0.2"), "trouble that we did not make"),
    (alert("Old", "x offset 1d > 1", untried="it compares with another time"), "another time"),
]


@pytest.mark.parametrize(("rule", "words"), NOT_JUDGED, ids=[words for _, words in NOT_JUDGED])
def test_silence_without_reason_costs_nothing_and_reviewers_read_why(
    tmp_path: Path, rule: TriedRule, words: str
) -> None:
    finding = judged(tmp_path, seen(*GOOD, rule))
    assert finding.outcome == Outcome.PASSED
    assert words in finding.reviewer_note
    alone = judged(tmp_path, seen(rule))
    assert alone.outcome == Outcome.NOT_ASSESSED


def test_what_no_metric_counts_cannot_be_alerted_on(tmp_path: Path) -> None:
    finding = judged(tmp_path, seen(GOOD[2], alert("Errors", REFUSALS)), signals=signals(errors=None))
    assert finding.outcome == Outcome.PASSED
    assert "no metric counts refused requests" in finding.reviewer_note


def test_a_recording_rule_tells_what_an_alert_on_it_is_about(tmp_path: Path) -> None:
    slow = alert("Slow", "credit:p95 > 0.5", 40, records=(LATENCY.removesuffix(" > 0.5"),))
    assert judged(tmp_path, seen(slow)).evidence[0].summary.startswith("Slow (latency): fired 10.0 s into it")


def test_a_declared_signal_makes_an_alert_one_on_drift(tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path)
    monitoring = Monitoring(signals=(DriftSignal(metric="input_errors"),))
    inventory = replace(workspace.evidence.inventory, contract=Contract(monitoring=monitoring))
    workspace = replace(
        workspace,
        evidence=replace(workspace.evidence, inventory=inventory),
        service=ServiceEvidence(alerting=seen(alert("A", "input_errors > 1")), signals=signals()),
    )
    finding = by_check(metrics.grader.grade(workspace))[CHECK]
    assert finding.evidence[0].summary.startswith("A (drift)")


def test_a_drift_alert_in_the_quiet_is_no_false_alarm_here(tmp_path: Path) -> None:
    finding = judged(tmp_path, seen(*GOOD, alert("Drift", "max(feature_psi) > 0.1", 20)))
    assert finding.outcome == Outcome.PASSED


def test_a_service_that_could_hardly_be_scraped_is_not_judged(tmp_path: Path) -> None:
    assert judged(tmp_path, seen(*GOOD, failed_scrapes=20)).outcome == Outcome.NOT_ASSESSED


@pytest.mark.parametrize(
    ("is_ours", "outcome", "words"),
    [(True, Outcome.NOT_ASSESSED, "We could not look"), (False, Outcome.BLOCKED, "Blocked")],
)
def test_what_stood_in_the_way_is_told(
    tmp_path: Path, *, is_ours: bool, outcome: Outcome, words: str
) -> None:
    lost = Unfinished(probe="alerting", reason=NO_RULES, is_ours=is_ours)
    service = ServiceEvidence(unfinished=(lost,))
    finding = by_check(metrics.grader.grade(replace(make_workspace(tmp_path), service=service)))[CHECK]
    assert finding.outcome == outcome
    assert finding.sentence.startswith(words)
