"""The drift grader on whole plans: honest monitors earn, fakes do not, and too little evidence is no zero."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from audition import codec
from audition.domain.drift import DriftEvidence, InvalidRun, Series
from audition.domain.drift_plan import DriftPlan
from audition.domain.grade import Dimension, Finding, Grade, GradeStatus, Outcome, earned_share
from audition.domain.monitoring import DriftSignal
from audition.domain.probe import ServiceEvidence, StartEvidence
from audition.domain.run import Stage
from graders.drift import grader
from graders.drift.contrast import p_credit
from graders.drift.series import Candidate, Form
from graders.drift.shape import column_of
from tests.bench.drift import monitors
from tests.bench.drift.monitors import Exposed
from tests.bench.drift.traffic import Traffic
from tests.factories import make_manifest
from tests.graders.drift_world import FULL, LEAN, PSI_SIGNAL, lose, make_evidence
from tests.graders.workspaces import by_check, make_workspace

RESPONDS, DETECTS, PROMPT = "drift.signal.responds", "drift.alarm.detects", "drift.alarm.prompt"
QUIET, NAMES, CLEARS, VALID = (
    "drift.alarm.quiet",
    "drift.signal.names-column",
    "drift.signal.clears",
    "drift.runs.valid",
)


def grade(root: Path, evidence: DriftEvidence | None) -> Grade:
    return grader.grade(replace(make_workspace(root), drift=evidence))


def findings(root: Path, evidence: DriftEvidence) -> dict[str, Finding]:
    return by_check(grade(root, evidence))


@cache
def honest(plan: DriftPlan = FULL) -> DriftEvidence:
    return make_evidence(monitors.sliding_psi(500), PSI_SIGNAL, plan=plan)


def fake(name: str) -> Callable[[Traffic], Exposed]:
    return lambda traffic: monitors.fakes(traffic, np.random.default_rng(3))[name]


@pytest.mark.parametrize("plan", [LEAN, FULL], ids=["lean", "full"])
def test_an_honest_monitor_earns_nearly_everything(tmp_path: Path, plan: DriftPlan) -> None:
    found = grade(tmp_path, honest(plan))
    assert (found.status, found.dimension) == (GradeStatus.OK, Dimension.DRIFT)
    assert (earned_share(found.findings) or 0) > 0.9
    assert by_check(found)[RESPONDS].outcome == Outcome.PASSED
    assert "(declared as a signal)" in by_check(found)[RESPONDS].sentence
    assert "at least" in by_check(found)[QUIET].sentence


@pytest.mark.parametrize("name", ["constant", "random", "ramp", "sine"])
def test_a_gauge_that_never_saw_a_row_earns_next_to_nothing(tmp_path: Path, name: str) -> None:
    """Whatever its threshold is: below, within or above what it shows."""
    for threshold in (0.01, 0.3, 9.0):
        signal = DriftSignal(metric=f"fake_drift_{name}", threshold=threshold)
        found = findings(tmp_path, make_evidence(fake(name), signal, plan=FULL))
        assert found[RESPONDS].points < 1, (name, threshold)
        assert (earned_share(tuple(found.values())) or 0) < 0.4, (name, threshold)
        if threshold != 0.3:
            assert (earned_share(tuple(found.values())) or 0) < 0.1, (name, threshold)


def test_a_window_of_fifty_rows_is_called_out_for_its_false_alarms(tmp_path: Path) -> None:
    signal = replace(PSI_SIGNAL, metric="feature_psi_50")
    found = findings(tmp_path, make_evidence(monitors.sliding_psi(50), signal, plan=FULL))
    assert found[RESPONDS].points == found[RESPONDS].max_points
    assert found[QUIET].points < 0.1
    assert found[DETECTS].points == 0
    assert "was on before anything drifted" in found[DETECTS].sentence


def test_what_is_not_declared_earns_less_and_never_the_alarms(tmp_path: Path) -> None:
    found = findings(tmp_path, make_evidence(monitors.sliding_psi(500), plan=FULL))
    assert found[RESPONDS].points == pytest.approx(0.7 * found[RESPONDS].max_points)
    assert "not declared" in found[RESPONDS].sentence
    assert [found[check].points for check in (DETECTS, PROMPT, QUIET)] == [0, 0, 0]
    assert "threshold" in found[QUIET].sentence


def test_the_mean_of_a_feature_is_worth_less_than_a_drift_score(tmp_path: Path) -> None:
    found = findings(tmp_path, make_evidence(monitors.rolling_means, plan=FULL))
    assert found[RESPONDS].points == pytest.approx(0.4 * found[RESPONDS].max_points)


def test_a_monitor_of_means_does_not_see_a_spread(tmp_path: Path) -> None:
    signal = DriftSignal(metric="feature_rolling_mean", threshold=0.5, feature_label="feature")
    found = findings(tmp_path, make_evidence(monitors.rolling_means, signal, plan=FULL))
    assert found[DETECTS].outcome == Outcome.PARTIAL
    assert "scale 100%" in found[DETECTS].reviewer_note


def test_nothing_exposed_is_a_failure_with_advice(tmp_path: Path) -> None:
    found = findings(tmp_path, make_evidence(lambda _traffic: {}, with_service=False))
    assert found[RESPONDS].outcome == Outcome.FAILED
    assert "exposes nothing" in found[RESPONDS].sentence
    assert found[RESPONDS].how_to_fix


def test_a_global_score_is_not_asked_which_column_drifted(tmp_path: Path) -> None:
    def largest(traffic: Traffic) -> Exposed:
        return {Series(metric="dataset_drift"): monitors.psi_values(traffic, 500).max(axis=2)}

    found = findings(tmp_path, make_evidence(largest, DriftSignal(metric="dataset_drift", threshold=0.2)))
    assert found[NAMES].outcome == Outcome.NOT_APPLICABLE
    assert found[RESPONDS].outcome == Outcome.PASSED


def test_a_monitor_that_names_the_wrong_column_earns_nothing_for_it(tmp_path: Path) -> None:
    def confused(traffic: Traffic) -> Exposed:
        return monitors.sliding_psi(500)(replace(traffic, rows=traffic.rows[:, :, ::-1]))

    found = findings(tmp_path, make_evidence(confused, PSI_SIGNAL))
    assert (found[NAMES].outcome, found[NAMES].points) == (Outcome.FAILED, 0)


def test_the_hidden_drift_is_named_for_reviewers_only(tmp_path: Path) -> None:
    found = findings(tmp_path, honest())
    assert "f0" in found[NAMES].reviewer_note
    assert "f0" not in found[NAMES].sentence


def test_a_signal_that_never_falls_does_not_clear(tmp_path: Path) -> None:
    def sticky(traffic: Traffic) -> Exposed:
        shown = monitors.sliding_psi(500)(traffic)
        return {series: np.maximum.accumulate(values, axis=1) for series, values in shown.items()}

    found = findings(tmp_path, make_evidence(sticky, PSI_SIGNAL, plan=FULL))
    assert "cleared within three windows after 0%" in found[CLEARS].sentence
    assert 0 < found[CLEARS].points < findings(tmp_path, honest())[CLEARS].points


@pytest.mark.parametrize(("is_ours", "outcome"), [(True, Outcome.NOT_ASSESSED), (False, Outcome.BLOCKED)])
def test_too_few_valid_runs_are_not_judged_and_count_where_the_service_spoiled_them(
    tmp_path: Path, is_ours: bool, outcome: Outcome
) -> None:
    evidence = honest(LEAN)
    drifting = [run.plan.number for run in evidence.runs if run.plan.injection][:2]
    reasons = ("The counter x went down.",)
    lost = replace(
        lose(evidence, *drifting),
        invalid=tuple(InvalidRun(number=number, reasons=reasons, is_ours=is_ours) for number in drifting),
    )
    found = grade(tmp_path, lost)
    assert by_check(found)[VALID].outcome == Outcome.FAILED
    assert "The counter x went down." in by_check(found)[VALID].evidence[0].summary
    others = [finding for finding in found.findings if finding.check != VALID]
    assert {finding.outcome for finding in others if not finding.is_static} == {outcome}
    assert {f.blocked_by for f in others if f.outcome == Outcome.BLOCKED} == (set() if is_ours else {VALID})
    assert not earned_share([finding for finding in found.findings if not finding.is_static])
    assert found.curves == ()


def test_one_lost_run_can_be_done_without(tmp_path: Path) -> None:
    evidence = honest(LEAN)
    placebo = next(run.plan.number for run in evidence.runs if not run.plan.injection)
    found = findings(tmp_path, lose(evidence, placebo))
    assert found[RESPONDS].outcome == Outcome.PASSED


def test_without_evidence_the_grader_is_blocked_and_nothing_counts(tmp_path: Path) -> None:
    found = grade(tmp_path, None)
    assert found.status == GradeStatus.BLOCKED
    assert earned_share(found.findings) is None
    assert len({finding.check for finding in found.findings}) == 8


def test_equal_evidence_gives_equal_grades_that_can_be_sent(tmp_path: Path) -> None:
    first, again = grade(tmp_path, honest()), grade(tmp_path, honest())
    assert first == again
    assert codec.from_json(Grade, codec.to_json(first), what="grade") == first


def test_the_drawing_has_arrivals_signal_onset_and_alarm_on_one_axis(tmp_path: Path) -> None:
    curves = {curve.kind: curve for curve in grade(tmp_path, honest()).curves}
    assert list(curves) == ["drift.arrivals", "drift.signal", "drift.placebo", "drift.onset", "drift.alarm"]
    onset, alarm = curves["drift.onset"], curves["drift.alarm"]
    assert (onset.x, onset.y) == ((10, 17.5), (2000, 3500))
    warm = 5.0  # Seconds: before that the window of 500 is not full, and alarms do not count.
    rings = min(x for x, y in zip(alarm.x, alarm.y, strict=True) if y and x > warm)
    assert onset.x[0] < rings < onset.x[1]
    assert max(curves["drift.signal"].y) > 2 * max(curves["drift.placebo"].y)
    assert all(len(curve.x) == len(curve.y) for curve in curves.values())


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 1.7e308, -1.7e308, 5e-324, 1e200])
@pytest.mark.parametrize("metric", ["odd", "odd_total"])
def test_numbers_that_nobody_should_expose_spoil_nothing_else(
    tmp_path: Path, value: float, metric: str
) -> None:
    def odd(traffic: Traffic) -> Exposed:
        shown = monitors.sliding_psi(500)(traffic)
        values = np.random.default_rng(1).choice(
            [value, 1.0, 0.0], size=(*traffic.rows.shape[:1], traffic.scrapes)
        )
        flat = np.full(values.shape, value)
        return shown | {Series(metric=metric): values, Series(metric=f"x_{metric}"): flat}

    found = grade(tmp_path, make_evidence(odd, PSI_SIGNAL, plan=LEAN))
    assert by_check(found)[RESPONDS].outcome == Outcome.PASSED
    assert codec.from_json(Grade, codec.to_json(found), what="grade") == found


@pytest.mark.parametrize(
    ("p_value", "credit"), [(0.0, 1), (2 / 70, 1), (0.03, 1), (0.115, 0.5), (0.2, 0), (1, 0)]
)
def test_credit_falls_from_p_003_to_p_02(p_value: float, credit: float) -> None:
    assert p_credit(p_value) == pytest.approx(credit)


@pytest.mark.parametrize(
    ("metric", "labels", "signal", "column"),
    [
        ("psi", (("feature", "age"),), None, "age"),
        ("psi", (("feature", "other"),), None, ""),
        ("drift_age_score", (), None, "age"),
        ("average_score", (), None, ""),
        ("psi", (), DriftSignal(metric="psi", feature="income"), "income"),
        ("psi", (("c", "age"), ("d", "income")), DriftSignal(metric="psi", feature_label="d"), "income"),
        ("psi", (("a", "age"), ("b", "income")), None, ""),
    ],
)
def test_a_signal_names_its_column_by_declaration_label_or_name(
    metric: str, labels: tuple[tuple[str, str], ...], signal: DriftSignal | None, column: str
) -> None:
    candidate = Candidate(series=Series(metric=metric, labels=labels), form=Form.VALUE, signal=signal)
    assert column_of(candidate, ("age", "income")) == column


def test_a_service_whose_metrics_cannot_be_read_notices_nothing(tmp_path: Path) -> None:
    evidence = DriftEvidence(plan=LEAN, signals=(PSI_SIGNAL,), obstacle="The service has no metrics page.")
    found = findings(tmp_path, evidence)
    assert found.pop("drift.runs.valid").outcome == Outcome.NOT_APPLICABLE
    assert found["drift.loop.closed"].outcome == Outcome.FAILED
    blocked = {f.blocked_by for f in found.values() if f.outcome == Outcome.BLOCKED}
    assert blocked == {"metrics.exposition.parses"}
    assert sum(finding.max_points for finding in found.values() if not finding.is_static) == 18


def test_a_service_that_never_predicted_is_blocked(tmp_path: Path) -> None:
    never = ServiceEvidence(starts=(StartEvidence(waited_seconds=60.0),))
    stages = (*make_manifest().stages, Stage.SERVE, Stage.DRIFT)
    workspace = replace(make_workspace(tmp_path, stages=stages), service=never)
    *found, loop = grader.grade(workspace).findings
    assert {(finding.outcome, finding.blocked_by) for finding in found} == {
        (Outcome.BLOCKED, "runtime.start.ready")
    }
    assert loop.outcome == Outcome.FAILED, "files are read all the same"
