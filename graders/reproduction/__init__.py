"""Can the model be made again, and is bad data noticed? Training and the data check were tried."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING

from audition.domain.exercise import Exercise
from audition.domain.grade import Dimension
from audition.domain.run import Verdict
from audition.grading import CheckList, Need, Result, Workspace, blocked, check
from audition.grading.versions import content_version
from graders.cells import Value
from graders.chain import MODEL
from graders.exercised import Tried, ending, seen, tried, unfinished
from graders.new_predictions import read_new, read_submitted, usable
from graders.trained import moved_by_labels

if TYPE_CHECKING:  # It loads numpy, for which those who only ask what a grader needs should not wait.
    from graders.model_quality.intervals import Estimate

_SAME = 0.001
"""Two differ by less, as a share of the spread of predictions: what adding in another order makes."""
_PART = 0.5
"""Most that training on a declared share of the rows is worth: what came of all rows stays unseen."""


@check(
    "lineage.training.reproduces",
    "Training again gives the submitted model",
    points=3,
    why="A model that nobody can make again cannot be explained, mended or trusted.",
    fix="Fix every seed, commit what training reads, and submit the model that the declared command makes.",
)
def reproduces(workspace: Workspace) -> Result:
    """Two trainings and the submitted model predict the same: median of three differences (catalogue I5)."""
    found = tried(workspace, Exercise.TRAIN, "training command", Dimension.LINEAGE)
    if isinstance(found, Result):
        return found
    for part in ("first", "second"):
        attempt = found.of(part)
        if attempt is None:
            return unfinished(found, "training command")
        if not attempt.is_well:
            return found.result(0, f"Training on the public rows fails: it {ending(attempt)}.", seen(attempt))
        if not attempt.left:
            sentence = "Training ran and left no model in {out}, nor where the submission has its own."
            return found.result(0, sentence, seen(attempt))
    return _compare(workspace, found)


def _compare(workspace: Workspace, found: Tried) -> Result:
    uses = [found.of(f"{part}-predict") for part in ("first", "second")]
    made = []
    for part, use in zip(("first", "second"), uses, strict=True):
        if use is None:
            return unfinished(found, "model that training gave")
        read = read_new(workspace, found.output_of(f"{part}-predict"))
        if read is None or not usable(read):
            ended = f"predicting with it {ending(use)}, and it wrote no predictions."
            trouble = ended if read is None else read.summary()
            return found.result(0, f"The model that training gave cannot be used: {trouble}", seen(use))
        made.append(read.values)
    submitted = read_submitted(workspace)
    if submitted is None:
        return blocked("there are no predictions of the submitted model to compare with.", MODEL)
    places = tuple(seen(use) for part in ("first", "second") if (use := found.of(part)) is not None)
    moved = moved_by_labels(workspace)
    if moved is not None and moved.high < _SAME and _is_given_data(workspace):
        sentence = (
            "The declared training gives the same model when the labels that it is given are turned round."
        )
        return found.result(0, sentence, *places)
    differences = _differences(made[0], made[1], submitted.values)
    tolerance, share = (
        workspace.manifest.detail.training_tolerance,
        found.inventory.contract.pipeline.train_share,
    )
    told = _sentence(differences, tolerance)
    if share < 1:
        earned = _PART * max(0.0, 1 - differences[0].value / tolerance)
        sentence = (
            f"Training was tried with {share:.0%} of the rows, as declared, for half of the points. {told}"
        )
        return found.result(earned, sentence, *places, note=_note(differences))
    earned = median(max(0.0, 1 - difference.value / tolerance) for difference in differences)
    return found.result(earned, told, *places, note=_note(differences))


def _is_given_data(workspace: Workspace) -> bool:
    """Whether the command says where its rows go; one that reads them elsewhere cannot be given others."""
    command = workspace.evidence.inventory.contract.pipeline.train
    return command is not None and any("{data}" in word for word in command.words)


def _differences(
    first: Mapping[str, Value], second: Mapping[str, Value], own: Mapping[str, Value]
) -> "tuple[Estimate, Estimate, Estimate]":
    """Of the two trainings from each other, and of each from the submitted model."""
    from graders.apart import apart, scale_of  # noqa: PLC0415

    scale = scale_of(own)
    return apart(first, second, scale), apart(first, own, scale), apart(second, own, scale)


def _sentence(differences: "Sequence[Estimate]", tolerance: float) -> str:
    if max(difference.value for difference in differences) < _SAME:
        return "Training twice gave the submitted model's predictions both times."
    between, *from_own = differences
    parts = []
    if between.value >= _SAME:
        parts.append(f"two trainings differ from each other by {_words(between)}")
    if max(difference.value for difference in from_own) >= _SAME:
        parts.append(f"from the submitted model by {' and '.join(map(_words, from_own))}")
    return f"Predictions differ: {', '.join(parts)} of their spread; {tolerance:.0%} earn nothing."


def _words(difference: "Estimate") -> str:
    return f"{difference.value:.1%} ({difference.low:.1%} to {difference.high:.1%})"


def _note(differences: "Sequence[Estimate]") -> str:
    names = ("first and second training", "first and submitted", "second and submitted")
    return "; ".join(
        f"{name}: {one.value:.3g} ({one.low:.3g} to {one.high:.3g})"
        for name, one in zip(names, differences, strict=True)
    )


@check(
    "lineage.data.checked",
    "The data check refuses faulty batches and accepts a sound one",
    points=3,
    why="A model answers nonsense as calmly as data; only a check before it tells.",
    fix="Check columns, ranges, empty cells, known levels and unique ids, and end with 1 when one is off.",
)
def checked(workspace: Workspace) -> Result:
    """The share of faulty batches that are refused, if a sound one is accepted (catalogue I7)."""
    found = tried(workspace, Exercise.DATA_CHECK, "data check", Dimension.LINEAGE)
    if isinstance(found, Result):
        return found
    every = found.evidence.starting(f"{Exercise.DATA_CHECK}.")
    sound = [attempt for attempt in every if attempt.step.name.startswith(f"{Exercise.DATA_CHECK}.sound")]
    faulty = [attempt for attempt in every if attempt not in sound]
    if not any(attempt.is_well for attempt in sound):
        sentence = f"The data check does not accept a sound batch of the challenge's own rows: it {ending(sound[-1])}."
        return found.result(0, sentence, *(seen(attempt) for attempt in sound))
    if not faulty:
        return unfinished(found, "data check")
    # Whatever stops a batch on its way stops it; but what takes too long or was never started has not looked.
    let_in = [attempt for attempt in faulty if attempt.is_well]
    ended = [a for a in faulty if not a.is_well and a.verdict != Verdict.NONZERO_EXIT]
    wrong = (*let_in, *ended)
    if not wrong:
        return found.result(
            1, f"The data check accepts a sound batch and refuses all {len(faulty)} faulty ones."
        )
    told = "; ".join(attempt.step.about for attempt in wrong)
    sentence = f"{len(wrong)} of {len(faulty)} faulty batches are not refused: {told}."
    return found.result(1 - len(wrong) / len(faulty), sentence, *(seen(attempt) for attempt in wrong))


grader = CheckList(
    name="reproduction",
    version=content_version("1", __file__),
    dimension=Dimension.LINEAGE,
    needs=frozenset({Need.EXERCISE, Need.OUTPUTS}),
    checks=(reproduces, checked),
)
