"""Numbers without any sense in predictions: refused in plain words, or measured, and never a failure of ours."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from audition.domain.challenge import Anchor, AnswersSpec, DetailSpec, OutputSpec
from audition.domain.grade import Grade, GradeStatus, Outcome
from audition.domain.metrics import METRICS, Direction, Form, shown
from audition.grading import Workspace
from graders.cells import LARGEST, Value
from graders.model_detail import grader as model_detail
from graders.model_honesty import grader as model_honesty
from graders.model_quality import grader as model_quality
from graders.output_format import grader as output_format
from tests.graders.test_measuring import COLUMNS, case
from tests.graders.workspaces import by_check, make_workspace, with_output

AMOUNTS = sorted(name for name, facts in METRICS.items() if facts.form in {Form.NUMBER, Form.QUANTILES})
GRADERS = (model_quality, model_detail, model_honesty, output_format)


def anchors(direction: Direction) -> tuple[Anchor, ...]:
    ends = ((0.0, 0.0), (1.0, 1.0)) if direction == Direction.HIGHER else ((1.0, 0.0), (0.0, 1.0))
    return tuple(Anchor(name=f"a{n}", value=value, score=score) for n, (value, score) in enumerate(ends))


def asked(root: Path, name: str) -> tuple[Workspace, dict[str, Value]]:
    """Forty rows of a challenge with any metric of numbers, and predictions that are neither good nor bad."""
    manifest, answers, said = case(name)
    made = make_workspace(root)
    header = ",".join(["id", "answer", *COLUMNS])
    rows = [
        ",".join([i, str(true), *(column[i] for column in COLUMNS.values())])
        for i, true in answers.values.items()
    ]
    (made.answers / "answers.csv").write_text("\n".join([header, *rows]) + "\n")
    names = ("low", "high") if METRICS[name].form == Form.QUANTILES else ("p",)
    minimum = 0.0 if name == "rmsle" else None
    manifest = replace(
        manifest,
        metric=replace(manifest.metric, anchors=anchors(manifest.metric.direction)),
        answers=AnswersSpec(
            file="answers.csv",
            id_column="id",
            answer_column="answer",
            group_column="group",
            time_column="time",
            event_column="event",
            scale_column="scale",
        ),
        output=OutputSpec(
            names=("predictions.csv",), id_column="id", prediction_columns=names, minimum=minimum
        ),
        detail=DetailSpec(slices=("group",)),
    )
    return replace(made, manifest=manifest), said


def grades_of(workspace: Workspace, said: dict[str, Value], number: Callable[[int], float]) -> list[Grade]:
    """What all that look at predictions say, where every row's numbers are replaced."""
    width = len(workspace.manifest.output.columns)
    lines = [f"{i},{','.join([repr(number(n))] * width)}" for n, i in enumerate(said)]
    header = ",".join(("id", *workspace.manifest.output.columns))
    ready = with_output(workspace, "\n".join([header, *lines]) + "\n")
    return [grader.grade(ready) for grader in GRADERS]


@pytest.mark.parametrize("name", AMOUNTS)
def test_numbers_whose_square_no_computer_holds_are_refused_and_worth_nothing(
    tmp_path: Path, name: str
) -> None:
    workspace, said = asked(tmp_path, name)
    quality, *_, form = grades_of(workspace, said, lambda _: 1e200)
    assert form.invalid_output.startswith("predictions.csv: 40 values are out of range (first: '1e+200'")
    finding = by_check(quality)["model.metric.primary"]
    assert (finding.outcome, finding.points) == (Outcome.FAILED, 0)
    assert form.invalid_output in finding.sentence


@pytest.mark.parametrize("name", AMOUNTS)
def test_the_largest_numbers_that_are_taken_have_a_value_and_an_interval(tmp_path: Path, name: str) -> None:
    workspace, said = asked(tmp_path, name)
    sign = 1 if name == "rmsle" else -1
    grades = grades_of(workspace, said, lambda n: LARGEST if n % 2 else sign * LARGEST)
    assert {grade.status for grade in grades} == {GradeStatus.OK}
    [metric] = grades[0].metrics
    assert metric.low <= metric.value <= metric.high
    assert len(by_check(grades[0])["model.metric.primary"].sentence) < 200


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.8434, "0.843"),
        (-3.1538, "-3.154"),
        (12.345, "12.35"),
        (1234.5, "1,234"),
        (9.9996, "10.00"),
        (4e60, "4e+60"),
    ],
)
def test_a_value_has_the_digits_that_its_size_asks_for(value: float, words: str) -> None:
    assert shown(value) == words
