"""A metric that the challenge brings: as good as one of ours, and harmless when it is broken or hostile."""

from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

from audition.domain.challenge import Anchor
from audition.domain.execution import Limits
from audition.domain.grade import Grade, GradeStatus
from audition.domain.metrics import Direction, OwnMetric
from audition.domain.run import Stage
from audition.grading import Workspace
from audition.grading.runner import load_graders, run_graders
from tests.graders.workspaces import make_workspace, with_answers, with_output

ROWS = 200
MEAN_ERROR = """
    def measure(answers, predictions):
        return abs(answers["defaulted"] - predictions["probability"]).mean()
"""
ANCHORS = (Anchor(name="constant", value=1.0, score=0.0), Anchor(name="reference", value=0.1, score=1.0))


def asked(root: Path, program: str = "", **own: Any) -> Workspace:
    """Two hundred answers and predictions near them; without a program the metric is ours."""
    dice = np.random.default_rng(3)
    truth = dice.random(ROWS)
    said = (truth + dice.normal(scale=0.2, size=ROWS)).clip(0, 1)
    workspace = with_answers(make_workspace(root), {f"r{n}": float(t) for n, t in enumerate(truth)})
    lines = "".join(f"r{n},{value}\n" for n, value in enumerate(said.tolist()))
    workspace = with_output(workspace, f"id,probability\n{lines}")
    base = workspace.manifest.metric
    spec = replace(base, name="mae", direction=Direction.LOWER, anchors=ANCHORS, bootstrap_rounds=200)
    if program:
        (workspace.answers / "metric.py").write_text(dedent(program))
        spec = replace(spec, name="far_off", own=OwnMetric(label="Far off", low=0.0, **own))
    return replace(workspace, manifest=replace(workspace.manifest, metric=spec))


def graded(workspace: Workspace) -> Grade:
    [grade] = run_graders(load_graders(["model-quality"]), workspace)
    return grade


def note_of_failure(workspace: Workspace) -> str:
    """What staff and the author read; that the candidate loses nothing is looked at besides."""
    grade = graded(workspace)
    assert grade.status == GradeStatus.ERRORED
    assert grade.is_challenge_fault
    assert not grade.findings
    return grade.note


def test_it_measures_as_ours_do_with_the_same_interval(tmp_path: Path) -> None:
    [ours] = graded(asked(tmp_path / "ours")).metrics
    [own] = graded(asked(tmp_path / "own", MEAN_ERROR)).metrics
    assert own.name == "far_off"
    assert (own.value, own.low, own.high) == pytest.approx((ours.value, ours.low, ours.high))
    assert (own.score, own.method, own.rows) == (pytest.approx(ours.score), ours.method, ROWS)


def test_its_label_is_what_the_candidate_reads(tmp_path: Path) -> None:
    [finding] = graded(asked(tmp_path, MEAN_ERROR)).findings
    assert finding.sentence.startswith("Far off is 0.")


def test_every_column_of_the_answers_is_there_for_it(tmp_path: Path) -> None:
    workspace = asked(
        tmp_path,
        """
        def measure(answers, predictions):
            return float((answers["weight"] * (answers["kind"] == "b")).mean())
        """,
    )
    path = workspace.answers / "answers.csv"
    head, *rows = path.read_text().split()
    kinds = ("a", "b")
    lines = [f"{head},weight,kind", *(f"{row},3,{kinds[n % 2]}" for n, row in enumerate(rows))]
    path.write_text("\n".join(lines) + "\n")
    [metric] = graded(workspace).metrics
    assert metric.value == 1.5


def test_what_it_changes_is_gone_with_the_call(tmp_path: Path) -> None:
    workspace = asked(
        tmp_path,
        """
        def measure(answers, predictions):
            value = abs(answers["defaulted"] - predictions["probability"]).mean()
            answers["defaulted"] *= 0
            return value
        """,
    )
    [ours] = graded(asked(tmp_path / "ours")).metrics
    [own] = graded(workspace).metrics
    assert own.low == pytest.approx(ours.low)


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("def measure(answers, predictions):\n    return 1 / 0\n", 'metric.py", line 2, in measure'),
        ("def measure(answers, predictions):\n    return float('nan')\n", "returned nan"),
        (
            "def measure(answers, predictions):\n    return -1.0\n",
            "returned -1, but metric.own says 0 to inf",
        ),
        ("def measure(answers, predictions):\n    return 'good'\n", "could not convert string to float"),
        ("import os\ndef measure(answers, predictions):\n    os._exit(0)\n", "ended its process"),
        ("def measure(answers, predictions):\n    raise SystemExit(0)\n", "ended its process"),
    ],
)
def test_a_broken_one_is_the_challenges_fault_and_names_the_line(
    tmp_path: Path, program: str, told: str
) -> None:
    assert told in note_of_failure(asked(tmp_path, program))


def test_a_value_that_some_rounds_do_not_have_is_its_fault_too(tmp_path: Path) -> None:
    program = """
        def measure(answers, predictions):
            is_whole = len(set(answers["id"])) == len(answers["id"])
            return 0.5 if is_whole else float("nan")
    """
    assert "no value in" in note_of_failure(asked(tmp_path, program))


def test_one_that_never_returns_is_waited_for_once(tmp_path: Path) -> None:
    workspace = asked(tmp_path, "def measure(answers, predictions):\n    while True: pass\n")
    limits = {Stage.SCORE: Limits(time_seconds=2.0)}
    workspace = replace(workspace, manifest=replace(workspace.manifest, limits=limits))
    both = run_graders(load_graders(["model-quality", "model-quality"]), workspace)
    assert all("did not return within 1 s" in grade.note and grade.is_challenge_fault for grade in both)


def test_nothing_that_it_prints_gets_out(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program = """
        import atexit, os, sys

        def measure(answers, predictions):
            secret = "the answers: " + str(answers["defaulted"])
            print(secret)
            print(secret, file=sys.stderr)
            os.write(1, secret.encode())
            os.write(2, secret.encode())
            atexit.register(print, secret)
            return abs(answers["defaulted"] - predictions["probability"]).mean()
    """
    grade = graded(asked(tmp_path, program))
    assert grade.status == GradeStatus.OK
    assert "the answers" not in "".join(capfd.readouterr()) + repr(grade)


def test_numbers_that_it_writes_itself_are_not_taken_for_ours(tmp_path: Path) -> None:
    program = """
        import os

        def measure(answers, predictions):
            for descriptor in range(3, 64):
                try:
                    os.write(descriptor, b"[0.0]")
                except OSError:
                    pass
            return abs(answers["defaulted"] - predictions["probability"]).mean()
    """
    assert "wrote where only its program does" in note_of_failure(asked(tmp_path, program))
