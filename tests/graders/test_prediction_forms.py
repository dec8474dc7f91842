"""Predictions that are not one number: labels, several columns, lists and texts."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audition.domain.challenge import AnswersSpec, OutputSpec
from audition.domain.grade import Outcome
from audition.domain.metrics import METRICS
from audition.grading import Workspace
from graders.answers import answers_of
from graders.model_quality import grader as model_quality
from graders.output_format import grader
from tests.graders.workspaces import by_check, make_workspace, with_output

ONE: dict[str, Any] = {"prediction_column": "p"}
TWO: dict[str, Any] = {"prediction_columns": ("p", "q"), "minimum": 0.0, "maximum": 1.0}
#: Metric, keys of [output], of [metric], the answers, and good predictions, each for ids 1 to 3.
FORMS: dict[str, tuple[str, dict[str, Any], dict[str, Any], list[str], str]] = {
    "labels": (
        "accuracy",
        {**ONE, "labels": ("cat", "dog")},
        {},
        ["cat", "dog", "cat"],
        "1,cat\n2,dog\n3,dog\n",
    ),
    "probabilities": (
        "multiclass_log_loss",
        {**TWO, "labels": ("cat", "dog")},
        {},
        ["cat", "dog", "cat"],
        "1,0.6,0.4\n2,0.2,0.8\n3,0.503,0.5\n",
    ),
    "quantiles": (
        "weighted_interval_score",
        {"prediction_columns": ("p", "q")},
        {"quantiles": (0.1, 0.9)},
        ["1", "2", "5.5"],
        "1,0,2\n2,-1,4\n3,2,3\n",
    ),
    "items": ("map_at_k", {**ONE, "most_items": 3}, {"at": 3}, ["a b", "c", "a"], "1,a c b\n2,\n3,b a\n"),
    "texts": ("token_f1", ONE, {}, ["in Rome", "1960", "no"], '1,"in Rome, in 1960"\n2,1960\n3,yes\n'),
}
#: What is wrong, by form: lines of the file, the check, and the words.
FAULTS = [
    ("labels", "1,cat\n2,bird\n3,\n", "output.values.in-range", "2 values are not among the labels"),
    (
        "probabilities",
        "1,0.6,0.3\n2,0.2,0.8\n3,1.5,-0.5\n",
        "output.values.in-range",
        "2 rows have a value out of",
    ),
    (
        "probabilities",
        "1,0.6,0.4\n2,0.2,\n3,0.5,0.5\n",
        "output.values.numeric",
        "1 value is not a finite number",
    ),
    ("quantiles", "1,0,2\n2,inf,4\n3,2,3\n", "output.values.numeric", "1 value is not a finite number"),
    (
        "items",
        "1,a a\n2,\n3,a b c d\n",
        "output.values.in-range",
        "2 lists are too long or name an item twice",
    ),
    ("texts", f"1,x\n2,{'y' * 10_001}\n3,z\n", "output.values.in-range", "1 text is too long"),
]


def asked(root: Path, form: str) -> Workspace:
    name, output, metric, answers, _ = FORMS[form]
    made = make_workspace(root)
    rows = "".join(f"{n},{answer}\n" for n, answer in enumerate(answers, start=1))
    (made.answers / "answers.csv").write_text(f"id,answer\n{rows}")
    spec = replace(made.manifest.metric, name=name, direction=METRICS[name].direction, **metric)
    manifest = replace(
        made.manifest,
        metric=spec,
        output=OutputSpec(names=("predictions.csv", "predictions.parquet"), id_column="id", **output),
        answers=AnswersSpec(file="answers.csv", id_column="id", answer_column="answer"),
    )
    return replace(made, manifest=manifest)


def header(workspace: Workspace) -> str:
    return ",".join(("id", *workspace.manifest.output.columns)) + "\n"


@pytest.mark.parametrize("form", FORMS)
def test_a_good_file_of_each_form_is_read_and_measured(tmp_path: Path, form: str) -> None:
    workspace = asked(tmp_path, form)
    workspace = with_output(workspace, header(workspace) + FORMS[form][-1])
    outcomes = {f.check: f.outcome for f in grader.grade(workspace).findings}
    is_words = form in {"labels", "items", "texts"}
    assert outcomes.pop("output.values.numeric") == (Outcome.NOT_APPLICABLE if is_words else Outcome.PASSED)
    assert set(outcomes.values()) == {Outcome.PASSED}
    metric = model_quality.grade(workspace).metrics[0]
    assert (metric.name, metric.rows) == (FORMS[form][0], 3)


@pytest.mark.parametrize(("form", "rows", "check", "words"), FAULTS)
def test_what_is_wrong_is_told_in_the_words_of_the_form(
    tmp_path: Path, form: str, rows: str, check: str, words: str
) -> None:
    workspace = asked(tmp_path, form)
    grade = grader.grade(with_output(workspace, header(workspace) + rows))
    finding = by_check(grade)[check]
    assert finding.outcome == Outcome.FAILED
    assert words in finding.sentence
    assert words in grade.invalid_output
    assert finding.evidence[0].line is not None


def test_a_column_of_several_that_is_missing_is_named(tmp_path: Path) -> None:
    workspace = asked(tmp_path, "quantiles")
    grade = grader.grade(with_output(workspace, "id,p\n1,0\n2,0\n3,0\n"))
    assert "column q is missing" in grade.invalid_output


def test_a_list_may_be_a_list_column_of_parquet(tmp_path: Path) -> None:
    workspace = asked(tmp_path, "items")
    path = tmp_path / "lists.parquet"
    pq.write_table(pa.table({"id": ["1", "2", "3"], "p": [["a", "c", "b"], [], ["b", "a"]]}), path)
    from_parquet = with_output(workspace, path.read_bytes(), "predictions.parquet")
    measured = model_quality.grade(from_parquet).metrics
    (workspace.outputs / "predictions.parquet").unlink()
    from_csv = with_output(workspace, header(workspace) + FORMS["items"][-1])
    assert measured == model_quality.grade(from_csv).metrics


def test_an_answer_that_is_no_label_is_our_fault(tmp_path: Path) -> None:
    workspace = asked(tmp_path, "labels")
    (workspace.answers / "answers.csv").write_text("id,answer\n1,cat\n2,cow\n")
    with pytest.raises(ValueError, match=r"labels that output\.labels does not name: \['cow'\]"):
        answers_of(workspace.answers, workspace.manifest)
