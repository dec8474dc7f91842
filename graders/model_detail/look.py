"""All that is looked at, one function a check."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from audition.domain.grade import Curve, Outcome
from audition.domain.metrics import Form
from audition.grading import Result, Workspace, informative, not_applicable
from graders.answers import Answers
from graders.cells import Value
from graders.columns import columns_of
from graders.model_detail.calibration import Calibration, calibration
from graders.model_detail.compare import Difference, difference
from graders.model_detail.costs import cost_of, gap, rates
from graders.model_detail.names import CALIBRATION, COMPARE, COST, GROUPS, RESOURCES, SLICES, WORST
from graders.model_detail.resources import resources
from graders.model_detail.slices import LEAST_ROWS, Measured, Part, measure_parts, parts_of, worst
from graders.model_quality.anchors import score_of
from graders.model_quality.rows import Rows
from graders.model_quality.statistic import Array
from graders.model_quality.table import measure_of
from graders.models import models_of

_SEED = 20_240_504
_GOOD = 0.9
#: Error beyond what chance gives at which probabilities are worth nothing. Ours: a tenth is a whole band of prices.
_MOST_ERROR = 0.1
_MOST_POINTS = 200
#: Anchors are round numbers: so far, as a share, they may lie from what was measured.
_ANCHOR_SLACK = 0.01
_MOST_DRAWN = 12
_LEAST_ROUNDS, _MOST_DRAWS = 100, 20_000_000

Looked = tuple[Result, tuple[Curve, ...]]


def look(
    workspace: Workspace, answers: Answers, predictions: Mapping[str, Value]
) -> tuple[Mapping[str, Result], tuple[Curve, ...]]:
    """Look from every side.

    Args:
        workspace: Has the columns that describe rows.
        answers: Truth by id.
        predictions: By the same ids, usable.

    Raises:
        ValueError: A declared column is nowhere, or predictions to compare with cannot be used; the author's fault.
    """
    rows = Rows.of(workspace.manifest, answers, predictions)
    detail = workspace.manifest.detail
    columns = columns_of(workspace, tuple(dict.fromkeys((*detail.slices, *detail.groups))))
    sliced = parts_of({name: columns[name] for name in detail.slices}, rows.ids)
    grouped = parts_of({name: columns[name] for name in detail.groups}, rows.ids)
    looked = {
        COMPARE: _compared(workspace, rows),
        SLICES: _parts(rows, sliced, "part", "parts of the hidden rows"),
        WORST: _worst(rows, sliced),
        GROUPS: _groups(rows, grouped, _threshold(workspace)),
        CALIBRATION: _calibration(rows),
        COST: _cost(workspace, rows),
        RESOURCES: (resources(workspace.evidence, len(rows.ids)), ()),
    }
    drawn = [curve for _, curves in looked.values() for curve in curves]
    return {check: result for check, (result, _) in looked.items()}, (*drawn, *_residuals(rows))


def _compared(workspace: Workspace, rows: Rows) -> Looked:
    others = models_of(workspace, frozenset(rows.ids))
    seen = (difference(rows, name, values) for name, values in others.items())
    found = [one for one in seen if one is not None]
    if not found:
        return not_applicable("The challenge has no predictions to compare with."), ()
    sentence = f"On the same rows it is {' and '.join(one.words for one in found)}."
    return _noted(
        informative(sentence), " ".join((*(one.note for one in found), *_anchored(rows, found)))
    ), ()


def _anchored(rows: Rows, found: Sequence[Difference]) -> Iterator[str]:
    """Where a model is not worth what the anchor with its name says."""
    anchors = {anchor.name: anchor.value for anchor in rows.spec.anchors}
    for one in found:
        said = anchors.get(one.name)
        if said is not None and abs(said - one.other) > _ANCHOR_SLACK * abs(said):
            yield f"The anchor {one.name} says {said:g}."


def _parts(rows: Rows, parts: Sequence[Part], kind: str, what: str) -> Looked:
    if not parts:
        none = f"The challenge declares none with {LEAST_ROWS} rows or more."
        return not_applicable(none), ()
    found = measure_parts(rows, parts)
    if not found:
        return not_applicable(f"The metric has no value on any of the {what}."), ()
    weaker = [one for one in found if one.is_weaker]
    share = _share(rows, found[0])
    sentence = (
        f"{len(weaker)} of {len(found)} {what} are clearly weaker than the whole."
        if weaker
        else f"No {kind} of the {len(found)} looked at is clearly weaker than the whole."
    )
    note = "; ".join(one.words for one in found)
    result = _judged(share, sentence, f"{_whole(rows)} Worst first: {note}.")
    return result, tuple(_dot(rows, one, "slice") for one in found[:_MOST_DRAWN])


def _share(rows: Rows, weakest: Measured) -> float:
    """What the weakest part is worth beside the whole, at the end of its interval that speaks for it."""
    ends = (weakest.low, weakest.high)
    best = max(score_of(end, rows.spec.anchors) for end in ends)
    whole = score_of(measure_of(rows).value, rows.spec.anchors)
    return min(1.0, best / whole) if whole else 1.0


def _worst(rows: Rows, parts: Sequence[Part]) -> Looked:
    found, looked_at = worst(rows, parts)
    if not found:
        return not_applicable("There is nothing to search in."), ()
    weaker = sum(one.is_weaker for one in found)
    sentence = (
        f"A search over {looked_at:,} parts of the hidden rows found {weaker} that are clearly weaker"
        " than the whole, after allowing for how many were looked at."
    )
    note = f"{_whole(rows)} {'; '.join(one.words for one in found)}."
    result = _noted(informative(sentence), note)
    return result, tuple(_dot(rows, one, "slice.worst") for one in found)


def _groups(rows: Rows, parts: Sequence[Part], threshold: float) -> Looked:
    result, curves = _parts(rows, parts, "group", "groups")
    decisions = _two_classes(rows)
    if not parts or decisions is None:
        return result, ()
    truth, probability = decisions
    said = [result.note]
    level = 1 - (1 - rows.spec.confidence) / len(parts)
    for column in dict.fromkeys(part.column for part in parts):
        mine = [part for part in parts if part.column == column]
        for kind, found in rates(truth, probability, threshold, mine, level).items():
            if (difference := gap(found)) is not None:
                size, low, high = difference
                said.append(f"{column}, {kind}: largest difference {size:.3f} ({low:.3f} to {high:.3f}).")
    return _noted(result, " ".join(said)), tuple(_renamed(curve, "slice.group") for curve in curves)


def _calibration(rows: Rows) -> Looked:
    decisions = _two_classes(rows)
    if decisions is None:
        return not_applicable("Predictions are no probabilities of two classes."), ()
    spec = rows.spec
    found = calibration(*decisions, rounds=_rounds(rows), confidence=spec.confidence, seed=_SEED)
    excess = max(0.0, found.error.value - found.by_chance)
    sentence = (
        f"Probabilities are off by {found.error.value:.3f} on average, which chance alone explains"
        f" (up to {found.by_chance:.3f})."
        if found.is_right
        else f"Probabilities are off by {found.error.value:.3f} on average; chance explains {found.by_chance:.3f}."
    )
    note = (
        f"Expected calibration error {found.error.value:.4f}, {spec.confidence:.0%} interval"
        f" {found.error.low:.4f} to {found.error.high:.4f}, {len(found.predicted)} bins of equal size."
    )
    return _judged(max(0.0, 1 - excess / _MOST_ERROR), sentence, note), (_reliability(found),)


def _cost(workspace: Workspace, rows: Rows) -> Looked:
    detail, decisions = workspace.manifest.detail, _two_classes(rows)
    if not detail.miss_cost:
        return not_applicable("The challenge gives no costs of mistakes."), ()
    if decisions is None:
        return not_applicable("Predictions are no probabilities of two classes."), ()
    spec, threshold = rows.spec, _threshold(workspace)
    found = cost_of(
        *decisions,
        threshold,
        detail,
        rounds=_rounds(rows),
        confidence=spec.confidence,
        seed=_SEED,
    )
    sentence = (
        f"Decisions at {threshold:g} save {found.saved:.0%} of what always deciding the same would cost."
        if found.saved
        else f"Decisions at {threshold:g} cost more than always deciding the same."
    )
    note = (
        f"{found.cost.value:.4f} a row ({spec.confidence:.0%} interval {found.cost.low:.4f} to {found.cost.high:.4f});"
        f" always the same {found.constant:.4f}; at the best threshold on these rows, {found.best_threshold:.3f},"
        f" {found.best:.4f}."
    )
    return _judged(found.saved, sentence, note), ()


def _threshold(workspace: Workspace) -> float:
    """From where on a yes is meant: as the candidate declares, else as the challenge does."""
    contract = workspace.evidence.inventory.contract
    if contract.says("model.decision_threshold"):
        return contract.model.decision_threshold
    return workspace.manifest.metric.threshold


def _two_classes(rows: Rows) -> tuple[Array, Array] | None:
    """Truth and probabilities, where that is what there is."""
    output, form = rows.manifest.output, rows.spec.facts.form
    if form not in {Form.NUMBER, Form.PROBABILITY} or (output.minimum, output.maximum) != (0, 1):
        return None
    truth = rows.truth()
    return (truth, rows.prediction()) if set(truth.tolist()) == {0.0, 1.0} else None


def _judged(share: float, sentence: str, note: str) -> Result:
    outcome = Outcome.PASSED if share >= _GOOD else Outcome.PARTIAL if share > 0 else Outcome.FAILED
    return Result(outcome=outcome, share=share, sentence=sentence, note=note)


def _noted(result: Result, note: str) -> Result:
    return Result(outcome=result.outcome, share=result.share, sentence=result.sentence, note=note)


def _rounds(rows: Rows) -> int:
    """Fewer rounds for very many rows: there the interval is narrow, and the container has a minute."""
    return max(_LEAST_ROUNDS, min(rows.spec.bootstrap_rounds, _MOST_DRAWS // len(rows.ids)))


def _whole(rows: Rows) -> str:
    return f"{rows.spec.facts.label} on all rows: {measure_of(rows).value:.3f}."


def _dot(rows: Rows, one: Measured, kind: str) -> Curve:
    """One dot with its interval: low, value, high, and how many rows."""
    size = float(one.part.rows)
    return Curve(
        kind=kind,
        x=(one.low, one.value, one.high),
        y=(size, size, size),
        x_label=rows.spec.facts.label,
        y_label=one.part.name[:200],
    )


def _renamed(curve: Curve, kind: str) -> Curve:
    return Curve(kind=kind, x=curve.x, y=curve.y, x_label=curve.x_label, y_label=curve.y_label)


def _reliability(found: Calibration) -> Curve:
    return Curve(
        kind="reliability",
        x=found.predicted,
        y=found.observed,
        x_label="Predicted probability",
        y_label="Share of answers that are 1",
    )


def _residuals(rows: Rows) -> tuple[Curve, ...]:
    """Predictions against what they miss by, of amounts; at most a few hundred rows, evenly taken by id."""
    if rows.spec.facts.form != Form.NUMBER:
        return ()
    truth, said = rows.truth(), rows.prediction()
    if set(np.unique(truth)) <= {0.0, 1.0}:
        return ()
    kept = np.unique(np.linspace(0, truth.size - 1, _MOST_POINTS).round().astype(int))
    return (
        Curve(
            kind="residual",
            x=tuple(said[kept].tolist()),
            y=tuple((truth - said)[kept].tolist()),
            x_label="Prediction",
            y_label="Answer minus prediction",
        ),
    )
