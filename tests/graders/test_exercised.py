"""What tried commands earn, from recorded evidence: every way in which they can end."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from audition.domain.contract import Command, Contract, Discovery, Inventory, Pipeline
from audition.domain.evidence import RunEvidence
from audition.domain.exercise import Attempt, Exercise, ExerciseEvidence, Left, Mutant, Step
from audition.domain.grade import Dimension, Finding, Outcome
from audition.domain.run import Stage, Verdict
from audition.grading import CheckList, Workspace
from graders import leakage, own_tests, reproduction, retraining
from graders.apart import apart, scale_of
from tests.graders.workspaces import by_check, make_workspace, with_output

COMMAND = Command(words=("x",))
EVERY = Pipeline(gate=COMMAND, retrain=COMMAND, data_check=COMMAND, tests=COMMAND, train=COMMAND)
NEW = (Left(name="model.bin", bytes=1, sha256="b"),)
IDS = [str(n) for n in range(50)]


def ran(name: str, code: int = 0, log: str = "", left: tuple[Left, ...] = (), **facts: object) -> Attempt:
    """An attempt that ended with a code."""
    verdict = Verdict.ACCEPTED if code == 0 else Verdict.NONZERO_EXIT
    step = Step(
        name=name, exercise=Exercise(name.partition(".")[0]), argv=("python", "x.py"), about=f"about {name}"
    )
    attempt = Attempt(
        step=step, verdict=verdict, exit_code=code, seconds=1.0, log=log, image="own", left=left
    )
    return replace(attempt, **facts)  # type: ignore[arg-type]


def mutant(number: int, code: int) -> Attempt:
    made = ran(f"tests.mutant-{number}", code)
    change = Mutant(kind="number changed", file="a.py", line=number, before="1", after="3")
    return replace(made, step=replace(made.step, mutant=change))


def predictions(shift: float = 0.0) -> str:
    return "id,probability\n" + "".join(f"{i},{(n + shift) / 100:.6f}\n" for n, i in enumerate(IDS))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    weights = dict.fromkeys((Dimension.PIPELINE, Dimension.LINEAGE, Dimension.DEPLOYMENT), 1 / 3)
    made = make_workspace(tmp_path, weights=weights, stages=(Stage.UNPACK, Stage.EXERCISE, Stage.JUDGE))
    (made.inputs / "test.csv").write_text("id,a\n" + "".join(f"{i},1\n" for i in IDS))
    (tmp_path / "made").mkdir()
    evidence = RunEvidence(
        verdict=Verdict.ACCEPTED, inventory=Inventory(contract=Contract(pipeline=EVERY)), stages=()
    )
    return with_output(replace(made, evidence=evidence, exercise_outputs=tmp_path / "made"), predictions())


Look = Callable[..., Finding]


@pytest.fixture
def look(workspace: Workspace) -> Look:
    """The finding of a check over some attempts."""

    def find(grader: CheckList, check: str, *attempts: Attempt, **facts: object) -> Finding:
        outputs = tuple(path.name for path in workspace.exercise_outputs.iterdir())
        evidence = ExerciseEvidence(attempts=attempts, outputs=outputs, **facts)  # type: ignore[arg-type]
        return by_check(grader.grade(replace(workspace, exercise=evidence)))[check]

    return find


GATED = "pipeline.gate.decides"


@pytest.mark.parametrize(
    ("bad", "points"),
    [
        (ran("gate.sabotaged", 1, "AUC 0.5"), 4.0),
        (ran("gate.sabotaged", 1, "Traceback\nAssertionError: 0.5 < 0.7"), 4.0),
        (ran("gate.sabotaged", 0), 0.0),
        (ran("gate.sabotaged", 1, "Traceback\nKeyError: 'auc'"), 0.0),
        (ran("gate.sabotaged", 1, "Traceback\nFileNotFoundError: registry.json"), 0.0),
        (ran("gate.sabotaged", 127), 0.0),
        (ran("gate.sabotaged", 137, verdict=Verdict.TIME_LIMIT), 0.0),
        (ran("gate.sabotaged", 139, verdict=Verdict.SIGNALLED), 0.0),
    ],
)
def test_only_a_refusal_that_is_one_counts(look: Look, bad: Attempt, points: float) -> None:
    finding = look(retraining.grader, GATED, ran("gate.good"), bad)
    assert finding.points == points
    assert "`python x.py` with about gate.good, in your image, ended with 0" in finding.evidence[0].summary


def test_a_gate_that_does_not_look_at_the_rows_is_shown_to_the_reviewer_and_costs_nothing(look: Look) -> None:
    runs = (ran("gate.good"), ran("gate.sabotaged", 1))
    seeing, blind = (look(retraining.grader, GATED, *runs, ran("gate.turned", code)) for code in (1, 0))
    assert (seeing.points, seeing.reviewer_note) == (4.0, "")
    assert blind.points == 4.0
    assert "does not look" in blind.reviewer_note
    alone = look(retraining.grader, GATED, runs[0], ran("gate.turned"))
    assert alone.points == 0.0


def test_a_gate_that_refuses_the_own_model_earns_nothing_however_it_ends(look: Look) -> None:
    for code in (1, 127):
        assert look(retraining.grader, GATED, ran("gate.good", code)).outcome == Outcome.FAILED


def test_a_gate_that_we_could_not_try_to_its_end_counts_for_nothing(look: Look) -> None:
    finding = look(retraining.grader, GATED, ran("gate.good"), omitted={Exercise.GATE: "No time."})
    assert (finding.outcome, finding.points) == (Outcome.NOT_ASSESSED, 0.0)
    assert "No time." in finding.sentence
    assert look(retraining.grader, GATED, trouble="It fell over.").outcome == Outcome.NOT_ASSESSED


RETRAINED = "pipeline.retrain.works"


def test_retraining_earns_its_three_parts(look: Look, workspace: Workspace) -> None:
    run, use = ran("retrain.slice", left=NEW), ran("retrain.predict")
    old = replace(run, left=(replace(NEW[0], is_new=False),))
    grader = retraining.grader
    assert look(grader, RETRAINED, ran("retrain.slice", 1)).points == 0.0
    assert look(grader, RETRAINED, ran("retrain.slice")).points == 1.6
    assert look(grader, RETRAINED, old, use).points == 1.6
    assert look(grader, RETRAINED, run, replace(use, verdict=Verdict.TIME_LIMIT)).points == 2.8
    assert look(grader, RETRAINED, run, use).points == 2.8
    kept = workspace.exercise_outputs / "retrain.predict.predictions.csv"
    kept.write_text("id,probability\n1,0.5\n")
    assert look(grader, RETRAINED, run, use).points == 2.8
    kept.write_text(predictions(0.1))
    assert look(grader, RETRAINED, run, use).points == 4.0


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
    assert look(reproduction.grader, REPRODUCED, *TRAINED).outcome == Outcome.NOT_ASSESSED


CHECKED = "lineage.data.checked"


def test_a_data_check_earns_the_share_of_faults_it_refuses_if_it_takes_a_sound_batch(look: Look) -> None:
    faults = [ran(f"data_check.{n}", 1, "KeyError") for n in ("missing", "unit", "nulls")]
    let_in = ran("data_check.ids", 0)
    hangs = ran("data_check.level", 137, verdict=Verdict.TIME_LIMIT)
    grader = reproduction.grader
    assert look(grader, CHECKED, ran("data_check.sound"), *faults).points == 3.0
    some = look(
        grader, CHECKED, ran("data_check.sound", 1), ran("data_check.sound-labelled"), *faults, let_in, hangs
    )
    assert some.points == pytest.approx(1.8)
    assert (
        "2 of 5 faulty batches are not refused: about data_check.ids; about data_check.level" in some.sentence
    )
    nothing = look(grader, CHECKED, ran("data_check.sound", 1), ran("data_check.sound-labelled", 1))
    assert (nothing.outcome, nothing.points) == (Outcome.FAILED, 0.0)


TESTED = "code.tests.matter"


def test_tests_earn_by_the_mutants_they_notice(look: Look) -> None:
    own = (ran("tests.own"), ran("tests.again"))
    grader = own_tests.grader
    assert look(grader, TESTED, *own, *(mutant(n, 1) for n in range(1, 7))).points == 3.0
    half = look(grader, TESTED, *own, mutant(1, 1), mutant(2, 0))
    assert half.points == pytest.approx(3 * 0.65)
    assert (half.evidence[0].file, half.evidence[0].line) == ("a.py", 2)
    assert look(grader, TESTED, *own).points == pytest.approx(0.9)
    assert "flaky" in look(grader, TESTED, own[0], ran("tests.again", 1)).sentence
    assert look(grader, TESTED, ran("tests.own", 1)).points == 0.0


CHECKS = [
    (retraining.grader, GATED),
    (retraining.grader, RETRAINED),
    (reproduction.grader, REPRODUCED),
    (reproduction.grader, CHECKED),
    (own_tests.grader, TESTED),
]


@pytest.mark.parametrize(("grader", "check"), CHECKS)
def test_what_is_not_declared_fails_where_it_is_asked_for_and_does_not_apply_elsewhere(
    workspace: Workspace, grader: CheckList, check: str
) -> None:
    silent = replace(workspace, evidence=replace(workspace.evidence, inventory=Inventory()))
    assert by_check(grader.grade(silent))[check].outcome == Outcome.FAILED
    unasked = replace(silent, manifest=replace(silent.manifest, weights={Dimension.MODEL_QUALITY: 1.0}))
    assert by_check(grader.grade(unasked))[check].outcome == Outcome.NOT_APPLICABLE
    elsewhere = replace(workspace, manifest=replace(workspace.manifest, stages=(Stage.UNPACK,)))
    assert by_check(grader.grade(elsewhere))[check].outcome == Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(("grader", "check"), CHECKS)
def test_what_was_declared_and_not_tried_is_ours(workspace: Workspace, grader: CheckList, check: str) -> None:
    assert by_check(grader.grade(workspace))[check].outcome == Outcome.NOT_ASSESSED


STARVED = {
    GATED: "gate.good",
    RETRAINED: "retrain.predict",
    REPRODUCED: "train.second",
    CHECKED: "data_check.sound",
    TESTED: "tests.own",
}


@pytest.mark.parametrize(("grader", "check"), CHECKS)
def test_nobody_loses_for_a_machine_that_was_busy(look: Look, grader: CheckList, check: str) -> None:
    late = ran(STARVED[check], 137, verdict=Verdict.TIME_LIMIT, seconds=60.0)
    said = {used: look(grader, check, replace(late, cpu_seconds=used)) for used in (1.0, 20.0, 55.0)}
    assert said[20.0].outcome == Outcome.NOT_ASSESSED
    assert {used for used, finding in said.items() if "busy" in finding.sentence} == {20.0}


def test_a_mutant_that_a_busy_machine_ended_was_not_noticed_by_the_tests(look: Look) -> None:
    late = replace(mutant(2, 137), verdict=Verdict.TIME_LIMIT, seconds=60.0, cpu_seconds=20.0)
    own = (ran("tests.own"), ran("tests.again"))
    found = look(own_tests.grader, TESTED, *own, mutant(1, 0), late)
    assert (found.points, found.sentence) == (
        pytest.approx(0.9),
        "The tests pass, but 1 of 1 seeded faults go unnoticed.",
    )


def test_a_command_that_was_found_earns_less_and_says_so(workspace: Workspace) -> None:
    discovery = Discovery(key="pipeline.gate", value='["x"]', source="a script's name", file="gate.py")
    inventory = replace(workspace.evidence.inventory, discovered=(discovery,))
    evidence = ExerciseEvidence(attempts=(ran("gate.good"), ran("gate.sabotaged", 1)))
    found = replace(workspace, evidence=replace(workspace.evidence, inventory=inventory), exercise=evidence)
    finding = by_check(retraining.grader.grade(found))[GATED]
    assert (finding.outcome, finding.points) == (Outcome.PARTIAL, pytest.approx(2.8))
    assert "was found by a script's name" in finding.sentence


OLDER = "pipeline.rollback.serves"


def test_an_older_model_that_predicts_is_a_way_back(look: Look, workspace: Workspace) -> None:
    (workspace.exercise_outputs / "rollback.predict.predictions.csv").write_text(predictions(3))
    finding = look(retraining.grader, OLDER, ran("rollback.predict"))
    assert (finding.outcome, finding.points) == (Outcome.PASSED, 1.0)


def test_an_older_model_that_cannot_be_used_is_none(look: Look, workspace: Workspace) -> None:
    for attempt, words in (
        (ran("rollback.predict", 1, "KeyError"), "ended with 1"),
        (ran("rollback.predict"), "no predictions"),
    ):
        finding = look(retraining.grader, OLDER, attempt)
        assert finding.outcome == Outcome.FAILED
        assert words in finding.sentence
    (workspace.exercise_outputs / "rollback.predict.predictions.csv").write_text("id,probability\n1,nan\n")
    assert look(retraining.grader, OLDER, ran("rollback.predict")).outcome == Outcome.FAILED


def test_where_no_older_model_is_kept_or_there_was_no_time_nothing_is_lost(look: Look) -> None:
    assert look(retraining.grader, OLDER).outcome == Outcome.NOT_APPLICABLE
    late = look(retraining.grader, OLDER, omitted={Exercise.ROLLBACK: "No time."})
    assert (late.outcome, "No time." in late.sentence) == (Outcome.NOT_ASSESSED, True)
