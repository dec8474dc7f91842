"""Does the gate tell a good model from a bad one, and does retraining give a model that works? Both were tried."""

from dataclasses import replace

from audition.domain.exercise import Attempt, Exercise, ExerciseEvidence
from audition.domain.grade import Dimension, Evidence
from audition.domain.probe_runtime import SwappedEvidence
from audition.domain.run import Stage
from audition.grading import (
    CheckList,
    Need,
    Result,
    Workspace,
    check,
    failed,
    not_applicable,
    not_assessed,
    partial,
    passed,
)
from audition.grading.versions import content_version
from graders.exercised import NOT_TRIED, Tried, ending, is_refusal, seen, starved, tried, unfinished
from graders.new_predictions import read_new, usable

_BY_HEART = (
    "The gate lets the submission's own model pass before rows whose labels were turned round as well: it does not look"
    " at the rows of {data}. It may have rows of its own, or know its model by heart."
)
_RUNS, _NEW, _PREDICTS = 0.4, 0.3, 0.3
"""Parts of the points. Source: the grader catalogue, G5."""
_OFFLINE = 0.5
"""For an older model that predicts and is not served. Source: the grader catalogue, G6."""


@check(
    "pipeline.gate.decides",
    "The gate lets a good model pass and refuses a bad one",
    points=4,
    why="A gate that never refuses is decoration, and one that always does is switched off.",
    fix="Let the gate measure {model} on the rows of {data} and end with 1 when the metric is below your threshold.",
)
def gate(workspace: Workspace) -> Result:
    """1 only if the good one passes and the bad one is refused (catalogue G4)."""
    found = tried(workspace, Exercise.GATE, "gate", Dimension.PIPELINE)
    if isinstance(found, Result):
        return found
    good, bad, turned = found.of("good"), found.of("sabotaged"), found.of("turned")
    bad = bad or turned
    if good is None or (good.is_well and bad is None):
        return unfinished(found, "gate")
    places = tuple(seen(attempt) for attempt in (good, bad) if attempt is not None)
    if not good.is_well:
        sentence = f"The gate refuses the submission's own model: it {ending(good)}, where 0 was expected."
        return found.result(0, sentence, *places)
    if bad is None:
        return unfinished(found, "gate")
    result = _of_bad(found, bad, places)
    if turned is not None and turned.is_well:
        return replace(result, note=_BY_HEART)
    return replace(result, note=_not_sabotaged(found)) if bad is turned else result


def _not_sabotaged(found: Tried) -> str:
    """Why no bad model could be trained, where rows that were turned round decided instead; for reviewers."""
    made = found.of("sabotage")
    if made is None:
        return "No bad model was trained: no command that trains is declared."
    if not made.is_well:
        return f"No bad model was trained: the command {ending(made)}."
    return "No bad model was trained: the command left none, or the submitted one once more."


def _of_bad(found: Tried, bad: Attempt, places: tuple[Evidence, ...]) -> Result:
    about = bad.step.about
    if bad.is_well:
        return found.result(0, f"The gate lets {about} pass: it never says no to quality.", *places)
    if not is_refusal(bad):
        sentence = f"The gate did not judge {about}: it {ending(bad)}. A crash or a time-out is no refusal."
        return found.result(0, sentence, *places)
    return found.result(1, f"The gate lets the submission's own model pass and refuses {about}.", *places)


@check(
    "pipeline.retrain.works",
    "Retraining on new rows gives a model that predicts",
    points=4,
    why="A model that cannot be trained again without its author grows old in production.",
    fix="Let the command read {data}, write the model into {out}, and use nothing that is not in the repository.",
)
def retrain(workspace: Workspace) -> Result:
    """0.4 for a run that ends well, 0.3 for a new model, 0.3 for predictions with it, live too (catalogue G5)."""
    found = tried(workspace, Exercise.RETRAIN, "retraining command", Dimension.PIPELINE)
    if isinstance(found, Result):
        return found
    run = found.of("slice")
    if run is None:
        return unfinished(found, "retraining command")
    if not run.is_well:
        return found.result(0, f"Retraining on {run.step.about} fails: it {ending(run)}.", seen(run))
    if not run.left:
        sentence = "Retraining ran and left no model in {out} under the name that was declared."
        return found.result(_RUNS, sentence, seen(run))
    if not run.left[0].is_new:
        return found.result(
            _RUNS, "Retraining ran, but its model is the submitted one, byte for byte.", seen(run)
        )
    return _use(workspace, found, run)


def _use(workspace: Workspace, found: Tried, run: Attempt) -> Result:
    """What the new model is good for."""
    use = found.of("predict")
    if use is None:
        return unfinished(found, "model that retraining gave")
    trouble = f"predicting {ending(use)}." if not use.is_well else _trouble(workspace, found)
    if trouble:
        sentence = f"Retraining gave a new model that cannot be used: {trouble}"
        return found.result(_RUNS + _NEW, sentence, seen(run), seen(use))
    live = workspace.service.retrained if workspace.service is not None else None
    gave = f"Retraining on {run.step.about} took {run.seconds:.0f} s and gave a new model"
    if live is not None and not live.is_usable:
        sentence = f"{gave} that predicts; but with it in the image the service {_how(live)}."
        return found.result(_RUNS + _NEW, sentence, seen(run), seen(use))
    sentence = f"{gave} that predicts{' and that the service serves' if live is not None else ''}."
    return found.result(_RUNS + _NEW + _PREDICTS, sentence, seen(run), seen(use))


def _trouble(workspace: Workspace, found: Tried) -> str:
    """What is wrong with the predictions of the new model; empty when nothing is."""
    read = read_new(workspace, found.output_of("predict"))
    return "it wrote no predictions." if read is None else "" if usable(read) else read.summary()


@check(
    "pipeline.rollback.serves",
    "An older version of the model still works",
    points=1,
    why="An old model that the present code cannot load is no way back.",
    fix="Load each kept version in a test, and keep what it was served with beside it.",
)
def older(workspace: Workspace) -> Result:
    """1 when the newest other version under models/, releases/ or the like works in the model's place (G6).

    A half for one with which the program predicts and the service, where it was tried, does not.
    """
    if Stage.EXERCISE not in workspace.manifest.stages:
        return not_applicable(NOT_TRIED)
    evidence = workspace.exercise
    if evidence is None:
        return not_assessed("Whether an older model predicts could not be tried.")
    attempt = evidence.of(f"{Exercise.ROLLBACK}.predict")
    if attempt is None:
        reason = evidence.omitted.get(Exercise.ROLLBACK, evidence.trouble)
        if reason:
            return not_assessed(f"Whether an older model predicts could not be tried. {reason}")
        return not_applicable("No older version of the model is kept beside the one that is served.")
    return _with_older(workspace, evidence, attempt)


def _with_older(workspace: Workspace, evidence: ExerciseEvidence, attempt: Attempt) -> Result:
    if attempt.was_starved:
        return not_assessed(f"Whether an older model predicts could not be tried: {starved(attempt)}")
    if not attempt.is_well:
        return failed(f"With {attempt.step.about}, predicting {ending(attempt)}.", seen(attempt))
    read = read_new(workspace, evidence.output_of(attempt.step.name))
    if read is None or not usable(read):
        trouble = "it wrote no predictions." if read is None else read.summary()
        return failed(f"With {attempt.step.about}, {trouble}", seen(attempt))
    live = workspace.service.older if workspace.service is not None else None
    if live is not None and not live.is_usable:
        sentence = (
            f"With {attempt.step.about}, the program predicts; with it in the image the service {_how(live)}."
        )
        return partial(_OFFLINE, sentence, seen(attempt))
    serves = " and the service serves" if live is not None else ""
    return passed(f"With {attempt.step.about}, the program predicts{serves}.")


def _how(live: SwappedEvidence) -> str:
    """How a service answers that cannot be used with another model."""
    return f"answers {'in a form that cannot be read' if live.predicted else 'with no prediction'}"


grader = CheckList(
    name="retraining",
    version=content_version("1", __file__),
    dimension=Dimension.PIPELINE,
    needs=frozenset({Need.EXERCISE, Need.SERVICE}),
    checks=(gate, retrain, older),
)
