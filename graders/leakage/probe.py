"""The half of J6 that is tried: training on labels turned round, where the table of hidden rows is not there.

Whoever learns from the labels predicts something else then; whoever has the answers from elsewhere does not.
"""

from audition.domain.exercise import Attempt, Exercise
from audition.domain.run import Stage
from audition.grading import Result, Workspace, check, informative, not_applicable, not_assessed, passed
from graders.exercised import ending, seen, starved
from graders.trained import ALONE, BESIDE, FIRST, moved_by_labels, predicted_in

_LITTLE = 0.5
"""Predictions that move by less than this share of their spread are called nearly the same. Ours: of a model that
learned, turning two labels round moves most predictions to the other side."""


@check(
    "leakage.labels",
    "Training learns from the labels that it is given",
    points=0,
    why="A command that gives the same model whatever the labels say does not train it.",
    fix="Let the declared command read {data}, and make the model from it alone.",
)
def learns_from_labels(workspace: Workspace) -> Result:
    """Whether predictions move when the labels are turned round."""
    tried = _tried(workspace)
    if isinstance(tried, Result):
        return tried
    moved = moved_by_labels(workspace)
    if moved is None:
        return not_assessed("Training on labels turned round gave no model that predicts.")
    far = f"by {moved.value:.2g} of their spread ({moved.low:.2g} to {moved.high:.2g})"
    if moved.value >= _LITTLE:
        return passed(f"With labels turned round, training gives another model: predictions move {far}.")
    sentence = f"With labels turned round, training gives nearly the same model: predictions move {far}."
    return informative(sentence, *(seen(attempt) for attempt in tried))


@check(
    "leakage.hidden-rows",
    "Training does without the hidden rows",
    points=0,
    why="What is fitted to the rows that it is measured on looks better than it is.",
    fix="Fit on {data} alone; read the rows to predict only when you predict.",
)
def does_without_hidden_rows(workspace: Workspace) -> Result:
    """Whether training ends well where their table is not there."""
    tried = _tried(workspace)
    if isinstance(tried, Result):
        return tried
    first, last = tried[0], tried[-1]
    if not first.step.hidden:
        return not_applicable("The kit has no table of hidden rows of its own.")
    if first.is_well:
        return passed(f"Training runs where {first.step.hidden} is not there.")
    if first.was_starved:
        return not_assessed(f"What training reads could not be tried: {starved(first)}")
    if not last.is_well:
        return not_assessed("Training fails on labels turned round, also where the hidden rows are there.")
    sentence = f"Training {ending(first)} where {first.step.hidden} is not there, and runs where it is."
    return informative(sentence, seen(first))


def _tried(workspace: Workspace) -> tuple[Attempt, ...] | Result:
    """The trainings on labels turned round, one at least."""
    evidence = workspace.exercise
    if Stage.EXERCISE not in workspace.manifest.stages or (
        workspace.evidence.inventory.contract.pipeline.train is None
    ):
        return not_applicable("No training command was tried.")
    attempts = [evidence.of(step) for step in (ALONE, BESIDE)] if evidence is not None else []
    found = tuple(attempt for attempt in attempts if attempt is not None)
    if found:
        return found
    if evidence is not None and predicted_in(workspace, FIRST) is None:
        return not_applicable("Training gave no model that predicts, so there was nothing to compare with.")
    reason = evidence.omitted.get(Exercise.LEARNS, evidence.trouble) if evidence is not None else ""
    return not_assessed(f"What training learns from could not be tried. {reason}".strip())
