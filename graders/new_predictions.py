"""Predictions that a candidate's own command left, read as strictly as those that count."""

import csv

from audition.domain.metrics import Form
from audition.grading import Workspace
from graders.predictions import Predictions, read_predictions


def read_new(workspace: Workspace, name: str) -> Predictions | None:
    """Read one kept file; None when there is none.

    Args:
        workspace: The evidence.
        name: As in `ExerciseEvidence.outputs`; empty for none.
    """
    path = workspace.exercise_outputs / name
    if not name or not path.is_file():
        return None
    return read_predictions(path, workspace.manifest.output, asked_ids(workspace), _form(workspace))


def read_submitted(workspace: Workspace) -> Predictions | None:
    """Read the predictions of the submitted model; None when there are none that can be used."""
    path = workspace.output()
    read = (
        None
        if path is None
        else read_predictions(path, workspace.manifest.output, asked_ids(workspace), _form(workspace))
    )
    return read if read is not None and usable(read) else None


def _form(workspace: Workspace) -> Form:
    return workspace.manifest.metric.form


def usable(read: Predictions) -> bool:
    """Whether there is one good value for each id."""
    return read.is_usable and bool(read.values)


def asked_ids(workspace: Workspace) -> frozenset[str]:
    """The ids of the public table whose answers are asked for."""
    spec, target = workspace.manifest.output, workspace.manifest.answers.answer_column
    for name in workspace.manifest.inputs:
        path = workspace.inputs / name
        if path.suffix != ".csv" or not path.is_file():
            continue
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            columns = reader.fieldnames or ()
            if spec.id_column in columns and target not in columns:
                return frozenset(row[spec.id_column] for row in reader)
    return frozenset()
