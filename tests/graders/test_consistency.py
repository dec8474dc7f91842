"""Pairs of artifacts: each agreement passes, each contradiction is named, the rest counts nothing."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audition.domain.build import BuildCause
from audition.domain.contract import Contract, ModelFiles
from audition.domain.evidence import BuildEvidence
from audition.domain.exercise import Attempt, Exercise, ExerciseEvidence, Step
from audition.domain.grade import Finding, Outcome
from audition.domain.image import Distribution, ImageEvidence, ModelFile
from audition.domain.monitoring import Monitoring
from audition.domain.pod import Pod
from audition.domain.probe import BindingEvidence, ServiceEvidence
from audition.domain.probe_metrics import ExpositionEvidence
from audition.domain.run import Stage, Verdict
from audition.grading import Workspace
from graders.consistency import grader
from tests.graders.test_pods import POD, START
from tests.graders.workspaces import by_check, make_workspace

NAMES = ("requests_total", "request_seconds_bucket", "drift_psi")
SERVICE = ServiceEvidence(
    binding=BindingEvidence(addresses=("0.0.0.0",)),
    exposition=ExpositionEvidence(path="/metrics", status=200, is_parsed=True, series=3, names=NAMES),
    pod=START,
)
PORTS = replace(POD, ports=(8080,), targets=(8080,), user=10001, is_read_only=True)
RULES = """
groups:
- name: service
  rules:
  - {alert: Errors, expr: "rate(requests_total[5m]) > 1"}
  - {record: slow, expr: "histogram_quantile(0.9, rate(request_seconds_bucket[5m]))"}
  - {alert: Slow, expr: slow > 1}
  - {alert: Down, expr: up == 0}
"""
BOARD = json.dumps({"panels": [{"targets": [{"expr": 'drift_psi{feature=~"$feature"}'}]}]})
MODEL = b"the model"
README = """# Credit

```console
$ pip install -r requirements.txt && python train.py
$ ./scripts/run.sh > report.txt
$ make test PORT=80
```

```bash
PORT=8000 python -m app.main --port 8000   # a comment
python -m pytest
docker build -f Dockerfile \\
  -t credit .
cat report.txt
python <your script>.py
```

```python
import nothing
```
"""
FILES: dict[str, bytes | str] = {
    "README.md": README,
    "requirements.txt": "numpy==2.4\nscikit_learn[extra]>=1.5  # learning\n-r other.txt\nfastapi\n",
    "train.py": "import os, numpy\nfrom sklearn import tree\nimport features\n",
    "features.py": "try:\n    import polars\nexcept ImportError:\n    polars = None\n",
    "tests/test_it.py": "import pytest\n",
    "app/main.py": "from fastapi import FastAPI\nfrom . import other\n",
    "app/__init__.py": "",
    "scripts/run.sh": "true\n",
    "Makefile": "test lint:\n\ttrue\nX := 1\n",
    "Dockerfile": "FROM python:3.11\nEXPOSE 8080/tcp\n",
    "rules.yml": RULES,
    "board.json": BOARD,
    "model.bin": MODEL,
    "dvc.lock": f"stages:\n  train:\n    outs:\n    - path: model.bin\n      md5: {hashlib.md5(MODEL).hexdigest()}\n",
    "registry.json": json.dumps({"file": "model.bin", "sha256": hashlib.sha256(MODEL).hexdigest()}),
    "reference.json": json.dumps({"features": {"age": {"mean": 49.0}, "income": {"mean": 1000.0}}}),
}  # fmt: skip
CONTRACT = Contract(
    model=ModelFiles(path="model.bin"),
    monitoring=Monitoring(rules=("rules.yml",), dashboards=("board.json",), reference="reference.json"),
)


def workspace(
    root: Path, *, service: ServiceEvidence | None = SERVICE, pod: Pod | None = PORTS, **files: bytes | str
) -> Workspace:
    made = make_workspace(root, inputs=("train.csv", "test.csv"))
    for name, content in {**FILES, **files}.items():
        place = made.submission / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
    rows = "".join(f"r{n},{n},{n * 20}\n" for n in range(100))
    (made.inputs / "train.csv").write_text(f"id,age,income\n{rows}")
    inventory = replace(made.evidence.inventory, contract=CONTRACT, pod=pod)
    return replace(made, evidence=replace(made.evidence, inventory=inventory), service=service)


def findings(root: Path, **changes: Any) -> dict[str, Finding]:
    found = by_check(grader.grade(workspace(root, **changes)))
    return {name.removeprefix("consistency."): finding for name, finding in found.items()}


def test_a_submission_whose_parts_agree_passes_everything(tmp_path: Path) -> None:
    found = findings(tmp_path)
    assert found.pop("readme.works").outcome == Outcome.NOT_APPLICABLE
    for name, finding in found.items():
        assert finding.outcome == Outcome.PASSED, (name, finding.sentence, finding.evidence)
        assert finding.max_points == 1


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("ports.agree", {"Dockerfile": "FROM python:3.11\nEXPOSE 80\n"}, "but not so EXPOSE"),
    ("ports.agree", {"pod": replace(PORTS, targets=(9000,))}, "the Service's target"),
    ("ports.agree", {"service": replace(SERVICE, binding=BindingEvidence())}, "the listening socket"),
    ("metrics.live", {"rules.yml": RULES.replace("requests_total", "request_total")}, "request_total"),
    ("metrics.live", {"board.json": BOARD.replace("drift_psi", "psi_drift")}, "psi_drift"),
    ("manifest.runs", {"service": replace(SERVICE, pod=replace(START, is_out_of_memory=True))}, "out of memory"),
    ("packages.agree", {"train.py": "import xgboost\n"}, "xgboost"),
    ("packages.agree", {"requirements.txt": "numpy\nfastapi\n"}, "sklearn"),
    ("model.recorded", {"model.bin": b"another"}, "2 of 2 records"),
    ("model.recorded", {"registry.json": '{"file": "model.bin", "digest": "' + "0" * 64 + '"}'}, "1 of 2"),
    ("reference.training", {"reference.json": '{"mean": {"age": 49, "income": 5000}}'}, "income"),
    ("reference.training", {"reference.json": '[{"name": "age", "mean": 0}, {"name": "income", "mean": 1000}]'}, "age"),
    ("readme.true", {"README.md": README.replace("train.py", "learn.py")}, "1 of"),
    ("readme.true", {"README.md": README.replace("make test", "make tests")}, "1 of"),
    ("readme.true", {"README.md": README.replace("app.main", "app.serve")}, "1 of"),
    ("readme.true", {"README.md": README.replace("-f Dockerfile", "-f docker/Dockerfile")}, "1 of"),
    ("readme.true", {"README.md": README.replace("run.sh", "go.sh")}, "1 of"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "changes", "words"), WRONG)
def test_a_contradiction_costs_its_own_pair_and_is_named(
    tmp_path: Path, check: str, changes: dict[str, Any], words: str
) -> None:
    found = findings(tmp_path, **changes)
    assert found[check].outcome == Outcome.FAILED
    assert words in found[check].sentence
    others = {name for name, finding in found.items() if finding.outcome == Outcome.FAILED} - {check}
    assert not others - {"probes.answered"}


def test_nothing_to_compare_counts_for_nothing(tmp_path: Path) -> None:
    made = make_workspace(tmp_path)
    outcomes = {finding.outcome for finding in grader.grade(made).findings}
    assert outcomes <= {Outcome.NOT_ASSESSED, Outcome.NOT_APPLICABLE}


HOSTILE = {
    "README.md": "```sh\n" + 'python "\n' * 50 + "make \\\n" * 5000,
    "requirements.txt": "=" * 10_000,
    "pyproject.toml": "project = 1\n[dependency-groups]\na = 3\n",
    "train.py": "import " + "a." * 10_000 + "a\n" + "(" * 100,
    "board.json": "[" * 100_000,
    "registry.json": '{"model.bin": ' + '{"a": ' * 5000 + "1" + "}" * 5001,
    "reference.json": '{"age": [1, {"mean": "x"}], "income": {"mean": 1e999}, "name": ["age"]}',
    "dvc.lock": "outs: {path: [], md5: {}}\n",
    "rules.yml": "groups: [{name: 1, rules: [7, {alert: [], expr: {}}]}]\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_break_nothing(tmp_path: Path, name: str) -> None:
    grader.grade(workspace(tmp_path, **{name: HOSTILE[name]}))


@pytest.mark.parametrize(
    "document",
    [
        '[{"name": ["age"], "mean": 1}, 3, null]',
        '{"age": {"mean": true}, "means": [1]}',
        "3",
        '{"mean": {"age": []}}',
    ],
)
def test_a_reference_of_another_form_is_not_assessed(tmp_path: Path, document: str) -> None:
    found = findings(tmp_path, **{"reference.json": document})["reference.training"]
    assert found.outcome == Outcome.NOT_ASSESSED


def built(root: Path, *models: ModelFile, **versions: str) -> dict[str, Finding]:
    """Findings of a submission whose image has these files and versions."""
    made = workspace(root, Dockerfile="FROM python:3.11\nRUN pip install -r requirements.txt\n")
    distributions = tuple(Distribution(name=name, version=version) for name, version in versions.items())
    image = ImageEvidence(distributions=distributions, models=models)
    build = BuildEvidence(cause=BuildCause.OK, image=image)
    return by_check(grader.grade(replace(made, evidence=replace(made.evidence, build=build))))


def test_a_version_that_the_image_does_not_have_is_a_contradiction(tmp_path: Path) -> None:
    check = "consistency.packages.agree"
    assert built(tmp_path, numpy="2.4.0", fastapi="0.1")[check].outcome == Outcome.PASSED
    found = built(tmp_path, numpy="2.3.1")[check]
    assert found.outcome == Outcome.FAILED
    assert found.evidence[0].summary == "numpy 2.4 is asked for, 2.3.1 is installed"


def test_another_model_in_the_image_is_a_contradiction(tmp_path: Path) -> None:
    check = "consistency.model.recorded"
    same = ModelFile(path="/app/model.bin", bytes=9, sha256=hashlib.sha256(MODEL).hexdigest())
    assert built(tmp_path, same)[check].outcome == Outcome.PASSED
    found = built(tmp_path, same, ModelFile(path="/old/model.bin", bytes=9, sha256="0" * 64))[check]
    assert found.outcome == Outcome.FAILED
    assert "/old/model.bin" in found.evidence[0].summary


def test_a_reference_that_is_a_table_is_read_as_one(tmp_path: Path) -> None:
    made = workspace(tmp_path, **{"reference.csv": "age,income\n" + "49,1000\n50,980\n" * 30})
    contract = replace(CONTRACT, monitoring=Monitoring(reference="reference.csv"))
    inventory = replace(made.evidence.inventory, contract=contract)
    found = by_check(grader.grade(replace(made, evidence=replace(made.evidence, inventory=inventory))))
    assert found["consistency.reference.training"].outcome == Outcome.PASSED


def test_what_is_only_read_is_marked_so_in_a_grader_that_also_observes(tmp_path: Path) -> None:
    found = by_check(grader.grade(make_workspace(tmp_path)))
    assert {name for name, finding in found.items() if finding.is_static} == {"consistency.readme.true"}


TO_TRY = """
```sh
pip install -r requirements.txt
python train.py
python show.py && ls
./run.sh
cat train.py
```
"""
STAGES = (Stage.UNPACK, Stage.EXERCISE, Stage.JUDGE)


def typed(folder: Path, *ends: Attempt, **facts: Any) -> Finding:
    """What the check says of a README whose lines ended so."""
    workspace = make_workspace(folder, stages=STAGES)
    for name, text in {"README.md": TO_TRY, "train.py": "import features", "features.py": ""}.items():
        (workspace.submission / name).write_text(text)
    workspace = replace(workspace, exercise=ExerciseEvidence(attempts=ends, **facts))
    return by_check(grader.grade(workspace))["consistency.readme.works"]


def line(number: int, code: int = 0, log: str = "", verdict: Verdict | None = None) -> Attempt:
    step = Step(name=f"readme.{number}", exercise=Exercise.README, argv=("sh", "-c", "x"))
    usual = Verdict.NONZERO_EXIT if code else Verdict.ACCEPTED
    return Attempt(step=step, verdict=verdict or usual, exit_code=code, seconds=20.0, log=log)


def test_lines_of_the_readme_that_work_pass_and_what_was_not_tried_is_said(tmp_path: Path) -> None:
    finding = typed(tmp_path, line(4), line(5), line(6))
    assert (finding.outcome, finding.points, finding.is_static) == (Outcome.PASSED, 1.0, False)
    assert finding.sentence.startswith("All 3 commands of the README that could be tried work.")
    assert "1, the first because line 3 needs a network" in finding.sentence


def test_lines_that_fail_cost_their_share_and_are_shown_with_what_they_printed(tmp_path: Path) -> None:
    broken = line(5, 1, "Traceback\nModuleNotFoundError: No module named 'features.x'")
    finding = typed(tmp_path, line(4), broken, line(6, 126, "sh: ./run.sh: Permission denied"))
    assert finding.points == pytest.approx(1 / 3)
    assert "line 5, 6" in finding.sentence
    assert [(e.line, e.excerpt[:9]) for e in finding.evidence] == [
        (5, "Traceback"),
        (6, "sh: ./run"),
        (3, ""),
    ]
    assert finding.evidence[0].summary == "`python show.py && ls` ended with 1"


UNDECIDED = {
    "a package": line(4, 1, "ModuleNotFoundError: No module named 'sklearn.tree'"),
    "a module that -m asks for": line(4, 1, "/usr/bin/python: No module named pytest"),
    "a tool": line(4, 2, "run.sh: line 3: docker: not found"),
    "a program": line(4, 127, "sh: 1: python: not found"),
    "somebody else": line(4, 1, "requests.exceptions.ConnectionError: [Errno 101] Network is unreachable"),
    "longer": line(4, 137, "", Verdict.TIME_LIMIT),
    "more memory": line(4, 137, "", Verdict.MEMORY_LIMIT),
}


@pytest.mark.parametrize("what", UNDECIDED)
def test_a_line_that_needs_more_than_there_is_here_costs_nothing(tmp_path: Path, what: str) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "alone").mkdir()
    assert typed(tmp_path / "alone", UNDECIDED[what]).outcome == Outcome.NOT_ASSESSED
    finding = typed(tmp_path / "more", UNDECIDED[what], line(5))
    assert (finding.outcome, finding.points) == (Outcome.PASSED, 1.0)
    assert "Not tried to its end" in finding.sentence


def test_lines_that_there_was_no_time_for_are_named(tmp_path: Path) -> None:
    finding = typed(tmp_path, line(4, 1), omitted={Exercise.README: "The time was over."})
    assert finding.outcome == Outcome.FAILED
    assert "`./run.sh` was not reached. The time was over" in [e.summary for e in finding.evidence]


def test_where_no_commands_are_tried_the_readme_is_only_read(tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path)
    (workspace.submission / "README.md").write_text(TO_TRY)
    said = {}
    for stages in (STAGES, (Stage.UNPACK,)):
        asked = replace(workspace, manifest=replace(workspace.manifest, stages=stages))
        said[stages] = by_check(grader.grade(asked))["consistency.readme.works"].outcome
    assert said == {STAGES: Outcome.NOT_ASSESSED, (Stage.UNPACK,): Outcome.NOT_APPLICABLE}
