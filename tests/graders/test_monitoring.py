"""Alert rules, metrics in the code and dashboards: a careful set passes whole, each mistake costs its own check."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audition.domain.contract import Contract, Discovery
from audition.domain.grade import Dimension, Finding, Outcome
from audition.domain.monitoring import DriftSignal, Monitoring
from audition.domain.tools import NEWER, Severity, ToolFinding, ToolReport, ToolReports, ToolStatus
from audition.grading import Workspace
from graders.monitoring import grader
from graders.monitoring.promql import read_expression, read_query
from tests.graders.workspaces import by_check, make_workspace

WEIGHTS = {Dimension.MODEL_QUALITY: 0.5, Dimension.OBSERVABILITY: 0.5}
CODE = """
from prometheus_client import Counter, Gauge, Histogram, Info

REQUESTS = Counter("requests_total", "Requests by outcome", ["status"], namespace="credit")
LATENCY = Histogram("request_seconds", "Time to answer", namespace="credit")
SCORES = Histogram("prediction_score", "Probabilities given out", namespace="credit")
DRIFT = Gauge("feature_drift_psi", "PSI of the last 500 requests", ["feature"], namespace="credit")
MODEL = Info("model", "What is served", namespace="credit")
"""
RULES = """
groups:
- name: credit
  interval: 30s
  rules:
  - record: credit:error_ratio
    expr: sum(rate(credit_requests_total{status=~"5.."}[5m])) / sum(rate(credit_requests_total[5m]))
  - alert: CreditSlow
    expr: histogram_quantile(0.95, sum by (le) (rate(credit_request_seconds_bucket[5m]))) > 0.2
    for: 5m
    labels: {severity: page}
    annotations: {summary: "95 of 100 answers take longer than 200 ms"}
  - alert: CreditErrors
    expr: credit:error_ratio > 0.01
    for: 5m
    labels: {severity: page}
    annotations: {summary: "More than 1 % of answers are errors"}
  - alert: CreditDrift
    expr: max(credit_feature_drift_psi) > 0.25 and on() up == 1
    for: 10m
    labels: {severity: ticket}
    annotations: {description: "Look at the feature that the label names"}
""".lstrip()
TESTS = """
rule_files: [rules.yml]
tests:
- interval: 1m
  alert_rule_test:
  - {eval_time: 10m, alertname: CreditSlow, exp_alerts: []}
  - {eval_time: 10m, alertname: CreditErrors, exp_alerts: []}
  - {eval_time: 10m, alertname: CreditDrift, exp_alerts: []}
""".lstrip()
BOARD: dict[str, Any] = {
    "title": "Credit",
    "schemaVersion": 39,
    "panels": [
        {
            "title": "Rate",
            "targets": [{"expr": 'rate(credit_requests_total{job=~"$job"}[$__rate_interval])'}],
        },
        {
            "type": "row",
            "panels": [{"title": "Drift", "targets": [{"expr": "topk($n, credit_feature_drift_psi)"}]}],
        },
    ],
}
FILES = {
    "app.py": CODE,
    "ops/rules.yml": RULES,
    "ops/rules_test.yml": TESTS,
    "ops/board.json": json.dumps(BOARD),
}
MONITORING = Monitoring(
    rules=("ops/rules.yml",), rule_tests=("ops/rules_test.yml",), dashboards=("ops/board.json",)
)


def workspace(root: Path, files: dict[str, str], monitoring: Monitoring = MONITORING) -> Workspace:
    made = make_workspace(root, weights=WEIGHTS)
    for name, text in files.items():
        (made.submission / name).parent.mkdir(parents=True, exist_ok=True)
        (made.submission / name).write_text(text)
    inventory = replace(made.evidence.inventory, contract=Contract(monitoring=monitoring))
    return replace(made, evidence=replace(made.evidence, inventory=inventory))


def findings(root: Path, **changes: str) -> dict[str, Finding]:
    files = FILES | {{"code": "app.py", "rules": "ops/rules.yml", "tests": "ops/rules_test.yml",
                      "board": "ops/board.json"}[key]: text for key, text in changes.items()}  # fmt: skip
    return by_check(grader.grade(workspace(root, files)))


def test_a_careful_set_passes_whole(tmp_path: Path) -> None:
    for finding in findings(tmp_path).values():
        assert finding.outcome == Outcome.PASSED, (finding.check, finding.sentence, finding.evidence)


MISTAKES = [
    ("expr: credit:error_ratio > 0.01", "expr: credit:error_ratio >", "rules.valid", "does not parse"),
    ("expr: credit:error_ratio > 0.01", "expression: 1", "rules.valid", "it has no expr"),
    ("for: 10m", "for: soon", "rules.valid", "for is no duration"),
    ("  - record: credit:error_ratio", "  - record: credit error", "rules.valid", "name of a record"),
    ("  - alert: CreditDrift\n", "  - alert: CreditDrift\n    record: x\n", "rules.valid", "and not both"),
    ("- name: credit\n", "- title: credit\n", "rules.valid", "needs a name"),
    (
        "credit_request_seconds_bucket",
        "credit_latency_seconds_bucket",
        "rules.metrics-exist",
        "no code exposes",
    ),
    ("credit_feature_drift_psi", "credit_feature_drift", "rules.metrics-exist", "credit_feature_drift"),
    (
        "  - record: credit:error_ratio",
        "  - record: credit:errors",
        "rules.metrics-exist",
        "credit:error_ratio",
    ),
    ("    for: 10m\n", "", "rules.actionable", "has no `for`"),
    ("{severity: ticket}", "{team: ml}", "rules.actionable", "has no severity"),
    (
        "    annotations: {description",
        "    annotations: {note",
        "rules.actionable",
        "does not say what it means",
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "check", "words"), MISTAKES, ids=[f"{m[2]}-{m[3][:20]}" for m in MISTAKES]
)
def test_each_mistake_in_a_rule_costs_its_check_and_says_where(
    tmp_path: Path, old: str, new: str, check: str, words: str
) -> None:
    assert old in RULES
    finding = findings(tmp_path, rules=RULES.replace(old, new, 1))[f"monitoring.{check}"]
    assert finding.outcome == Outcome.PARTIAL, finding.sentence
    assert any(words in item.summary for item in finding.evidence), finding.evidence
    assert finding.evidence[0].file == "ops/rules.yml"
    assert finding.evidence[0].line


def test_missing_kinds_of_alerts_are_named(tmp_path: Path) -> None:
    start, _, _ = RULES.partition("  - alert: CreditErrors")
    finding = findings(tmp_path, rules=start)["monitoring.rules.coverage"]
    assert finding.sentence == "There is no alert for errors and drift."
    assert finding.points == pytest.approx(2 / 3)


def test_a_declared_signal_counts_as_drift_whatever_its_name(tmp_path: Path) -> None:
    code = CODE.replace("feature_drift_psi", "input_distance")
    rules = RULES.replace("feature_drift_psi", "input_distance")
    files = FILES | {"app.py": code, "ops/rules.yml": rules}
    plain = by_check(grader.grade(workspace(tmp_path / "a", files)))
    signal = DriftSignal(metric="credit_input_distance")
    told = by_check(grader.grade(workspace(tmp_path / "b", files, replace(MONITORING, signals=(signal,)))))
    assert plain["monitoring.rules.coverage"].outcome == Outcome.PARTIAL
    assert told["monitoring.rules.coverage"].outcome == Outcome.PASSED


def test_an_alert_without_a_test_is_named(tmp_path: Path) -> None:
    finding = findings(tmp_path, tests=TESTS.replace("CreditDrift", "Other"))["monitoring.rules.tested"]
    assert finding.evidence[0].summary == "CreditDrift: no test names it"


def said_by_promtool(*findings: ToolFinding, tool: str = "promtool-rules") -> ToolReports:
    return ToolReports(
        reports=(ToolReport(tool=tool, version="2.42.0", status=ToolStatus.OK, findings=findings),)
    )


def with_tools(root: Path, tools: ToolReports) -> dict[str, Finding]:
    return by_check(grader.grade(replace(workspace(root, FILES), tools=tools)))


def test_what_only_promtool_refuses_costs_its_rule(tmp_path: Path) -> None:
    words = 'annotation "summary": template: unclosed action'
    fault = ToolFinding(
        rule="invalid", severity=Severity.ERROR, message=words, file="ops/rules.yml", subject="CreditSlow"
    )
    finding = with_tools(tmp_path, said_by_promtool(fault, fault))["monitoring.rules.valid"]
    assert finding.points == pytest.approx(2 * 3 / 4)
    assert finding.evidence[0].summary == f"CreditSlow: {words} (promtool)"
    assert finding.evidence[0].line == 7
    assert "promtool-rules 2.42.0" in finding.reviewer_note


def test_what_both_refuse_costs_once(tmp_path: Path) -> None:
    rules = RULES.replace("credit:error_ratio > 0.01", "credit:error_ratio >")
    fault = ToolFinding(
        rule="invalid", severity=Severity.ERROR, message="no", file="ops/rules.yml", subject="CreditErrors"
    )
    made = workspace(tmp_path, FILES | {"ops/rules.yml": rules})
    finding = by_check(grader.grade(replace(made, tools=said_by_promtool(fault))))["monitoring.rules.valid"]
    assert finding.points == pytest.approx(2 * 3 / 4)


def test_what_is_newer_than_our_promtool_costs_nothing_and_reviewers_read_it(tmp_path: Path) -> None:
    words = "field query_offset not found in type rulefmt.RuleGroup"
    newer = ToolFinding(rule=NEWER, severity=Severity.INFO, message=words, file="ops/rules.yml")
    finding = with_tools(tmp_path, said_by_promtool(newer))["monitoring.rules.valid"]
    assert finding.outcome == Outcome.PASSED
    assert words in finding.reviewer_note


def test_tests_that_fail_earn_nothing_though_they_name_every_alert(tmp_path: Path) -> None:
    fault = ToolFinding(rule="failed", severity=Severity.ERROR, message="got: []", file="ops/rules_test.yml")
    tools = said_by_promtool(fault, tool="promtool-tests")
    finding = with_tools(tmp_path, tools)["monitoring.rules.tested"]
    assert finding.outcome == Outcome.FAILED
    assert finding.sentence == "The tests in 1 file fail."
    assert finding.evidence[0].summary == "fails: got: []"


def test_tests_that_pass_are_said_to(tmp_path: Path) -> None:
    finding = with_tools(tmp_path, said_by_promtool(tool="promtool-tests"))["monitoring.rules.tested"]
    assert finding.outcome == Outcome.PASSED
    assert finding.sentence == "Every alert is tested, and the tests pass."


def test_what_the_code_does_not_measure_is_named(tmp_path: Path) -> None:
    code = 'from prometheus_client import Counter\nC = Counter("requests", "All of them")\n'
    finding = findings(tmp_path, code=code)["monitoring.metrics.defined"]
    assert finding.sentence.endswith("but none for errors, latency, predictions, the model's version.")
    assert finding.evidence[0].line == 2


def test_ready_made_instrumentation_is_known(tmp_path: Path) -> None:
    code = "from prometheus_fastapi_instrumentator import Instrumentator\n"
    rules = RULES.replace("credit_request_seconds_bucket", "http_request_duration_seconds_bucket").replace(
        "credit_requests_total", "http_requests_total"
    )
    finding = findings(tmp_path, code=code, rules=rules)["monitoring.rules.metrics-exist"]
    assert [item.summary for item in finding.evidence] == [
        "CreditDrift: no code exposes credit_feature_drift_psi"
    ]


def test_metrics_written_by_hand_are_known(tmp_path: Path) -> None:
    code = 'TEXT = """# TYPE credit_requests_total counter\\ncredit_requests_total 1\\n"""\n'
    rules = "groups:\n- name: a\n  rules:\n  - {alert: A, expr: credit_requests_total > 1}\n"
    assert (
        findings(tmp_path, code=code, rules=rules)["monitoring.rules.metrics-exist"].outcome == Outcome.PASSED
    )


def test_metrics_of_the_cluster_are_taken_as_given(tmp_path: Path) -> None:
    rules = (
        "groups:\n- name: a\n  rules:\n  - {alert: A, expr: kube_pod_status_ready + node_load1 + up > 1}\n"
    )
    assert findings(tmp_path, rules=rules)["monitoring.rules.metrics-exist"].outcome == Outcome.PASSED


def test_rules_inside_an_object_of_the_operator_are_read(tmp_path: Path) -> None:
    spec = "".join(f"  {line}\n" for line in RULES.splitlines())
    text = f"apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {{name: a}}\nspec:\n{spec}"
    assert findings(tmp_path, rules=text)["monitoring.rules.valid"].outcome == Outcome.PASSED


@pytest.mark.parametrize(
    ("query", "words"),
    [("rate(credit_requests_total", "does not parse"), ("sum(other_metric)", "no code exposes other_metric")],
)
def test_a_panel_that_would_show_nothing_is_named(tmp_path: Path, query: str, words: str) -> None:
    board = {**BOARD, "panels": [*BOARD["panels"], {"title": "Broken", "targets": [{"expr": query}]}]}
    finding = findings(tmp_path, board=json.dumps(board))["monitoring.dashboards.queries"]
    assert finding.outcome == Outcome.PARTIAL
    assert finding.evidence[0].summary.startswith("Broken: ")
    assert words in finding.evidence[0].summary


def test_files_that_had_to_be_found_earn_less_and_say_so(tmp_path: Path) -> None:
    made = workspace(tmp_path, FILES)
    found = Discovery(
        key="monitoring.rules", value='["ops/rules.yml"]', source="what is in it", file="ops/rules.yml"
    )
    inventory = replace(made.evidence.inventory, discovered=(found,))
    made = replace(made, evidence=replace(made.evidence, inventory=inventory))
    finding = by_check(grader.grade(made))["monitoring.rules.valid"]
    assert finding.outcome == Outcome.PARTIAL
    assert finding.points == pytest.approx(1.4)
    assert finding.sentence.startswith("All 4 rules are valid. audition.toml does not say `monitoring.rules`")


def test_without_monitoring_it_depends_on_the_challenge(tmp_path: Path) -> None:
    bare = workspace(tmp_path / "a", {"predict.py": ""}, Monitoring())
    assert {f.outcome for f in grader.grade(bare).findings} == {Outcome.FAILED}
    other = replace(bare, manifest=make_workspace(tmp_path / "b").manifest)
    assert {f.outcome for f in grader.grade(other).findings} == {Outcome.NOT_APPLICABLE}


@pytest.mark.parametrize(
    ("text", "metrics"),
    [
        ('sum(rate(a_total{x="1"}[5m])) / b > 0.1', {"a_total", "b"}),
        ('{__name__="foo"}', {"foo"}),
        ('{__name__=~"foo.*"}', set()),
        ("max_over_time(x[5m:1m]) unless on() y", {"x", "y"}),
    ],
)
def test_metrics_of_an_expression(text: str, metrics: set[str]) -> None:
    assert read_expression(text).metrics == metrics


@pytest.mark.parametrize(
    "text", ["", "rate(", "(" * 1999, "x" * 3000, "a\0b", "rate(x)", "a[$__rate_interval]"]
)
def test_expressions_that_do_not_parse_say_why(text: str) -> None:
    assert read_expression(text).error


@pytest.mark.parametrize(
    "text",
    [
        'rate(a{i=~"$inst"}[$__rate_interval])',
        "sum(a) by ($label)",
        "rate(a[${interval}])",
        "topk($n, a)",
        'a{b="${c:regex}"}',
    ],
)
def test_variables_of_grafana_are_filled_in(text: str) -> None:
    found = read_query(text)
    assert found.error == ""
    assert found.metrics == {"a"}


HOSTILE = {
    "deep": "groups: " + "[" * 3000,
    "types": "groups: [3, {name: [1], rules: 7}, {rules: [3, {alert: {a: b}, expr: [1], labels: 3, for: {}}]}]\n",
    "many": "groups:\n- name: a\n  rules:\n" + "  - {alert: A, expr: 'a + a + a + a'}\n" * 3000,
    "long": "groups:\n- name: a\n  rules:\n" + f"  - {{alert: A, expr: '{'(' * 900}a{')' * 900}'}}\n" * 60,
    "empty": "",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_rules_are_read_within_bounds(tmp_path: Path, name: str) -> None:
    found = findings(tmp_path, rules=HOSTILE[name], board="[" * 100_000, code="(" * 50_000)
    assert found["monitoring.rules.valid"].outcome in {Outcome.PARTIAL, Outcome.FAILED, Outcome.PASSED}
    assert found["monitoring.dashboards.queries"].outcome == Outcome.FAILED
