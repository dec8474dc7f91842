"""A way back is a version that is kept and something that serves it again."""

from pathlib import Path

import pytest

from audition.domain.grade import Finding, Outcome
from graders.pipeline import grader
from tests.graders.sample_repos import write_repo
from tests.graders.workspaces import by_check, make_workspace

KEPT = {"models/v1/model.joblib": "1", "models/v2/model.joblib": "2"}
PUSH = {".github/workflows/ci.yml": "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: make\n"}
JOB = "on: workflow_dispatch\njobs:\n  back:\n    runs-on: x\n    steps:\n      - run: {}\n"


def look(root: Path, files: dict[str, str]) -> Finding:
    workspace = make_workspace(root)
    write_repo(workspace.submission, files)
    return by_check(grader.grade(workspace))["pipeline.rollback.possible"]


@pytest.mark.parametrize(
    "kept",
    [
        KEPT,
        {"registry/risk-1.0.0.onnx": "1", "registry/risk-1.1.0.onnx": "2"},
        {"mlruns/models/risk/version-1/meta.yaml": "a: 1", "mlruns/models/risk/version-2/meta.yaml": "a: 1"},
    ],
)
@pytest.mark.parametrize(
    "back",
    [
        {".github/workflows/back.yml": JOB.format("kubectl rollout undo deployment/risk")},
        {"deploy/rollback.sh": "set -e\nhelm rollback risk\n"},
        {"Makefile": "back:\n\t@helm rollback risk\n"},
        {"registry.py": "client.set_registered_model_alias('risk', 'champion', 1)\n"},
        {"scripts/rollback.py": "print()\n"},
    ],
)
def test_a_kept_version_and_a_way_back_earn_all(
    tmp_path: Path, kept: dict[str, str], back: dict[str, str]
) -> None:
    finding = look(tmp_path, {**PUSH, **kept, **back})
    assert finding.outcome == Outcome.PASSED
    assert len(finding.evidence) >= 3


@pytest.mark.parametrize(
    ("files", "points"),
    [
        ({**PUSH, **KEPT}, 0.5),
        ({**PUSH, "back.sh": "helm rollback risk\n"}, 0.5),
        ({**PUSH, "back.sh": "echo helm rollback risk\n# helm rollback risk\n"}, 0.0),
        ({**PUSH, "model.joblib": "1"}, 0.0),
        ({**PUSH, "models/v1/model.joblib": "1"}, 0.0),
        ({**PUSH, "models/risk.joblib": "1", "models/churn.joblib": "2"}, 0.0),
        ({**PUSH, "notes.py": "# client.set_registered_model_alias('risk', 'champion', 1)\n"}, 0.0),
    ],
)
def test_half_of_it_earns_half_and_talk_earns_nothing(
    tmp_path: Path, files: dict[str, str], points: float
) -> None:
    assert look(tmp_path, files).points == points


def test_without_a_pipeline_it_is_not_asked_for(tmp_path: Path) -> None:
    assert look(tmp_path, {"predict.py": ""}).outcome == Outcome.NOT_APPLICABLE
