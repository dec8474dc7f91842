"""F7: the two ends of the way from an alert to a training, as far as files show them."""

from dataclasses import replace
from pathlib import Path

import pytest

from audition.domain.drift import DriftEvidence
from audition.domain.grade import Finding, Outcome
from graders.drift import grader
from tests.graders.drift_world import LEAN
from tests.graders.sample_repos import write_repo
from tests.graders.test_pipeline import job, workflow
from tests.graders.workspaces import by_check, make_workspace

TRAINS = workflow(job("train", "python train.py"), on="[push, repository_dispatch]")
ON_PUSH = workflow(job("train", "python train.py"))
BRIDGE = """# Takes the drift alert of Alertmanager and starts the training.
import os, requests

def on_alert(alert):
    requests.post(f"{os.environ['HOST']}/repos/me/scorer/dispatches", json={"event_type": "drift"})
"""
ALERTMANAGER = "receivers:\n  - name: retrain\n    webhook_configs:\n      - url: http://bridge:9000/\n"


def closed(root: Path, **files: str) -> Finding:
    workspace = make_workspace(root)
    named = {name.replace("__", "/").replace("_dot_", "."): text for name, text in files.items()}
    write_repo(workspace.submission, {"train.py": "", **named})
    given = replace(workspace, drift=DriftEvidence(plan=LEAN, obstacle="There is no metrics page."))
    return by_check(grader.grade(given))["drift.loop.closed"]


@pytest.mark.parametrize(
    ("files", "share"),
    [
        ({"_dot_github__workflows__ci_dot_yml": TRAINS, "bridge_dot_py": BRIDGE}, 1.0),
        ({"_dot_github__workflows__ci_dot_yml": TRAINS, "ops__alertmanager_dot_yml": ALERTMANAGER}, 1.0),
        ({"_dot_github__workflows__ci_dot_yml": TRAINS}, 0.5),
        ({"_dot_github__workflows__ci_dot_yml": ON_PUSH, "bridge_dot_py": BRIDGE}, 0.5),
        ({"_dot_github__workflows__ci_dot_yml": ON_PUSH}, 0.0),
        ({}, 0.0),
    ],
    ids=["a call", "a webhook", "waits for nobody", "calls nobody", "push only", "nothing"],
)
def test_each_end_earns_half(tmp_path: Path, files: dict[str, str], share: float) -> None:
    found = closed(tmp_path, **files)
    assert found.points == share
    assert found.is_static
    assert found.max_points == 1


def test_a_pipeline_that_calls_itself_is_no_alert(tmp_path: Path) -> None:
    calls = workflow(
        job("train", "python train.py", "curl $API/dispatches  # alert"), on="repository_dispatch"
    )
    assert closed(tmp_path, _dot_github__workflows__ci_dot_yml=calls).points == 0.5


def test_where_the_alert_is_passed_on_is_shown(tmp_path: Path) -> None:
    found = closed(tmp_path, bridge_dot_py=BRIDGE)
    assert (found.evidence[0].file, found.evidence[0].line) == ("bridge.py", 5)


def test_without_traffic_files_alone_say_nothing_of_drift(tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path)
    write_repo(workspace.submission, {".github/workflows/ci.yml": TRAINS, "bridge.py": BRIDGE})
    assert by_check(grader.grade(workspace))["drift.loop.closed"].outcome is Outcome.NOT_APPLICABLE
