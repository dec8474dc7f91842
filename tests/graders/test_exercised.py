"""What tried commands earn, from recorded evidence: every way in which they can end."""

from dataclasses import replace
from pathlib import Path

import pytest

from audition.domain.contract import Discovery, Inventory
from audition.domain.exercise import NO_MODEL, Attempt, Exercise, ExerciseEvidence
from audition.domain.grade import Dimension, Outcome
from audition.domain.probe import ServiceEvidence
from audition.domain.probe_runtime import SwappedEvidence
from audition.domain.run import Stage, Verdict
from audition.grading import CheckList, Workspace
from graders import own_tests, reproduction, retraining
from tests.graders.tried_commands import NEW, Look, finder, mutant, predictions, ran, world
from tests.graders.workspaces import by_check


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return world(tmp_path)


@pytest.fixture
def look(workspace: Workspace) -> Look:
    return finder(workspace)


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


def test_reviewers_read_why_no_bad_model_could_be_trained(look: Look) -> None:
    late = ran("gate.sabotage", 137, verdict=Verdict.TIME_LIMIT)
    found = look(retraining.grader, GATED, ran("gate.good"), late, ran("gate.turned", 1))
    assert found.points == 4.0
    assert "No bad model was trained: the command was ended after" in found.reviewer_note


def test_a_gate_that_refuses_the_own_model_earns_nothing_however_it_ends(look: Look) -> None:
    for code in (1, 127):
        assert look(retraining.grader, GATED, ran("gate.good", code)).outcome == Outcome.FAILED


def test_a_gate_that_we_could_not_try_to_its_end_counts_for_nothing(look: Look) -> None:
    finding = look(retraining.grader, GATED, ran("gate.good"), omitted={Exercise.GATE: "No time."})
    assert (finding.outcome, finding.points) == (Outcome.NOT_ASSESSED, 0.0)
    assert "No time." in finding.sentence
    assert look(retraining.grader, GATED, trouble="It fell over.").outcome == Outcome.NOT_ASSESSED


def test_a_gate_without_a_model_to_give_it_is_the_candidates_fault(look: Look) -> None:
    finding = look(retraining.grader, GATED, omitted={Exercise.GATE: NO_MODEL})
    assert (finding.outcome, finding.points) == (Outcome.FAILED, 0.0)
    assert "names no model" in finding.sentence


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
    (reproduction.grader, "lineage.training.reproduces"),
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
    "lineage.training.reproduces": "train.second",
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


@pytest.mark.parametrize(
    ("live", "points", "said"),
    [
        (SwappedEvidence(predicted=True, is_usable=True), 4.0, "that the service serves"),
        (SwappedEvidence(predicted=False, is_usable=False), 2.8, "answers with no prediction"),
        (SwappedEvidence(predicted=True, is_usable=False), 2.8, "in a form that cannot be read"),
    ],
)
def test_a_retrained_model_has_to_be_served_where_that_was_tried(
    workspace: Workspace, live: SwappedEvidence, points: float, said: str
) -> None:
    (workspace.exercise_outputs / "retrain.predict.predictions.csv").write_text(predictions(3))
    run, use = ran("retrain.slice", left=NEW), ran("retrain.predict")
    evidence = ExerciseEvidence(attempts=(run, use), outputs=("retrain.predict.predictions.csv",))
    tried = replace(workspace, exercise=evidence, service=ServiceEvidence(retrained=live))
    finding = by_check(retraining.grader.grade(tried))[RETRAINED]
    assert finding.points == pytest.approx(points)
    assert said in finding.sentence


OLDER = "pipeline.rollback.serves"


def test_an_older_model_that_predicts_is_a_way_back(look: Look, workspace: Workspace) -> None:
    (workspace.exercise_outputs / "rollback.predict.predictions.csv").write_text(predictions(3))
    finding = look(retraining.grader, OLDER, ran("rollback.predict"))
    assert (finding.outcome, finding.points) == (Outcome.PASSED, 1.0)


@pytest.mark.parametrize(
    ("live", "points", "said"),
    [
        (SwappedEvidence(predicted=True, is_usable=True), 1.0, "and the service serves"),
        (SwappedEvidence(predicted=False, is_usable=False), 0.5, "answers with no prediction"),
    ],
)
def test_an_older_model_has_to_be_served_where_that_was_tried(
    workspace: Workspace, live: SwappedEvidence, points: float, said: str
) -> None:
    name = "rollback.predict.predictions.csv"
    (workspace.exercise_outputs / name).write_text(predictions(3))
    evidence = ExerciseEvidence(attempts=(ran("rollback.predict"),), outputs=(name,))
    tried = replace(workspace, exercise=evidence, service=ServiceEvidence(older=live))
    finding = by_check(retraining.grader.grade(tried))[OLDER]
    assert finding.points == pytest.approx(points)
    assert said in finding.sentence


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
