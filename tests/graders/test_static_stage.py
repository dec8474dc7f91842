"""The static stage for real: tools in their container, everything suppressed, and whatever a candidate may send."""

import io
import zipfile
from collections.abc import Mapping

import pytest

from audition import codec
from audition.domain.evidence import ArtifactKind
from audition.domain.grade import GradeSheet, Outcome
from audition.domain.run import Stage, StageStatus, Verdict
from audition.domain.submission import State
from audition.domain.tools import BOUNDS, ToolReports, ToolStatus
from tests.graders.sample_repos import BAD, PICKLE
from tests.pipeline import Pipeline
from tests.tiny import GOOD as PREDICT
from tests.tiny import principal, store_tiny

pytestmark = pytest.mark.docker

STAGES = (Stage.UNPACK, Stage.STATIC, Stage.PREDICT, Stage.SCORE, Stage.JUDGE)
GRADERS = ("model-quality", "output-format", "dockerfile", "code", "pipeline", "model-files")
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: b}]}\n"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(12)
)


def archive(files: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("predict.py", PREDICT)
        for name, content in files.items():
            made.writestr(name, content)
    return buffer.getvalue()


def reports_of(pipeline: Pipeline, files: Mapping[str, str | bytes]) -> ToolReports:
    """Run a submission; what the tools said of it."""
    submission, report = pipeline.run(principal(), archive(files))
    assert submission.state == State.GRADED, submission.state_reason
    assert report.verdict == Verdict.ACCEPTED
    static = next(record for record in report.stages if record.stage == Stage.STATIC)
    assert static.status == StageStatus.PASSED, static
    tools = next(a for a in report.artifacts if a.kind == ArtifactKind.TOOLS)
    return codec.from_json(ToolReports, pipeline.ports.blobs.get(tools.digest), what="tools")


def test_a_bomb_of_aliases_keeps_no_tool_busy(pipeline: Pipeline) -> None:
    store_tiny(pipeline.ports, stages=STAGES, graders=GRADERS)
    reports = reports_of(pipeline, HOSTILE["a bomb of aliases"])
    refused = {finding.file for _, finding in reports.findings([BOUNDS])}
    assert refused == {"k8s.yaml", ".github/workflows/ci.yml"}
    broken = {r.tool: r.detail for r in reports.reports if r.status == ToolStatus.CRASHED}
    assert broken == {}
    assert max(report.seconds for report in reports.reports) < 20


def test_everything_planted_is_found_though_all_of_it_is_suppressed(pipeline: Pipeline) -> None:
    store_tiny(pipeline.ports, stages=STAGES, graders=GRADERS)
    submission, report = pipeline.run(principal(), archive({**BAD, "model.pkl": PICKLE["bad"]}))
    assert submission.state == State.GRADED, submission.state_reason
    outcomes = {finding.check: finding.outcome for finding in report.findings}
    expected = {
        "dockerfile.lint.clean": Outcome.PARTIAL,
        "code.lint.sound": Outcome.PARTIAL,
        "code.secrets.kept": Outcome.FAILED,
        "pipeline.valid": Outcome.FAILED,
        "pipeline.safe": Outcome.PARTIAL,
        "model.file.safe": Outcome.FAILED,
    }
    assert {check: outcomes[check] for check in expected} == expected
    look = next(a for a in report.artifacts if a.kind == ArtifactKind.FIRST_LOOK)
    sheet = codec.from_json(GradeSheet, pipeline.ports.blobs.get(look.digest), what="first look")
    early = {f.check: f.outcome for grade in sheet.grades for f in grade.findings}
    assert {check: early[check] for check in expected} == expected


def test_every_tool_works_in_its_container(pipeline: Pipeline) -> None:
    store_tiny(pipeline.ports, stages=STAGES, graders=GRADERS)
    files = {**BAD, "model.pkl": PICKLE["bad"], ".gitlab-ci.yml": "job:\n  script: 5\n"}
    reports = reports_of(pipeline, files)
    states = {report.tool: (report.status, report.detail) for report in reports.reports}
    assert set(states.values()) == {(ToolStatus.OK, "")}, states
    assert all(report.version for report in reports.reports)
    assert all(report.findings for report in reports.reports if report.tool != "schema-workflow")


HOSTILE: dict[str, dict[str, str | bytes]] = {
    "ten megabytes of YAML": {"k8s.yaml": POD + "# x\n" * 2_600_000},
    "a bomb of aliases": {
        "k8s.yaml": POD + BOMB,
        ".github/workflows/ci.yml": f"on: push\n{BOMB}jobs: {{}}\n",
    },
    "nesting": {
        "k8s.yaml": POD + "x: " + "[" * 20_000,
        ".github/workflows/ci.yml": "on: push\njobs: " + "{a: " * 20_000,
        "a.ipynb": "[" * 100_000,
        "deep.py": "x = " + "(" * 3_000 + ")" * 3_000,
    },
    "names": {
        "-rf.py": "x = 1\n",
        "--config=evil.yml": "x\n",
        "a b'c.sh": "echo $1\n",
        "Dockerfile.$(id)": "FROM a\n",
    },
    "rules that are too many, too long, too hungry": {
        "rules.yml": "groups:\n- name: a\n  rules:\n" + "  - {alert: A, expr: 'a + a + a + a'}\n" * 130_000,
        "deep.yml": f"groups:\n- name: a\n  rules:\n  - {{alert: A, expr: '{'(' * 90_000}a{')' * 90_000}'}}\n",
        "hungry_test.yml": "rule_files: [few.yml]\nevaluation_interval: 1ms\ntests:\n- interval: 1s\n"
        "  input_series: [{series: a, values: 0+1x20000000}]\n"
        "  alert_rule_test: [{eval_time: 9000h, alertname: A}]\n",
        "few.yml": "groups:\n- name: a\n  rules:\n  - {alert: A, expr: 'count(a * on() group_left a) > 0'}\n",
    },
    "a Dockerfile without end": {"Dockerfile": "FROM python:3.11\n" + "RUN true \\\n" * 20_000},
    "pickles that are none": {
        "model.pkl": b"\x80\x05" + b"(" * 500_000,
        "model.pt": b"PK\x03\x04" + b"\x00" * 1000,
    },
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_end_no_run_and_no_other_tool(pipeline: Pipeline, name: str) -> None:
    store_tiny(pipeline.ports, stages=STAGES, graders=GRADERS)
    reports = reports_of(pipeline, {**HOSTILE[name], "sound.py": "import os\n"})
    ruff = reports.of("ruff")
    assert ruff is not None
    assert ruff.status == ToolStatus.OK
    assert any(finding.file == "sound.py" for finding in ruff.findings)
