"""Can the model be made again, and is bad data noticed? Training and the data check were tried."""

import math
from collections.abc import Mapping
from statistics import fmean, median, pstdev

from audition.domain.exercise import Exercise
from audition.domain.grade import Dimension
from audition.domain.run import Verdict
from audition.grading import CheckList, Need, Result, Workspace, check, not_assessed
from audition.grading.versions import content_version
from graders import exercised, new_predictions, predictions
from graders.exercised import Tried, ending, seen, tried, unfinished
from graders.new_predictions import read_new, read_submitted, usable

_TOLERANCE = 0.2
"""Root mean square difference of two models' predictions, in standard deviations of the submitted one's, that earns
nothing. Two seeds of a boosted model differ by about half of that."""


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
        return not_assessed("There are no predictions of the submitted model to compare with.")
    first, second, own = (_aligned(values) for values in (*made, submitted.values))
    spread = _spread(own)
    deltas = [_difference(a, b, spread) for a, b in ((first, second), (first, own), (second, own))]
    share = median(max(0.0, 1 - delta / _TOLERANCE) for delta in deltas)
    places = tuple(seen(use) for part in ("first", "second") if (use := found.of(part)) is not None)
    return found.result(share, _sentence(deltas), *places, note=_note(deltas))


def _aligned(values: Mapping[str, object]) -> list[object]:
    """Every value in the order of the ids, those of several columns one after the other."""
    every = (values[key] for key in sorted(values))
    return [part for value in every for part in (value if isinstance(value, tuple) else (value,))]


def _spread(values: list[object]) -> float | None:
    """Standard deviation of numbers; None for labels, texts and lists of items."""
    numbers = [value for value in values if isinstance(value, float)]
    return pstdev(numbers) if numbers and len(numbers) == len(values) else None


def _difference(a: list[object], b: list[object], spread: float | None) -> float:
    """Root mean square difference in units of `spread`; without one, the share that differs."""
    if spread is None:
        count = max(len(a), len(b))
        return 1 - sum(x == y for x, y in zip(a, b, strict=False)) / count
    pairs = [(x, y) for x, y in zip(a, b, strict=True) if isinstance(x, float) and isinstance(y, float)]
    gap = math.sqrt(fmean((x - y) ** 2 for x, y in pairs))
    return gap / spread if spread > 0 else 0.0 if gap == 0 else math.inf


def _sentence(deltas: list[float]) -> str:
    if max(deltas) < _TOLERANCE / 200:
        return "Training twice gave the submitted model's predictions both times."
    parts = []
    if deltas[0] >= _TOLERANCE / 200:
        parts.append(f"two trainings differ from each other by {deltas[0]:.0%}")
    if max(deltas[1:]) >= _TOLERANCE / 200:
        parts.append(f"from the submitted model by {deltas[1]:.0%} and {deltas[2]:.0%}")
    return f"Predictions differ: {', '.join(parts)} of their spread; {_TOLERANCE:.0%} earn nothing."


def _note(deltas: list[float]) -> str:
    names = ("first and second training", "first and submitted", "second and submitted")
    return "; ".join(f"{name}: {delta:.3g}" for name, delta in zip(names, deltas, strict=True))


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
    version=content_version(
        "1", __file__, exercised.__file__, new_predictions.__file__, predictions.__file__
    ),
    dimension=Dimension.LINEAGE,
    needs=frozenset({Need.EXERCISE, Need.OUTPUTS}),
    checks=(reproduces, checked),
)
