"""Alert rules as drift alarms: a real promtool evaluates them over whole plans, the real grader judges what fired."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from audition.domain.alerting import AlertRule
from audition.domain.grade import Finding, Outcome
from audition.domain.monitoring import Monitoring
from audition.probing.backfill import Backfill, with_firings
from graders.drift import grader
from tests.bench.drift import monitors
from tests.graders.drift_world import LEAN, PSI_SIGNAL, make_evidence
from tests.graders.workspaces import by_check, make_workspace

pytestmark = pytest.mark.docker
#: What the monitor shows is declared, its threshold is not: only a rule can call somebody.
SIGNAL = replace(PSI_SIGNAL, threshold=None)


def judged(root: Path, prometheus: Path, rule: AlertRule) -> dict[str, Finding]:
    evidence = make_evidence(monitors.sliding_psi(500), SIGNAL, plan=LEAN)
    backfill = Backfill([rule], Monitoring(signals=(SIGNAL,)), evidence.plan, prometheus)
    names, runs = asyncio.run(with_firings(backfill, evidence.runs))
    assert names == (rule.name,)
    found = replace(evidence, runs=tuple(runs), drift_alerts=names)
    return by_check(grader.grade(replace(make_workspace(root), drift=found)))


def psi_above(threshold: float, **changes: float) -> AlertRule:
    return AlertRule(name="Drift", expression=f"max({SIGNAL.metric}) > {threshold}", **changes)  # type: ignore[arg-type]


def test_an_honest_rule_calls_as_a_threshold_does(tmp_path: Path, prometheus: Path) -> None:
    found = judged(tmp_path, prometheus, psi_above(0.2, for_seconds=15.0))
    assert found["drift.alarm.detects"].outcome == Outcome.PASSED
    assert found["drift.alarm.quiet"].outcome == Outcome.PASSED
    assert found["drift.alarm.prompt"].points > 0


def test_a_rule_that_never_fires_detects_nothing(tmp_path: Path, prometheus: Path) -> None:
    found = judged(tmp_path, prometheus, psi_above(1e6))
    assert found["drift.alarm.detects"].outcome == Outcome.FAILED


def test_a_rule_that_always_fires_has_noticed_nothing_and_is_never_quiet(
    tmp_path: Path, prometheus: Path
) -> None:
    found = judged(tmp_path, prometheus, psi_above(-1.0))
    assert found["drift.alarm.detects"].outcome == Outcome.FAILED
    assert found["drift.alarm.quiet"].points == pytest.approx(0.0, abs=0.05)


def test_a_longer_wait_calls_later(tmp_path: Path, prometheus: Path) -> None:
    soon = judged(tmp_path / "soon", prometheus, psi_above(0.2))
    late = judged(tmp_path / "late", prometheus, psi_above(0.2, for_seconds=120.0))
    assert late["drift.alarm.prompt"].points < soon["drift.alarm.prompt"].points
