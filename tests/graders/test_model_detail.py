"""What is seen beyond the one number: weak parts, calibration, costs, groups; and what is not said to candidates."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from audition.domain.challenge import DetailSpec
from audition.domain.contract import Contract, ModelFiles
from audition.domain.evidence import StageEvidence
from audition.domain.execution import Usage
from audition.domain.grade import Finding, Grade, GradeStatus, Outcome
from audition.domain.metrics import METRICS
from audition.domain.run import Stage, Verdict
from audition.grading import Workspace
from graders.answers import Answers
from graders.model_detail import grader
from graders.model_detail.calibration import calibration
from graders.model_detail.compare import difference
from graders.model_detail.costs import Rate, cost_of, gap, rates
from graders.model_detail.slices import Part, levels
from graders.model_quality.rows import Rows
from graders.model_quality.statistic import Array
from tests.factories import make_manifest
from tests.graders.model_world import ROWS, asked, world
from tests.graders.workspaces import by_check, make_workspace, with_output


def grade_of(workspace: Workspace, predictions: Sequence[float] | Array) -> Grade:
    rows = "".join(f"r{n},{value:.12g}\n" for n, value in enumerate(predictions))
    return grader.grade(with_output(workspace, f"id,probability\n{rows}"))


DETAIL = DetailSpec(slices=("region", "age"), groups=("sex",), false_alarm_cost=1.0, miss_cost=5.0)


def test_a_good_model_is_even_calibrated_and_worth_its_decisions(tmp_path: Path) -> None:
    truth, probability, columns = world()
    points = dict.fromkeys(("model.slices.declared", "model.groups.gap", "model.calibration.error"), 2.0)
    workspace = asked(tmp_path, truth, columns, detail=replace(DETAIL, points=points))
    grade = grade_of(workspace, probability)
    found = by_check(grade)
    assert grade.status == GradeStatus.OK
    for check in points:
        assert (found[check].outcome, found[check].points) == (Outcome.PASSED, 2.0), found[check]
    assert (
        found["model.slices.declared"].sentence
        == "No part of the 7 looked at is clearly weaker than the whole."
    )
    assert found["model.slices.worst"].outcome == Outcome.INFORMATIVE
    assert " found 0 that are clearly weaker" in found["model.slices.worst"].sentence
    assert found["model.decision.cost"].outcome == Outcome.INFORMATIVE
    assert (found["model.decision.cost"].points, found["model.decision.cost"].max_points) == (0, 0)
    assert {"slice", "slice.worst", "slice.group", "reliability"} == {curve.kind for curve in grade.curves}
    assert grade_of(workspace, probability) == grade


def test_a_part_where_the_model_guesses_is_found_and_named_to_reviewers_only(tmp_path: Path) -> None:
    truth, probability, columns = world()
    is_bad = np.array(
        [r == "south" and int(a) > 50 for r, a in zip(columns["region"], columns["age"], strict=True)]
    )
    guessed = np.where(is_bad, np.random.default_rng(2).random(ROWS), probability)
    workspace = asked(tmp_path, truth, columns, detail=DETAIL)
    found = by_check(grade_of(workspace, guessed))
    worst, declared = found["model.slices.worst"], found["model.slices.declared"]
    assert "region = south and" in worst.reviewer_note.split("; ")[0]
    assert "clearly weaker" in worst.reviewer_note
    assert "clearly weaker than the whole" in declared.sentence
    for finding in found.values():
        assert not any(name in finding.sentence for name in ("south", "≤", "sex"))


def test_a_weak_declared_part_costs_its_share_of_the_points_given(tmp_path: Path) -> None:
    truth, probability, columns = world()
    guessed = np.where(np.array(columns["sex"]) == "f", np.random.default_rng(2).random(ROWS), probability)
    points = {"model.groups.gap": 4.0}
    workspace = asked(tmp_path, truth, columns, detail=replace(DETAIL, points=points))
    finding = by_check(grade_of(workspace, guessed))["model.groups.gap"]
    assert finding.outcome in {Outcome.PARTIAL, Outcome.FAILED}
    assert finding.points < 3
    assert finding.sentence == "1 of 2 groups are clearly weaker than the whole."
    assert "sex, yes of answers 1: largest difference" in finding.reviewer_note


def test_probabilities_that_are_too_sure_are_seen(tmp_path: Path) -> None:
    truth, probability, columns = world()
    points = {"model.calibration.error": 2.0}
    workspace = asked(tmp_path, truth, columns, detail=replace(DETAIL, points=points))
    sharp = np.clip(0.5 + (probability - 0.5) * 2, 0, 1)
    finding = by_check(grade_of(workspace, sharp))["model.calibration.error"]
    assert finding.outcome in {Outcome.PARTIAL, Outcome.FAILED}
    assert "; chance explains 0.0" in finding.sentence


def test_the_calibration_error_is_its_definition() -> None:
    truth, probability, _ = world()
    found = calibration(truth, probability, rounds=100, confidence=0.9, seed=1)
    order = np.argsort(probability)
    groups = np.array_split(order, 10)
    expected = sum(abs(truth[g].mean() - probability[g].mean()) * g.size for g in groups) / ROWS
    assert found.error.value == pytest.approx(expected, abs=1e-9)
    assert found.error.low <= found.error.value <= found.error.high
    assert len(found.predicted) == len(found.observed) == 10
    assert list(found.predicted) == sorted(found.predicted)


def test_right_probabilities_are_called_right_in_about_95_of_100_worlds() -> None:
    """100 worlds: 95 expected, standard deviation 2.2; the bound is 4 of them below."""
    right = 0
    for seed in range(100):
        truth, probability, _ = world(seed)
        right += calibration(truth, probability, rounds=2, confidence=0.5, seed=1).is_right
    assert right >= 86


def test_one_constant_probability_has_one_bin() -> None:
    truth = np.array([0.0, 1.0, 1.0, 0.0])
    found = calibration(truth, np.full(4, 0.25), rounds=10, confidence=0.9, seed=1)
    assert (found.predicted, found.observed, found.error.value) == ((0.25,), (0.5,), 0.25)


def test_costs_are_counted_by_hand() -> None:
    truth, probability = np.array([0.0, 0, 1, 1, 0]), np.array([0.9, 0.2, 0.3, 0.8, 0.1])
    found = cost_of(
        truth, probability, 0.5, replace(DETAIL, miss_cost=3.0), rounds=10, confidence=0.9, seed=1
    )
    assert found.cost.value == pytest.approx((1 + 3) / 5)
    assert found.constant == pytest.approx(min(3 / 5, 3 * 2 / 5))
    assert (found.best, found.best_threshold) == (pytest.approx(1 / 5), 0.3)
    assert found.saved == 0


def test_decisions_are_made_at_the_threshold_that_the_candidate_declares(tmp_path: Path) -> None:
    truth, probability, columns = world()
    workspace = asked(tmp_path, truth, columns, detail=DETAIL)
    model = ModelFiles(decision_threshold=0.1667)
    contract = Contract(model=model, declared=("model.decision_threshold",))
    inventory = replace(workspace.evidence.inventory, contract=contract)
    declared = replace(workspace, evidence=replace(workspace.evidence, inventory=inventory))

    def cost(of: Workspace) -> Finding:
        return by_check(grade_of(of, probability))["model.decision.cost"]

    assert cost(workspace).sentence.startswith("Decisions at 0.5 cost more")
    assert cost(declared).sentence.startswith("Decisions at 0.1667 save ")
    costs = [float(cost(of).reviewer_note.split(" ")[0]) for of in (declared, workspace)]
    assert costs[0] < costs[1], "with a miss five times as dear, a low threshold is cheaper"


def test_decisions_that_cost_more_than_none_are_told_so(tmp_path: Path) -> None:
    truth, probability, columns = world()
    workspace = asked(tmp_path, truth, columns, detail=replace(DETAIL, points={"model.decision.cost": 1.0}))
    finding = by_check(grade_of(workspace, 1 - probability))["model.decision.cost"]
    assert (finding.outcome, finding.points) == (Outcome.FAILED, 0.0)
    assert finding.sentence == "Decisions at 0.5 cost more than always deciding the same."


def test_rates_of_groups_are_counted_and_their_largest_difference_has_an_interval() -> None:
    truth, probability = np.tile([1.0, 0.0], 40), np.tile([0.9, 0.1, 0.4, 0.1], 20)
    first = np.arange(80) % 4 < 2
    parts = [Part(name="a", column="c", mask=first), Part(name="b", column="c", mask=~first)]
    found = rates(truth, probability, 0.5, parts, 0.95)
    assert [rate.value for rate in found["yes of all"]] == [0.5, 0.0]
    assert [rate.value for rate in found["yes of answers 1"]] == [1.0, 0.0]
    assert [rate.value for rate in found["yes of answers 0"]] == [0.0, 0.0]
    difference = gap(found["yes of answers 1"])
    assert difference is not None
    size, low, high = difference
    assert (size, high) == (1.0, 1.0)
    assert 0.7 < low < 1
    assert gap([Rate(group="a", value=1, low=0.5, high=1)]) is None


def test_columns_are_divided_into_values_or_quarters() -> None:
    few = levels("c", ["a", "b", "a", ""])
    assert [(part.name, part.rows) for part in few] == [("c missing", 1), ("c = a", 2), ("c = b", 1)]
    numbers = levels("n", [str(n) for n in range(100)])
    assert [part.rows for part in numbers] == [25, 25, 25, 25]
    assert numbers[0].name == "n ≤ 24.75"
    many = levels("w", [f"w{min(n, 12)}" for n in range(100)])
    assert many[-1].name == "w = other"
    assert sum(part.rows for part in many) == 100


def test_amounts_have_slices_and_residuals_and_no_calibration(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    _, _, columns = world()
    truth = random.gamma(2, 2, ROWS)
    spec = {"name": "mae", "direction": METRICS["mae"].direction, "anchors": ()}
    anchors = tuple(
        replace(a, value=v)
        for a, v in zip(make_workspace(tmp_path / "x").manifest.metric.anchors, (3.0, 1.0, 0.5), strict=True)
    )
    workspace = asked(
        tmp_path,
        truth,
        columns,
        detail=DETAIL,
        metric={**spec, "anchors": anchors},
        output={"minimum": None, "maximum": None},
    )
    grade = grade_of(workspace, truth + random.normal(size=ROWS))
    found = by_check(grade)
    assert found["model.calibration.error"].outcome == Outcome.NOT_APPLICABLE
    assert found["model.decision.cost"].outcome == Outcome.NOT_APPLICABLE
    assert found["model.slices.declared"].outcome == Outcome.INFORMATIVE
    residual = next(curve for curve in grade.curves if curve.kind == "residual")
    assert len(residual.x) == len(residual.y) == 200


def test_predictions_are_compared_with_the_authors_row_by_row(tmp_path: Path) -> None:
    truth, probability, columns = world()
    compare = {"baseline": "baseline.csv", "reference": "reference.csv"}
    workspace = asked(tmp_path, truth, columns, detail=DetailSpec(compare=compare))
    noisy = np.clip(probability + np.random.default_rng(1).normal(size=ROWS) * 0.3, 0, 1)
    for name, values in (("baseline", noisy), ("reference", probability)):
        rows = "".join(f"r{n},{value:.12g}\n" for n, value in enumerate(values))
        (workspace.answers / f"{name}.csv").write_text(f"id,probability\n{rows}")
    finding = by_check(grade_of(workspace, probability))["model.compare.paired"]
    assert (
        finding.sentence
        == "On the same rows it is clearly better than the baseline and not clearly other than the reference."
    )
    assert "by +0.0000 (+0.0000 to +0.0000)" in finding.reviewer_note
    assert finding.outcome == Outcome.INFORMATIVE
    worse = by_check(grade_of(workspace, noisy))["model.compare.paired"]
    assert worse.sentence.endswith("and clearly worse than the reference.")


def test_they_are_compared_with_what_the_challenges_own_models_predict_and_with_their_anchors(
    tmp_path: Path,
) -> None:
    truth, probability, columns = world()
    made = asked(tmp_path, truth, columns, detail=DetailSpec(samples=("reference", "baseline")))
    workspace = replace(made, models=tmp_path / "models")
    workspace.models.mkdir()
    rows = "".join(f"r{n},{value:.12g}\n" for n, value in enumerate(probability))
    (workspace.models / "reference.csv").write_text(f"id,probability\n{rows}")
    finding = by_check(grade_of(workspace, probability))["model.compare.paired"]
    assert finding.sentence == "On the same rows it is not clearly other than the reference."
    measured = float(finding.reviewer_note.split("(")[1].split(")")[0])
    assert ("The anchor reference says 0.84." in finding.reviewer_note) == (abs(measured - 0.84) > 0.0084)
    (anchor,) = (anchor for anchor in workspace.manifest.metric.anchors if anchor.name == "reference")
    right = replace(workspace.manifest.metric, anchors=(replace(anchor, value=measured),))
    agreeing = replace(workspace, manifest=replace(workspace.manifest, metric=right))
    assert "anchor" not in by_check(grade_of(agreeing, probability))["model.compare.paired"].reviewer_note


def test_a_paired_difference_is_that_of_scipy() -> None:
    random = np.random.default_rng(1)
    truth = random.gamma(2, 2, 400)
    ours, theirs = truth + random.normal(size=400), truth + random.normal(size=400) * 1.1
    ids = [f"r{n:03d}" for n in range(400)]
    answers = Answers(values=dict(zip(ids, truth.tolist(), strict=True)), columns={})
    base = make_manifest()
    spec = replace(base.metric, name="mae", direction=METRICS["mae"].direction, bootstrap_rounds=500)
    rows = Rows.of(replace(base, metric=spec), answers, dict(zip(ids, ours.tolist(), strict=True)))
    found = difference(rows, "baseline", dict(zip(ids, theirs.tolist(), strict=True)))
    assert found is not None
    gains = np.abs(theirs - truth) - np.abs(ours - truth)
    expected = stats.bootstrap(
        (gains,), np.mean, n_resamples=2000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    assert found.value == pytest.approx(gains.mean())
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.02)


def test_predictions_of_the_author_that_cannot_be_used_are_our_fault(tmp_path: Path) -> None:
    truth, probability, columns = world()
    workspace = asked(tmp_path, truth, columns, detail=DetailSpec(compare={"baseline": "baseline.csv"}))
    (workspace.answers / "baseline.csv").write_text("id,probability\nr0,0.5\n")
    with pytest.raises(ValueError, match="1,199 ids are missing"):
        grade_of(workspace, probability)


def test_what_predicting_costs_is_told_for_a_thousand_rows(tmp_path: Path) -> None:
    truth, probability, columns = world()
    workspace = asked(tmp_path, truth, columns, detail=DetailSpec())

    def told(**usage: Any) -> Finding:
        used = [
            StageEvidence(stage=stage, verdict=Verdict.ACCEPTED, usage=Usage(wall_seconds=9.0, **usage))
            for stage in (Stage.PREDICT, Stage.REPEAT)
        ]
        evidence = replace(workspace.evidence, stages=tuple(used))
        return by_check(grade_of(replace(workspace, evidence=evidence), probability))[
            "model.resources.predict"
        ]

    found = told(cpu_seconds=1.8, peak_memory_bytes=210 << 20)
    assert found.sentence == (
        "Predicting 1,200 rows took 1.8 s of processor time, 1.5 s for 1,000 rows with start and loading, and 210 MiB"
        " of memory at most."
    )
    assert found.reviewer_note.startswith("The second time, with more rows, it took 1.8 s")
    assert told().outcome == Outcome.NOT_ASSESSED


def test_without_predictions_or_declarations_nothing_applies(tmp_path: Path) -> None:
    truth, probability, columns = world()
    workspace = asked(tmp_path, truth, columns, detail=DetailSpec())
    for grade in (grader.grade(workspace), grade_of(workspace, [2.0] * ROWS)):
        assert {finding.outcome for finding in grade.findings} == {Outcome.NOT_APPLICABLE}
    found = by_check(grade_of(workspace, probability))
    assert found["model.calibration.error"].outcome == Outcome.INFORMATIVE
    assert found["model.slices.declared"].outcome == Outcome.NOT_APPLICABLE


def test_a_declared_column_that_is_nowhere_is_our_fault(tmp_path: Path) -> None:
    truth, probability, columns = world()
    workspace = asked(tmp_path, truth, columns, detail=DetailSpec(slices=("shoe_size",)))
    with pytest.raises(ValueError, match="have a column shoe_size"):
        grade_of(workspace, probability)
