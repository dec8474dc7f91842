"""What real tools printed is understood; what they print when they fail is a limit of ours and no finding."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from audition.domain.tools import BOUNDS, Severity, ToolReports, ToolStatus
from audition.grading.static.process import Ended
from audition.grading.static.stage import run_tools
from audition.grading.static.tools import TOOLS, Kit
from tests.graders.recorded_tools import ended_of, paths_in, replay, reports_of
from tests.graders.sample_repos import BAD, CLOUD_KEY, GOOD, HUB_TOKEN, PASSWORD, PICKLE, write_repo


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    folder = write_repo(tmp_path, BAD)
    (folder / "model.pkl").write_bytes(PICKLE["bad"])
    return folder


@pytest.fixture
def reports(bad: Path) -> ToolReports:
    return reports_of("bad", bad)


def rules(reports: ToolReports, tool: str) -> set[str]:
    return {finding.rule for _, finding in reports.findings([tool])}


#: Each defect of the design's comparison of linters, with a tool that must name it though all are suppressed.
DEFECTS = [
    ("hadolint", "DL3007"),
    ("checkov", "CKV_DOCKER_7"),
    ("checkov", "CKV_DOCKER_3"),
    ("checkov", "CKV_DOCKER_2"),
    ("hadolint", "DL3064"),
    ("hadolint", "DL3020"),
    ("checkov", "CKV_DOCKER_4"),
    ("hadolint", "DL3025"),
    ("hadolint", "DL3013"),
    ("hadolint", "DL3014"),
    ("hadolint", "DL3042"),
    ("hadolint", "DL4006"),
    ("hadolint", "DL3011"),
    ("checkov", "CKV_DOCKER_1"),
    ("hadolint", "DL4003"),
    ("actionlint", "events"),
    ("actionlint", "job-needs"),
    ("actionlint", "runner-label"),
    ("actionlint", "expression"),
    ("act", "workflow"),
    ("zizmor", "template-injection"),
    ("zizmor", "dangerous-triggers"),
    ("zizmor", "unpinned-uses"),
    ("checkov", "CKV_GHA_2"),
    ("checkov", "CKV2_GHA_1"),
    ("checkov", "CKV_K8S_16"),
    ("kubernetes-validate", "schema"),
    ("bandit", "B301"),
    ("bandit", "B602"),
    ("ruff", "F401"),
    ("ruff", "F821"),
    ("shellcheck", "SC2086"),
    ("detect-secrets", "AWS Access Key"),
    ("gitleaks", "aws-access-token"),
    ("gitleaks", "generic-api-key"),
    ("picklescan", "dangerous"),
    ("promtool-rules", "invalid"),
    ("promtool-tests", "failed"),
]


@pytest.mark.parametrize(("tool", "rule"), DEFECTS)
def test_every_planted_defect_is_found(reports: ToolReports, tool: str, rule: str) -> None:
    assert rule in rules(reports, tool)


def test_every_finding_names_a_file_of_the_submission(reports: ToolReports) -> None:
    known = {*BAD, "model.pkl"}
    assert {f.file for _, f in reports.findings(t.name for t in TOOLS)} <= known


def test_findings_that_the_repository_suppresses_are_marked(reports: ToolReports) -> None:
    marked = {(tool, f.rule) for tool, f in reports.findings(t.name for t in TOOLS) if f.is_suppressed}
    assert {("hadolint", "DL3007"), ("bandit", "B301"), ("ruff", "F401"), ("shellcheck", "SC2086")} <= marked


def test_no_report_holds_a_secret(reports: ToolReports) -> None:
    text = repr(reports)
    assert not [secret for secret in (CLOUD_KEY, HUB_TOKEN, PASSWORD) if secret in text]


def test_a_clean_submission_has_findings_of_no_weight_only(tmp_path: Path) -> None:
    folder = write_repo(tmp_path, GOOD)
    (folder / "model.pkl").write_bytes(PICKLE["good"])
    reports = reports_of("good", folder)
    found = {(tool, f.rule) for tool, f in reports.findings(t.name for t in TOOLS)}
    # Of these every honest submission has some: digests look random, and few write network policies.
    noise = {
        ("checkov", "CKV2_K8S_6"),
        ("checkov", "CKV_K8S_43"),
        ("detect-secrets", "Hex High Entropy String"),
    }
    assert found <= noise
    checkov = reports.of("checkov")
    assert checkov is not None
    assert checkov.passed["CKV_DOCKER_3"] == 1


def test_a_tool_without_files_does_not_apply(reports: ToolReports) -> None:
    report = reports.of("schema-gitlab")
    assert report is not None
    assert report.status == ToolStatus.NOT_APPLICABLE


BROKEN = {
    "ended badly": {"code": 139},
    "printed nothing": {"stdout": b""},
    "printed half a document": {"stdout": b'[{"code": '},
    "printed something else": {"stdout": b'"text"'},
    "printed a list of numbers": {"stdout": b"[1, 2]"},
    "nested without end": {"stdout": b"[" * 100_000},
    "reached a cap": {"stopped_for": "memory"},
}
JSON_TOOLS = ["hadolint", "checkov", "zizmor", "actionlint", "ruff", "bandit", "shellcheck", "gitleaks"]


@pytest.mark.parametrize("tool", [*JSON_TOOLS, "detect-secrets", "schema-workflow"])
@pytest.mark.parametrize("how", BROKEN)
def test_a_tool_that_fails_is_crashed_and_takes_no_other_down(bad: Path, tool: str, how: str) -> None:
    recording: dict[str, Ended] = ended_of("bad")
    recording[tool] = replace(recording[tool], **BROKEN[how])  # type: ignore[arg-type]
    if (tool, how) in {("actionlint", "printed something else"), ("gitleaks", "printed something else")}:
        recording[tool] = replace(recording[tool], stdout=b"5")
    reports = replay(recording, bad)
    assert [r.tool for r in reports.missing(t.name for t in TOOLS)] == [tool]
    report = reports.of(tool)
    assert report is not None
    assert report.status == ToolStatus.CRASHED
    assert report.detail
    assert not report.findings


@pytest.mark.parametrize(
    "tool", ["act", "kubernetes-validate", "picklescan", "promtool-rules", "promtool-tests"]
)
def test_prose_that_is_not_understood_is_a_crash(bad: Path, tool: str) -> None:
    recording = ended_of("bad")
    recording[tool] = replace(recording[tool], stdout=b"Segmentation fault", said="what?")
    assert [r.tool for r in replay(recording, bad).missing([tool])] == [tool]


def test_a_tool_that_is_late_is_timed_out(bad: Path) -> None:
    recording = ended_of("bad")
    recording["checkov"] = replace(recording["checkov"], is_late=True)
    report = replay(recording, bad).of("checkov")
    assert report is not None
    assert report.status == ToolStatus.TIMED_OUT


def test_tools_that_are_not_there_are_crashed(bad: Path, tmp_path: Path) -> None:
    reports = run_tools(bad, paths_in(bad), Kit(home=tmp_path / "nowhere"))
    states = {r.status for r in reports.reports}
    assert states == {ToolStatus.CRASHED, ToolStatus.NOT_APPLICABLE}


def said(bad: Path, tool: str, **changes: object) -> ToolReports:
    recording: Mapping[str, Ended] = ended_of("bad")
    return replay({**recording, tool: replace(recording[tool], **changes)}, bad)  # type: ignore[arg-type]


def test_an_unknown_kind_of_object_is_no_error(bad: Path) -> None:
    text = b"WARNING deploy/k8s.yaml: Schema for PrometheusRule not found\n"
    (found,) = [
        f for _, f in said(bad, "kubernetes-validate", stdout=text, code=0).findings(["kubernetes-validate"])
    ]
    assert (found.rule, found.severity) == ("unknown-kind", Severity.INFO)


def test_each_rule_that_promtool_refuses_is_named(reports: ToolReports) -> None:
    found = [f for _, f in reports.findings(["promtool-rules"])]
    assert [(f.file, f.subject) for f in found] == [
        ("ops/rules.yml", "ScorerDrift"),
        ("ops/rules.yml", "ScorerSlow"),
    ]


def test_what_only_a_newer_prometheus_knows_is_no_error(bad: Path) -> None:
    words = (
        "  FAILED:\n./ops/rules.yml: yaml: unmarshal errors:\n  line 3: field query_offset not found in type"
        ' rulefmt.RuleGroup\n./ops/rules.yml: 9:3: group "a", rule 1, "A": could not parse expression: 1:1:'
        ' parse error: unknown function with name "info"\n'
    )
    stdout = b"Checking ./ops/rules.yml\n\n"
    report = said(bad, "promtool-rules", stdout=stdout, said=words).of("promtool-rules")
    assert report is not None
    assert [(f.rule, f.severity, f.line) for f in report.findings] == [
        ("newer", Severity.INFO, 3),
        ("newer", Severity.INFO, 9),
    ]


def test_tests_of_rules_are_told_apart_although_they_fail_on_another_stream(bad: Path) -> None:
    stdout = b"Unit Testing:  ./a.yml\n\n\nUnit Testing:  ./b.yml\n  SUCCESS\n\nUnit Testing:  ./c.yml\n\n\n"
    report = said(bad, "promtool-tests", stdout=stdout, said="  FAILED:\n    one\n  FAILED:\n    two\n")
    found = report.of("promtool-tests")
    assert found is not None
    assert [(f.file, f.message) for f in found.findings] == [("a.yml", "one"), ("c.yml", "two")]
    assert found.passed == {"tests": 1}


def test_a_file_that_no_tool_is_given_is_reported_as_by_a_tool(tmp_path: Path) -> None:
    bomb = "a: &a [x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
    )
    folder = write_repo(tmp_path, {".gitlab-ci.yml": bomb})
    reports = run_tools(folder, paths_in(folder), Kit(home=tmp_path / "nowhere"))
    (found,) = [f for _, f in reports.findings([BOUNDS])]
    assert (found.file, found.severity) == (".gitlab-ci.yml", Severity.ERROR)
    assert reports.of("schema-gitlab") == replace(reports.reports[0], tool="schema-gitlab")


def test_findings_are_capped_the_worst_first(bad: Path) -> None:
    many = b",".join(
        b'{"code":"DL1","level":"info","message":"m","file":"Dockerfile","line":%d}' % n for n in range(900)
    )
    worst = b'{"code":"DL2","level":"error","message":"m","file":"Dockerfile","line":1}'
    report = said(bad, "hadolint", stdout=b"[" + many + b"," + worst + b"]").of("hadolint")
    assert report is not None
    assert report.is_truncated
    assert len(report.findings) == 300
    assert report.findings[0].rule == "DL2"


def test_hostile_text_becomes_one_printable_line(bad: Path) -> None:
    item = rb'[{"code":"DL1","level":"info","message":"a\nb\u001b[31m\u202e","file":"Dockerfile","line":-5}]'
    (found,) = [f for _, f in said(bad, "hadolint", stdout=item).findings(["hadolint"])]
    assert found.message.isprintable()
    assert found.line is None
