"""Predicted a second time among other rows, honest models hold, and tables of answers show."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audition.domain.challenge import DetailSpec
from audition.domain.evidence import StageEvidence
from audition.domain.extra_rows import Corruption, ExtraRowsSpec, RowKind
from audition.domain.grade import Finding, Outcome
from audition.domain.run import Stage, Verdict
from audition.grading import Workspace
from graders import model_honesty, model_robustness
from graders.model_robustness.make_rows import make_rows, read_table
from tests.graders.model_world import asked, world
from tests.graders.workspaces import by_check, with_output

SPEC = ExtraRowsSpec(
    file="test.csv",
    corruptions=(
        Corruption(kind=RowKind.MISSING, columns=("income",)),
        Corruption(kind=RowKind.UNSEEN, columns=("region",)),
        Corruption(kind=RowKind.UNIT, columns=("income",)),
    ),
)
POINTS = {"model.robust.runs": 2.0, "model.robust.missing": 4.0, "model.robust.unit": 4.0}
Row = Mapping[str, str]
Model = Callable[[Row, int], float | None]


class Judged:
    """Both graders' findings on what a model says of the table, twice."""

    def __init__(self, root: Path) -> None:
        truth, probability, columns = world()
        columns["income"] = [f"{value:.3f}" for value in 1000 * probability]
        made = asked(root, truth, columns, detail=DetailSpec(points=POINTS))
        stages = (Stage.UNPACK, Stage.PREDICT, Stage.REPEAT, Stage.SCORE, Stage.JUDGE)
        manifest = replace(made.manifest, stages=stages, extra_rows=SPEC)
        table = read_table(made.inputs / "test.csv", "id")
        self.rows = list(table.rows.values())
        self.extra = make_rows(SPEC, table, b"seed")
        (root / "again").mkdir()
        (root / "again" / "test.csv").write_text(self.extra.table)
        self.again = list(read_table(root / "again" / "test.csv", "id").rows.values())
        self.truth = {f"r{n}": t for n, t in enumerate(truth.tolist())}
        self.workspace = replace(made, manifest=manifest, repeated=root / "again", extra_rows=self.extra)

    def with_times(self, model: Model, verdict: Verdict = Verdict.ACCEPTED) -> Workspace:
        tried = StageEvidence(stage=Stage.REPEAT, verdict=verdict, message="It said why.")
        made = with_output(self.workspace, said(model, self.rows))
        (made.repeated / "predictions.csv").write_text(said(model, self.again))
        return replace(made, evidence=replace(made.evidence, stages=(tried,), repeated=("predictions.csv",)))

    def __call__(self, model: Model, verdict: Verdict = Verdict.ACCEPTED) -> dict[str, Finding]:
        workspace = self.with_times(model, verdict)
        grades = (grader.grade(workspace) for grader in (model_honesty.grader, model_robustness.grader))
        return {check: finding for grade in grades for check, finding in by_check(grade).items()}


def said(model: Model, rows: list[dict[str, str]] | list[Row]) -> str:
    lines = [
        f"{row['id']},{value:.12g}" for n, row in enumerate(rows) if (value := model(row, n)) is not None
    ]
    return "\n".join(["id,probability", *lines]) + "\n"


@pytest.fixture
def judged(tmp_path: Path) -> Judged:
    return Judged(tmp_path)


def careful(row: Row, _: int = 0) -> float:
    """Knows the true probability, takes the mean where it is not there, and clips."""
    return min(1.0, float(row["income"]) / 1000) if row["income"] else 0.4


def test_an_honest_model_shows_no_sign_and_keeps_what_it_can(judged: Judged) -> None:
    found = judged(careful)
    assert found["model.signs.copies"].sentence.startswith("All 40 rows that stood twice")
    assert "same predictions in another order" in found["model.signs.again"].sentence
    assert found["model.signs.nudged"].sentence == "Predictions move little when numbers move very little."
    assert found["model.robust.runs"].points == 2
    assert "not clearly worse" in found["model.robust.unseen"].sentence
    assert found["model.robust.unseen"].outcome == Outcome.INFORMATIVE


def test_a_model_that_one_column_can_break_is_told_how_much_is_left(judged: Judged) -> None:
    found = judged(careful)["model.robust.missing"]
    assert found.outcome == Outcome.PARTIAL
    assert 0 < found.points < 0.4 * found.max_points
    assert found.sentence.startswith("With empty cells 32% of the score is left")
    assert "income" not in found.sentence
    assert found.reviewer_note.startswith("missing income: ROC AUC 0.")
    assert "on 150 rows" in found.reviewer_note


def test_what_was_lost_is_drawn_the_worst_first(judged: Judged) -> None:
    curves = model_robustness.grader.grade(judged.with_times(careful)).curves
    assert [curve.kind for curve in curves] == ["robust"] * 3
    assert {curve.y_label for curve in curves} == {
        "empty cells: income",
        "unseen category: region",
        "other unit: income",
    }
    values = [curve.x[1] for curve in curves]
    assert values == sorted(values)
    assert all(low <= value <= high for low, value, high in (curve.x for curve in curves))
    assert curves[0].x[2] < 0
    assert curves[0].y == (150.0,) * 3


def test_answers_by_id_show_in_copies_and_answers_by_row_in_neighbours(judged: Judged) -> None:
    def by_id(row: Row, _: int) -> float:
        return judged.truth.get(row["id"], 0.3)

    known = {(row["income"], row["age"], row["region"]): judged.truth[row["id"]] for row in judged.rows}

    def by_row(row: Row, _: int) -> float:
        return known.get((row["income"], row["age"], row["region"]), 0.3)

    ids, rows = judged(by_id), judged(by_row)
    assert ids["model.signs.copies"].sentence.startswith("40 of 40 rows that stood twice")
    assert rows["model.signs.copies"].sentence.startswith("All 40 rows")
    for found in (ids, rows):
        assert found["model.signs.nudged"].sentence.startswith("Many rows got a clearly different prediction")
        assert "1.0000 before" in found["model.signs.nudged"].reviewer_note
        assert {f.max_points for check, f in found.items() if check.startswith("model.signs")} == {0.0}


def test_answers_that_depend_on_chance_or_on_the_order_show_the_second_time(judged: Judged) -> None:
    dice = np.random.default_rng(5)
    for model in (lambda *_: float(dice.random()), lambda _, n: (n % 97) / 97):
        found = judged(model)
        assert "of 1,200 rows got another prediction" in found["model.signs.again"].sentence
        assert "ROC AUC 0." in found["model.signs.again"].reviewer_note


def test_a_program_that_leaves_rows_out_loses_their_share(judged: Judged) -> None:
    found = judged(lambda row, _: float(row["income"]) / 1e6 if row["income"] else None)
    assert found["model.robust.runs"].outcome == Outcome.PARTIAL
    assert found["model.robust.runs"].sentence == "150 of 1,730 rows got no usable answer the second time."
    assert found["model.robust.missing"].outcome == Outcome.NOT_ASSESSED


def test_a_program_that_fails_on_such_rows_answers_for_none_of_them(judged: Judged) -> None:
    found = judged(careful, Verdict.NONZERO_EXIT)
    assert found["model.robust.runs"].sentence == "It fails on a table that has such rows. It said why."
    for check in POINTS:
        assert (found[check].points, found[check].outcome) == (0, Outcome.FAILED)
    assert found["model.signs.copies"].outcome == Outcome.NOT_APPLICABLE


def test_without_a_second_time_nothing_applies(judged: Judged) -> None:
    plain = with_output(judged.workspace, said(careful, judged.rows))
    for workspace in (plain, replace(plain, extra_rows=None), judged.workspace):
        findings = by_check(model_robustness.grader.grade(workspace)).values()
        assert {finding.outcome for finding in findings} == {Outcome.NOT_APPLICABLE}


def test_a_grade_is_the_same_for_the_same_evidence(judged: Judged) -> None:
    workspace = judged.with_times(careful)
    assert model_robustness.grader.grade(workspace) == model_robustness.grader.grade(workspace)
