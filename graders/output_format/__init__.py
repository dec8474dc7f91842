"""Does the predictions file have the form that was asked for? Guards the metric; worth no points itself."""

import dataclasses

from audition.domain import metrics
from audition.domain.grade import Dimension, Grade
from audition.domain.metrics import Form
from audition.domain.run import Stage, Verdict
from audition.grading import (
    CheckList,
    Need,
    Result,
    Workspace,
    check,
    failed,
    not_applicable,
    passed,
)
from audition.grading.versions import content_version
from graders.predictions import MISSING, NOT_ALLOWED, NOT_NUMBERS, RAGGED, Predictions, Problem
from graders.received import received

_WORDS = frozenset({Form.LABEL, Form.ITEMS, Form.TEXT})
_WHY = "Production code that reads your output has no person to guess what was meant."


def _read(workspace: Workspace) -> Predictions | None:
    found = received(workspace)
    return None if found is None else found.predictions


def _absence(workspace: Workspace) -> str:
    """Why there is no file; empty when another stage has said why already."""
    if workspace.evidence.verdict_of(Stage.PREDICT) != Verdict.ACCEPTED:
        return ""
    names = " or ".join(workspace.manifest.output.names)
    said = " ".join(workspace.evidence.refused_outputs[:3])
    return f"There is no {names} in /out. {said}".strip()


@check(
    "output.present",
    "Writes a predictions file",
    points=0,
    why=_WHY,
    fix="Write the file with the name given in the brief into the folder /out.",
)
def present(workspace: Workspace) -> Result:
    """The file is there under an accepted name."""
    path = workspace.output()
    if path is not None:
        return passed(f"{path.name} was written.")
    trouble = _absence(workspace)
    return failed(trouble) if trouble else not_applicable("Predict did not end well and left no file.")


@check(
    "output.readable",
    "The file can be read, with the right columns",
    points=0,
    why=_WHY,
    fix="Write UTF-8 CSV or Parquet with exactly the columns that the brief names.",
)
def readable(workspace: Workspace) -> Result:
    """It parses and has the columns."""
    found = _read(workspace)
    if found is None:
        return not_applicable("There is no file to look at.")
    if found.unreadable or found.missing_columns:
        return failed(found.summary())
    return passed(f"{found.file} has the columns that were asked for.")


def _about(workspace: Workspace, kind: str, good: str, bad: tuple[str, str]) -> Result:
    """The result for one kind of problem; `bad` is said of one and of several rows, after their number."""
    found = _read(workspace)
    if found is None or found.unreadable or found.missing_columns:
        return not_applicable("The file could not be read.")
    problem: Problem = getattr(found, kind)
    if found.is_cut and kind == "missing_ids":
        return not_applicable("There are far too many rows: reading stopped before the end.")
    if problem.count:
        return failed(f"{problem.counted(bad)}.", *problem.examples)
    return passed(good)


@check(
    "output.rows.complete",
    "Every row has all its cells",
    points=0,
    why="A row with a cell too many or too few shifts its values into the wrong columns.",
    fix="Let a CSV library write the file; it quotes commas and line ends in values.",
)
def even(workspace: Workspace) -> Result:
    """No row has another number of cells than the header."""
    return _about(workspace, "ragged", "All rows have all cells.", RAGGED)


@check(
    "output.ids.complete",
    "Every id has a prediction",
    points=0,
    why="A row without an answer is a customer without an answer.",
    fix="Predict every row of the input; do not drop rows with missing values.",
)
def complete(workspace: Workspace) -> Result:
    """No expected id is missing."""
    return _about(workspace, "missing_ids", "Every id that was asked for is there.", MISSING)


@check(
    "output.ids.unique",
    "No id twice",
    points=0,
    why="Two answers for one row mean that one of them is wrong.",
    fix="Write each id once; look for a join or a concat that repeats rows.",
)
def unique(workspace: Workspace) -> Result:
    """No id is repeated."""
    return _about(workspace, "duplicates", "No id is repeated.", ("row repeats an id", "rows repeat an id"))


@check(
    "output.ids.known",
    "Only ids that were asked for",
    points=0,
    why="Unknown ids point at a mix-up of data sets.",
    fix="Take the ids from the test file as they are, as text.",
)
def known(workspace: Workspace) -> Result:
    """No id was made up, and there are not far too many rows."""
    found = _read(workspace)
    if found is not None and found.is_cut:
        return failed(found.summary(), *found.unknown_ids.examples)
    bad = ("row has an id that was not asked for", "rows have an id that was not asked for")
    return _about(workspace, "unknown_ids", "No unknown ids.", bad)


@check(
    "output.values.numeric",
    "Every prediction is a finite number",
    points=0,
    why="NaN, infinity and text travel silently until something far away breaks.",
    fix="Check your output with isfinite before writing it; decide what to predict for rows you cannot.",
)
def numeric(workspace: Workspace) -> Result:
    """No NaN, infinity or text."""
    if workspace.manifest.metric.form in _WORDS:
        return not_applicable("Predictions are words here, not numbers.")
    return _about(workspace, "not_numbers", "All values are finite numbers.", NOT_NUMBERS)


@check(
    "output.values.in-range",
    "Every prediction is allowed",
    points=0,
    why="A probability above 1 is no probability, and a label that nobody knows is no answer.",
    fix="Keep to the range, the labels or the length that the brief gives.",
)
def in_range(workspace: Workspace) -> Result:
    """All values are within the declared range, or among the declared labels."""
    bad = NOT_ALLOWED[workspace.manifest.metric.form]
    return _about(workspace, "out_of_range", "All values are in range.", bad)


class OutputFormat(CheckList):
    """The checks above, and one sentence that sums them up when the file cannot be used."""

    def grade(self, workspace: Workspace) -> Grade:
        """Run the checks; say why the output is invalid, if it is."""
        grade = super().grade(workspace)
        found = _read(workspace)
        trouble = _absence(workspace) if found is None else found.summary()
        return dataclasses.replace(grade, invalid_output=trouble)


grader = OutputFormat(
    name="output-format",
    version=content_version("1", __file__, metrics.__file__),
    dimension=Dimension.MODEL_QUALITY,
    needs=frozenset({Need.OUTPUTS, Need.ANSWERS}),
    checks=(present, readable, even, complete, unique, known, numeric, in_range),
)
