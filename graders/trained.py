"""What came of training that was tried: what the models that it gave predict, side by side."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from audition.domain.exercise import Exercise
from audition.grading import Workspace
from graders.cells import Value
from graders.new_predictions import read_new, usable

if TYPE_CHECKING:  # It loads numpy, for which those who only ask what a grader needs should not wait.
    from graders.model_quality.intervals import Estimate

FIRST = f"{Exercise.TRAIN}.first-predict"
"""The first training's step that predicts; both steps of what training learns from are after it."""
ALONE, BESIDE, TURNED = (f"{Exercise.LEARNS}.{part}" for part in ("alone", "beside", "predict"))


def predicted_in(workspace: Workspace, step: str) -> Mapping[str, Value] | None:
    """What a step predicted, one good value for each id; None where there is no such thing."""
    evidence = workspace.exercise
    read = read_new(workspace, evidence.output_of(step)) if evidence is not None else None
    return read.values if read is not None and usable(read) else None


def moved_by_labels(workspace: Workspace) -> "Estimate | None":
    """How far predictions move when training is given labels turned round; None where that was not seen.

    In standard deviations of the predictions, or the share that differs.
    """
    first, turned = (predicted_in(workspace, step) for step in (FIRST, TURNED))
    if first is None or turned is None:
        return None
    from graders.apart import apart, scale_of  # noqa: PLC0415

    return apart(first, turned, scale_of(first))
