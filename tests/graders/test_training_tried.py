"""What training again earns, and whether it learns from the labels it is given, from recorded evidence."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from audition.domain.contract import Command, Contract, Inventory
from audition.domain.exercise import Exercise, ExerciseEvidence
from audition.domain.grade import Outcome
from audition.domain.run import Verdict
from audition.grading import Workspace
from graders import leakage, reproduction
from graders.apart import apart, scale_of
from tests.graders.tried_commands import EVERY, NEW, Look, finder, predictions, ran, world
from tests.graders.workspaces import by_check


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return world(tmp_path)


@pytest.fixture
def look(workspace: Workspace) -> Look:
    return finder(workspace)


REPRODUCED = "lineage.training.reproduces"
TRAINED = tuple(
    ran(f"train.{part}{suffix}", left=() if suffix else NEW)
    for part in ("first", "second")
    for suffix in ("", "-predict")
)


@pytest.mark.parametrize(
    ("first", "second", "points"),
    [(0.0, 0.0, 3.0), (1.0, 1.0, 1.96), (0.0, 1.0, 1.96), (20.0, 20.0, 0.0), (20.0, 0.0, 0.0)],
)
def test_training_is_compared_with_itself_and_with_what_was_submitted(
    look: Look, workspace: Workspace, first: float, second: float, points: float
) -> None:
    for part, shift in (("first", first), ("second", second)):
        (workspace.exercise_outputs / f"train.{part}-predict.predictions.csv").write_text(predictions(shift))
    assert look(reproduction.grader, REPRODUCED, *TRAINED).points == pytest.approx(points, abs=0.01)


def test_labels_are_compared_by_the_share_that_differs_and_numbers_in_units_of_their_spread() -> None:
    one = {str(n): label for n, label in enumerate("abab")}
    found = apart(one, {**one, "3": "a"}, scale_of(one))
    expected = stats.binomtest(1, 4).proportion_ci(method="wilson")
    assert (found.value, found.low, found.high) == pytest.approx((0.25, expected.low, expected.high))
    two = {"2": (1.0, 2.0), "1": (3.0, 4.0)}
    assert scale_of(two) == pytest.approx(np.std([1, 2, 3, 4]))
    assert apart(two, {"2": (1.0, 2.0), "1": (3.0, 5.0)}, 2.0).value == pytest.approx(np.sqrt(1 / 4) / 2)


def test_the_interval_of_a_difference_covers_it_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(5)
    hits = 0
    for _ in range(100):
        gaps = random.normal(0, 0.3, 400)
        one = {str(n): float(gap) for n, gap in enumerate(gaps)}
        found = apart(one, dict.fromkeys(one, 0.0), 1.0)
        hits += found.low <= 0.3 <= found.high
    assert 88 <= hits <= 100


def trained(workspace: Workspace, **shifts: float) -> None:
    """Keep what the model of each training predicts, by how far it is from the submitted one."""
    for step, shift in shifts.items():
        place = workspace.exercise_outputs / f"{step.replace('__', '.')}-predict.predictions.csv"
        place.write_text(predictions(shift))


def test_the_author_says_how_far_apart_two_trainings_may_be(workspace: Workspace) -> None:
    trained(workspace, train__first=1.0, train__second=1.0)
    detail = replace(workspace.manifest.detail, training_tolerance=0.1)
    strict = replace(workspace, manifest=replace(workspace.manifest, detail=detail))
    outputs = tuple(path.name for path in workspace.exercise_outputs.iterdir())
    evidence = ExerciseEvidence(attempts=TRAINED, outputs=outputs)
    finding = by_check(reproduction.grader.grade(replace(strict, exercise=evidence)))[REPRODUCED]
    assert finding.points == pytest.approx(3 * (1 - 1 / 14.43 / 0.1), abs=0.01)
    assert "10% earn nothing" in finding.sentence
    assert "first and submitted: 0.0693 (0.0693 to 0.0693)" in finding.reviewer_note


def test_training_on_a_declared_share_of_the_rows_earns_half(workspace: Workspace) -> None:
    trained(workspace, train__first=20.0, train__second=20.0)
    pipeline = replace(EVERY, train_share=0.2)
    inventory = Inventory(contract=Contract(pipeline=pipeline))
    partly = replace(workspace, evidence=replace(workspace.evidence, inventory=inventory))
    outputs = tuple(path.name for path in workspace.exercise_outputs.iterdir())
    evidence = ExerciseEvidence(attempts=TRAINED, outputs=outputs)
    finding = by_check(reproduction.grader.grade(replace(partly, exercise=evidence)))[REPRODUCED]
    assert finding.points == 1.5
    assert "20% of the rows" in finding.sentence


LABELS, HIDDEN = "leakage.labels", "leakage.hidden-rows"
ALONE = ran("learns.alone")
ALONE = replace(ALONE, step=replace(ALONE.step, hidden="test.csv"))
MISSING = replace(ALONE, verdict=Verdict.NONZERO_EXIT, exit_code=1, log="FileNotFoundError: test.csv")


def test_training_that_learns_gives_another_model_when_labels_are_turned_round(
    look: Look, workspace: Workspace
) -> None:
    trained(workspace, train__first=0.0, train__second=0.0)
    kept = workspace.exercise_outputs / "learns.predict.predictions.csv"
    kept.write_text(predictions(30))
    steps = (*TRAINED, ALONE, ran("learns.predict"))
    learned = look(leakage.grader, LABELS, *steps)
    assert (learned.outcome, learned.max_points) == (Outcome.PASSED, 0.0)
    assert look(leakage.grader, HIDDEN, *steps).outcome == Outcome.PASSED
    assert look(reproduction.grader, REPRODUCED, *steps).points == 3.0
    kept.write_text(predictions(2))
    assert "nearly the same model" in look(leakage.grader, LABELS, *steps).sentence
    assert look(reproduction.grader, REPRODUCED, *steps).points == 3.0


def test_a_command_that_gives_its_model_whatever_the_labels_say_does_not_train_it(
    look: Look, workspace: Workspace
) -> None:
    trained(workspace, train__first=0.0, train__second=0.0)
    (workspace.exercise_outputs / "learns.predict.predictions.csv").write_text(predictions())
    steps = (*TRAINED, ALONE, ran("learns.predict"))
    assert look(leakage.grader, LABELS, *steps).outcome == Outcome.INFORMATIVE
    assert look(reproduction.grader, REPRODUCED, *steps).points == 3.0  # It is not said to be given its rows.
    pipeline = replace(EVERY, train=Command(words=("x", "{data}")))
    inventory = Inventory(contract=Contract(pipeline=pipeline))
    given = replace(workspace, evidence=replace(workspace.evidence, inventory=inventory))
    outputs = tuple(path.name for path in workspace.exercise_outputs.iterdir())
    evidence = ExerciseEvidence(attempts=steps, outputs=outputs)
    finding = by_check(reproduction.grader.grade(replace(given, exercise=evidence)))[REPRODUCED]
    assert (finding.points, "turned round" in finding.sentence) == (0.0, True)


def test_training_that_needs_the_hidden_rows_is_told(look: Look, workspace: Workspace) -> None:
    trained(workspace, train__first=0.0, train__second=0.0)
    grader = leakage.grader
    seen = look(grader, HIDDEN, *TRAINED, MISSING, ran("learns.beside"))
    assert (seen.outcome, seen.evidence[0].excerpt) == (Outcome.INFORMATIVE, "FileNotFoundError: test.csv")
    neither = (*TRAINED, MISSING, ran("learns.beside", 1))
    assert look(grader, HIDDEN, *neither).outcome == Outcome.NOT_ASSESSED
    assert look(grader, LABELS, *neither).outcome == Outcome.NOT_ASSESSED
    assert look(grader, HIDDEN, *TRAINED, ran("learns.beside")).outcome == Outcome.NOT_APPLICABLE
    assert (
        look(grader, LABELS, *TRAINED, omitted={Exercise.LEARNS: "No time."}).outcome == Outcome.NOT_ASSESSED
    )


def test_training_that_fails_or_leaves_nothing_earns_nothing(look: Look) -> None:
    grader = reproduction.grader
    assert "fails" in look(grader, REPRODUCED, ran("train.first", 1)).sentence
    assert "left no model" in look(grader, REPRODUCED, ran("train.first"), ran("train.second")).sentence
    assert "wrote no predictions" in look(grader, REPRODUCED, *TRAINED).sentence
    assert look(grader, REPRODUCED, *TRAINED).points == 0.0
    assert look(grader, REPRODUCED, TRAINED[0]).outcome == Outcome.NOT_ASSESSED


def test_without_predictions_of_the_submitted_model_there_is_nothing_to_compare_with(
    look: Look, workspace: Workspace
) -> None:
    for part in ("first", "second"):
        (workspace.exercise_outputs / f"train.{part}-predict.predictions.csv").write_text(predictions())
    (workspace.outputs / "predictions.csv").write_text("id,probability\n")
    finding = look(reproduction.grader, REPRODUCED, *TRAINED)
    assert (finding.outcome, finding.blocked_by) == (Outcome.BLOCKED, "model.metric.primary")
