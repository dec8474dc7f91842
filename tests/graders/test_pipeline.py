"""Pipelines are read as job graphs: what is done, in which order, and what sets it off; both hosts alike."""

from pathlib import Path

import pytest

from audition.domain.grade import Finding, Outcome
from graders.pipeline import grader
from graders.pipeline.valid import is_cron
from tests.graders.sample_repos import GOOD, write_repo
from tests.graders.workspaces import by_check, make_workspace

GATE = "import json, sys\nif json.load(open('m.json'))['auc'] < 0.8:\n    sys.exit(1)\n"
GITLAB = """\
stages: [train, evaluate, package, deploy]
train:
  stage: train
  script: [python train.py]
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule"
evaluate:
  stage: evaluate
  script:
    - python evaluate.py
    - python gate.py
package:
  stage: package
  script: [docker build -t scorer .]
deploy:
  stage: deploy
  script: [helm upgrade scorer chart]
"""
SCRIPTS = {"train.py": "", "evaluate.py": "", "gate.py": GATE}


def graded(root: Path, files: dict[str, str]) -> dict[str, Finding]:
    workspace = make_workspace(root)
    write_repo(workspace.submission, files)
    return by_check(grader.grade(workspace))


def workflow(*jobs: str, on: str = "push") -> str:
    return f"on: {on}\njobs:\n" + "".join(jobs)


def job(name: str, *commands: str, needs: str = "") -> str:
    steps = "".join(f"      - run: {command}\n" for command in commands)
    waits = f"    needs: {needs}\n" if needs else ""
    return f"  {name}:\n    runs-on: ubuntu-24.04\n{waits}    steps:\n{steps}"


def share(finding: Finding) -> float:
    return finding.points / finding.max_points


def github(root: Path, text: str, **files: str) -> dict[str, Finding]:
    named = {name.replace("__", "/").replace("_dot_", "."): content for name, content in files.items()}
    return graded(root, {".github/workflows/ci.yml": text, **named})


def test_without_a_pipeline_one_check_fails_and_the_others_do_not_apply(tmp_path: Path) -> None:
    found = graded(tmp_path, {"train.py": ""})
    assert found.pop("pipeline.present").outcome == Outcome.FAILED
    assert {f.outcome for f in found.values()} == {Outcome.NOT_APPLICABLE}


def test_both_hosts_are_understood_alike(tmp_path: Path) -> None:
    for name, files in {"github": GOOD, "gitlab": {".gitlab-ci.yml": GITLAB, **SCRIPTS}}.items():
        found = graded(tmp_path / name, files)
        for check in ("pipeline.stages.complete", "pipeline.order.gated", "pipeline.triggers.retrain"):
            assert found[check].outcome == Outcome.PASSED, (name, check, found[check].sentence)


@pytest.mark.parametrize(
    "command",
    ["echo train evaluate gate deploy docker build", "'# python train.py'", "ls train.py", "cat train.py"],
)
def test_words_that_do_nothing_count_for_nothing(tmp_path: Path, command: str) -> None:
    found = github(tmp_path, workflow(job("train-and-deploy", command)))
    assert found["pipeline.stages.complete"].outcome == Outcome.FAILED


@pytest.mark.parametrize(
    ("command", "deed"),
    [
        ("python src/train_model.py", "trains"),
        ("python -m pkg.training", "trains"),
        ("dvc repro", "trains"),
        ("make train", "trains"),
        ("python evaluate.py", "evaluates"),
        ("docker build -t a .", "packages"),
        ("docker buildx build .", "packages"),
        ("kubectl apply -f k8s", "deploys"),
        ("bash -c 'helm upgrade a b'", "deploys"),
        ("./deploy.sh", "deploys"),
    ],
)
def test_commands_say_what_a_job_does(tmp_path: Path, command: str, deed: str) -> None:
    finding = github(tmp_path, workflow(job("a", command)))["pipeline.stages.complete"]
    assert share(finding) == pytest.approx(0.2)
    assert deed in finding.evidence[0].summary
    assert finding.evidence[0].line == 6


def test_called_scripts_and_make_targets_are_followed(tmp_path: Path) -> None:
    files = {
        ".github/workflows/ci.yml": workflow(job("a", "make all-of-it", "bash ship.sh", "python fit_it.py")),
        "Makefile": "all-of-it:\n\tdocker build .\nother:\n\tpython evaluate.py\n",
        "ship.sh": "kubectl apply -f k8s\n",
        "fit_it.py": "model.fit(x, y)\n",
    }
    finding = graded(tmp_path, files)["pipeline.stages.complete"]
    assert share(finding) == pytest.approx(0.6)
    assert "evaluates" in finding.sentence


@pytest.mark.parametrize(
    ("source", "is_gate"),
    [
        (GATE, True),
        ("import sys\nassert metrics['f1'] > 0.7\n", True),
        ("def main():\n    if score < threshold:\n        raise SystemExit('weak')\n", True),
        ("def main():\n    if auc < 0.8:\n        return 1\n    return 0\n", True),
        ("import sys\nsys.exit(0 if accuracy > 0.8 else 1)\n", True),
        ("print('gate passed')\n", False),
        ("if auc < 0.8:\n    print('weak')\n", False),
        ("import sys\nif not files:\n    sys.exit(1)\n", False),
        ("this is no python", False),
    ],
)
def test_a_gate_is_a_program_that_can_refuse(tmp_path: Path, source: str, is_gate: bool) -> None:
    text = workflow(job("a", "python gate.py"))
    finding = graded(tmp_path, {".github/workflows/ci.yml": text, "gate.py": source})[
        "pipeline.stages.complete"
    ]
    assert any("refuses" in e.summary for e in finding.evidence) == is_gate


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        ((job("g", "python gate.py"), job("d", "kubectl apply -f k", needs="g")), 1.0),
        ((job("g", "python gate.py"), job("d", "kubectl apply -f k")), 0.0),
        ((job("d", "python gate.py", "kubectl apply -f k"),), 1.0),
        ((job("d", "kubectl apply -f k", "python gate.py"),), 0.0),
        (
            (
                job("g", "python gate.py"),
                job("m", "docker build .", needs="g"),
                job("d", "kubectl apply -f k", needs="[m]"),
                job("e", "helm upgrade a b"),
            ),
            0.5,
        ),
    ],
)
def test_deploying_has_to_wait_for_the_gate(tmp_path: Path, jobs: tuple[str, ...], expected: float) -> None:
    files = {".github/workflows/ci.yml": workflow(*jobs), "gate.py": GATE}
    assert share(graded(tmp_path, files)["pipeline.order.gated"]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("push", 0.0),
        ("[push, workflow_dispatch]", 0.5),
        ("{schedule: [{cron: '1 2 * * *'}]}", 1.0),
        ("repository_dispatch", 1.0),
    ],
)
def test_training_should_start_without_a_push(tmp_path: Path, on: str, expected: float) -> None:
    found = github(tmp_path, workflow(job("a", "python train.py"), on=on))
    assert share(found["pipeline.triggers.retrain"]) == expected


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("17 3 * * 1", True),
        ("*/15 * * * *", True),
        ("0 0 1-5,20 JAN mon-fri", True),
        ("61 * * * *", False),
        ("* * * *", False),
        ("", False),
        ("1 2 3 4 9", False),
        ("a b c d e", False),
        ("9" * 5000 + " * * * *", False),
    ],
)
def test_schedules_are_checked_field_by_field(text: str, is_one: bool) -> None:
    assert is_cron(text) == is_one


HOSTILE = {
    "a bomb of aliases": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(12)),
    "nesting": "jobs: " + "[" * 5000,
    "ten megabytes": "jobs:\n" + "  a: {}\n" * 1_300_000,
    "many jobs": "on: push\njobs:\n" + "".join(f"  j{n}: {{steps: [{{run: ls}}]}}\n" for n in range(3000)),
    "jobs that wait for each other": workflow(job("a", "ls", needs="b"), job("b", "ls", needs="a")),
    "wrong types everywhere": "on: [1, {a: b}]\njobs: {a: [1], b: 5, c: {steps: {x: y}, needs: {a: 1}}}\n",
    "no mapping": "- 1\n- 2\n",
    "bytes": "\x00\x01\x02",
    "tags": "jobs: !!python/object/apply:os.system [id]\n",
    "keys of all kinds": "? [a, b]\n: c\n1: 2\nnull: 3\njobs: {1: {steps: [1, null, {run: [a]}]}}\n",
    "nothing": "",
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("file", [".github/workflows/ci.yml", ".gitlab-ci.yml"])
def test_hostile_pipelines_are_graded_and_break_nothing(tmp_path: Path, name: str, file: str) -> None:
    found = graded(tmp_path, {file: HOSTILE[name]})
    assert all(0 <= f.points <= f.max_points for f in found.values())
