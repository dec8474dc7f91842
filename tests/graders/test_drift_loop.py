"""F7: the two ends of the way from an alert to a training, as far as files show them."""

from dataclasses import replace
from pathlib import Path

import pytest

from audition.domain.drift import DriftEvidence
from audition.domain.grade import Finding, Outcome
from graders.drift import grader, loop
from tests.bench.drift import monitors
from tests.graders.drift_world import LEAN, PSI_SIGNAL, make_evidence
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


def told(root: Path, calls: tuple[int, ...], placebo_calls: tuple[int, ...] = ()) -> Finding:
    """The finding when every drifting run, and every placebo, heard a post after so many requests."""
    evidence = make_evidence(monitors.sliding_psi(500), PSI_SIGNAL)
    runs = tuple(replace(r, triggers=calls if r.plan.injection else placebo_calls) for r in evidence.runs)
    workspace = replace(make_workspace(root), drift=replace(evidence, runs=runs))
    return by_check(grader.grade(workspace))["drift.loop.closed"]


@pytest.mark.parametrize(
    ("calls", "placebo_calls", "points"),
    [
        ((2050, 2400), (), 1.0),
        ((3000,), (900, 1000), 1.0),  # Windows fill in the warm-up.
        ((2000,), (), 0.0),  # Before the rows drift.
        ((), (), 0.0),
        ((2050,), (1050,), 0.0),
    ],
    ids=["after the onset", "and while windows fill", "before the onset", "never", "always"],
)
def test_what_was_heard_decides_where_somebody_listened(
    tmp_path: Path, calls: tuple[int, ...], placebo_calls: tuple[int, ...], points: float
) -> None:
    found = told(tmp_path, calls, placebo_calls)
    assert (found.points, found.is_static) == (points, False), found.sentence
    assert "4 runs with drift" in found.sentence


def test_a_post_in_one_of_four_placebos_costs_a_quarter() -> None:
    evidence = make_evidence(monitors.sliding_psi(500), PSI_SIGNAL)
    first = next(r.plan.number for r in evidence.runs if r.plan.injection is None)
    runs = [
        replace(r, triggers=(2500,) if r.plan.injection or r.plan.number == first else ())
        for r in evidence.runs
    ]
    assert loop.heard(runs).share == 0.75
    assert loop.heard(runs[:1]).outcome is Outcome.NOT_ASSESSED


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
