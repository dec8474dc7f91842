"""Graders over what linters said: each planted defect costs, once; suppressions cost nothing and hide nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

from audition.domain.grade import Finding, Outcome
from audition.domain.tools import Severity, ToolFinding, ToolReport, ToolReports, ToolStatus
from audition.grading import CheckList, Workspace
from graders.code import grader as code
from graders.dockerfile import grader as dockerfile
from graders.model_files import grader as model_files
from graders.pipeline import grader as pipeline
from tests.graders.recorded_tools import REPOS, reports_of
from tests.graders.sample_repos import CLOUD_KEY, HUB_TOKEN, PASSWORD, PICKLE, write_repo
from tests.graders.workspaces import by_check, make_workspace

GRADERS = (dockerfile, code, model_files, pipeline)
OVER_TOOLS = [
    "dockerfile.lint.clean",
    "code.lint.sound",
    "code.secrets.kept",
    "pipeline.valid",
    "pipeline.safe",
]


def workspace_of(repo: str, root: Path) -> Workspace:
    workspace = make_workspace(root, graders=("code",))
    write_repo(workspace.submission, REPOS[repo])
    (workspace.submission / "model.pkl").write_bytes(PICKLE[repo])
    return replace(workspace, tools=reports_of(repo, workspace.submission))


def findings(workspace: Workspace) -> dict[str, Finding]:
    return {check: f for grader in GRADERS for check, f in by_check(grader.grade(workspace)).items()}


@pytest.fixture
def bad(tmp_path: Path) -> Workspace:
    return workspace_of("bad", tmp_path)


@pytest.fixture
def good(tmp_path: Path) -> Workspace:
    return workspace_of("good", tmp_path)


def with_reports(workspace: Workspace, *reports: ToolReport) -> Workspace:
    return replace(workspace, tools=ToolReports(reports=reports))


def report(tool: str, *found: ToolFinding, status: ToolStatus = ToolStatus.OK) -> ToolReport:
    return ToolReport(tool=tool, version="1", status=status, findings=found)


def test_a_good_submission_earns_nearly_everything(good: Workspace) -> None:
    found = findings(good)
    lost = {check: f.max_points - f.points for check, f in found.items() if f.points < f.max_points}
    assert lost == pytest.approx({"model.file.safe": 0.8, "pipeline.rollback.possible": 1.0})


def test_a_bad_submission_earns_little_and_says_where(bad: Workspace) -> None:
    found = findings(bad)
    shares = {check: found[check].points / found[check].max_points for check in OVER_TOOLS}
    assert max(shares.values()) < 0.5
    for check in OVER_TOOLS:
        assert all(e.file for e in found[check].evidence), check
        assert found[check].evidence, check
        assert found[check].how_to_fix


def test_a_fault_that_two_tools_and_a_check_of_ours_see_is_counted_once(good: Workspace) -> None:
    user = ToolFinding(
        rule="CKV_DOCKER_3", severity=Severity.WARNING, message="no user", file="Dockerfile", line=1
    )
    root = ToolFinding(rule="DL3002", severity=Severity.WARNING, message="root", file="Dockerfile", line=1)
    name = replace(root, rule="DL3066", severity=Severity.INFO)
    apt = ToolFinding(rule="DL3009", severity=Severity.INFO, message="lists", file="Dockerfile", line=2)
    twice = replace(apt, rule="CKV_DOCKER_5", severity=Severity.WARNING)
    workspace = with_reports(good, report("hadolint", root, name, apt), report("checkov", user, twice))
    finding = by_check(dockerfile.grade(workspace))["dockerfile.lint.clean"]
    assert len(finding.evidence) == 1
    assert "1 kind of defect" in finding.sentence


def test_pins_of_system_packages_cost_next_to_nothing(good: Workspace) -> None:
    pin = ToolFinding(rule="DL3008", severity=Severity.WARNING, message="pin", file="Dockerfile", line=2)
    finding = by_check(dockerfile.grade(with_reports(good, report("hadolint", pin), report("checkov"))))
    assert finding["dockerfile.lint.clean"].points > 2.9


def test_suppressed_findings_count_and_the_reviewer_is_told(bad: Workspace) -> None:
    note = by_check(dockerfile.grade(bad))["dockerfile.lint.clean"].reviewer_note
    assert "the repository suppresses" in note
    assert "DL3042" in note
    gagged = by_check(code.grade(bad))["code.suppressions.counted"]
    assert gagged.outcome == Outcome.INFORMATIVE
    assert {e.file for e in gagged.evidence} >= {"Dockerfile", "app.py", ".hadolint.yaml", "deploy/k8s.yaml"}


def test_no_secret_is_shown_whole(bad: Workspace) -> None:
    text = repr(findings(bad))
    assert not [secret for secret in (CLOUD_KEY, HUB_TOKEN) if secret in text]
    secrets = by_check(code.grade(bad))["code.secrets.kept"]
    assert PASSWORD not in repr(secrets)
    assert {(e.file, e.line) for e in secrets.evidence} >= {("app.py", 3), ("app.py", 4), (".env", 1)}
    # Two that no scanner alone finds: the one set by ENV, and the plain password of a manifest.
    assert {("Dockerfile", 3), ("deploy/k8s.yaml", 21)} <= {(e.file, e.line) for e in secrets.evidence}


def test_a_secret_of_the_dockerfile_counts_once(bad: Workspace) -> None:
    both = replace(bad, manifest=replace(bad.manifest, graders=("dockerfile", "code")))
    assert by_check(dockerfile.grade(both))["dockerfile.secrets.none"].outcome == Outcome.FAILED
    files = {e.file for e in by_check(code.grade(both))["code.secrets.kept"].evidence}
    assert "Dockerfile" not in files
    assert "app.py" in files


@pytest.mark.parametrize(
    ("name", "text", "share"),
    [
        ("settings.yaml", "password: correct-horse-battery\n", 0.5),
        ("settings.yaml", "password: ${DB_PASSWORD}\n", 1.0),
        ("settings.yaml", "token_file: /run/secrets/token\n", 1.0),
        ("settings.yaml", "password: changeme\n", 1.0),
        (".env.example", "PASSWORD=correct-horse-battery\n", 1.0),
        ("k8s.yaml", "- name: API_KEY\n  value: correct-horse-battery\n", 0.5),
        ("k8s.yaml", "- name: API_KEY\n  valueFrom: {secretKeyRef: {name: a, key: b}}\n", 1.0),
        ("k8s.yaml", "secretName: my-own-credentials\n", 1.0),
        ("settings.yaml", "max_token: 400000\n", 1.0),
        ("k8s.yaml", "# password: correct-horse-battery\n", 1.0),
    ],
)
def test_values_of_secret_names_count_and_pointers_do_not(
    tmp_path: Path, name: str, text: str, share: float
) -> None:
    workspace = make_workspace(tmp_path)
    write_repo(workspace.submission, {name: text})
    workspace = with_reports(workspace, report("gitleaks"), report("detect-secrets"))
    finding = by_check(code.grade(workspace))["code.secrets.kept"]
    assert finding.points == finding.max_points * share


def test_entropy_alone_is_no_secret(good: Workspace) -> None:
    digest = ToolFinding(
        rule="Hex High Entropy String", severity=Severity.WARNING, message="", file="Dockerfile", line=1
    )
    workspace = with_reports(good, report("gitleaks"), report("detect-secrets", digest))
    assert by_check(code.grade(workspace))["code.secrets.kept"].outcome == Outcome.PASSED


#: What detect-secrets 1.5.0 says "Secret Keyword" of; of the same key in plain YAML and in JSON it says nothing.
SWITCHES = {
    "a.yaml": "spec: {automountServiceAccountToken: false, enableServiceLinks: false}\n",
    "b.yaml": 'automountServiceAccountToken: "false"   # none is needed\n',
    "c.tf": "automount_service_account_token = false\n",
    "d.md": "Set `automountServiceAccountToken: false` in the pod.\n",
}
REAL = "spec: {automountServiceAccountToken: false, password: correct-horse-battery}\n"


def said_of(tmp_path: Path, name: str, text: str) -> Outcome:
    """What comes of one line, when detect-secrets names it and gitleaks says nothing."""
    workspace = make_workspace(tmp_path)
    write_repo(workspace.submission, {name: text})
    said = ToolFinding(rule="Secret Keyword", severity=Severity.WARNING, message="", file=name, line=1)
    workspace = with_reports(workspace, report("gitleaks"), report("detect-secrets", said))
    return by_check(code.grade(workspace))["code.secrets.kept"].outcome


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_that_is_called_after_a_secret_is_none(tmp_path: Path, name: str) -> None:
    assert said_of(tmp_path, name, SWITCHES[name]) == Outcome.PASSED


@pytest.mark.parametrize("name", ["a.yaml", "a.py"])
def test_a_switch_hides_no_secret_behind_it(tmp_path: Path, name: str) -> None:
    assert said_of(tmp_path, name, REAL) == Outcome.PARTIAL


@pytest.mark.parametrize("rule", ["B104", "B603"])
def test_what_a_service_in_a_container_has_to_do_is_no_defect(good: Workspace, rule: str) -> None:
    said = ToolFinding(rule=rule, severity=Severity.WARNING, message="", file="app.py", line=1)
    workspace = with_reports(good, report("ruff"), report("bandit", said))
    assert by_check(code.grade(workspace))["code.lint.sound"].outcome == Outcome.PASSED


@pytest.mark.parametrize("check", [*OVER_TOOLS, "code.lint.scripts"])
def test_without_a_static_stage_nothing_is_lost(good: Workspace, check: str) -> None:
    finding = findings(replace(good, tools=None))[check]
    assert finding.outcome == Outcome.NOT_ASSESSED
    assert not finding.how_to_fix


@pytest.mark.parametrize("status", [ToolStatus.CRASHED, ToolStatus.TIMED_OUT])
def test_tools_that_did_not_finish_are_our_limit(good: Workspace, status: ToolStatus) -> None:
    tools = good.tools
    assert tools is not None
    broken = tuple(replace(r, status=status, findings=(), detail="dead") for r in tools.reports)
    found = findings(replace(good, tools=ToolReports(reports=broken)))
    assert {found[check].outcome for check in OVER_TOOLS} == {Outcome.NOT_ASSESSED}
    assert "our limit" in found["pipeline.valid"].sentence


def test_one_tool_of_two_is_enough_and_the_reviewer_is_told(bad: Workspace) -> None:
    tools = bad.tools
    assert tools is not None
    reports = tuple(
        replace(r, status=ToolStatus.TIMED_OUT, findings=(), detail="late") if r.tool == "checkov" else r
        for r in tools.reports
    )
    finding = by_check(dockerfile.grade(replace(bad, tools=ToolReports(reports=reports))))[
        "dockerfile.lint.clean"
    ]
    assert finding.outcome == Outcome.PARTIAL
    assert "checkov did not finish (late)" in finding.reviewer_note


def test_one_slip_in_a_short_script_does_not_cost_everything(good: Workspace) -> None:
    slip = ToolFinding(rule="F841", severity=Severity.WARNING, message="unused", file="serve.py", line=3)
    workspace = with_reports(good, report("ruff", slip), report("bandit"))
    finding = by_check(code.grade(workspace))["code.lint.sound"]
    assert finding.points == pytest.approx(2 * 0.852, abs=0.01)


def test_loading_ones_own_model_and_asserting_are_no_defects(good: Workspace) -> None:
    found = [
        ToolFinding(rule=rule, severity=Severity.WARNING, message="", file="serve.py", line=n)
        for n, rule in enumerate(("B301", "B101", "B403", "B311"), 1)
    ]
    workspace = with_reports(good, report("ruff"), report("bandit", *found))
    assert by_check(code.grade(workspace))["code.lint.sound"].outcome == Outcome.PASSED


@pytest.mark.parametrize(
    ("files", "outcome", "share"),
    [
        (["model.onnx"], Outcome.PASSED, 1.0),
        (["model.safetensors", "notes.txt"], Outcome.PASSED, 1.0),
        (["model.joblib"], Outcome.PARTIAL, 0.6),
        ([], Outcome.NOT_APPLICABLE, 0.0),
    ],
)
def test_formats_without_code_are_worth_more(
    tmp_path: Path, files: list[str], outcome: Outcome, share: float
) -> None:
    workspace = make_workspace(tmp_path)
    write_repo(workspace.submission, dict.fromkeys(files, "x"))
    finding = by_check(model_files.grade(with_reports(workspace, report("picklescan"))))["model.file.safe"]
    assert finding.outcome == outcome
    assert finding.points == pytest.approx(finding.max_points * share)


def test_a_model_that_would_run_a_program_earns_nothing(bad: Workspace) -> None:
    finding = by_check(model_files.grade(bad))["model.file.safe"]
    assert finding.outcome == Outcome.FAILED
    assert "posix system" in finding.evidence[0].summary


def test_grading_twice_gives_the_same(bad: Workspace) -> None:
    assert [g.grade(bad) for g in GRADERS] == [g.grade(bad) for g in GRADERS]


def test_graders_list_what_they_need() -> None:
    assert all(isinstance(grader, CheckList) for grader in GRADERS)
