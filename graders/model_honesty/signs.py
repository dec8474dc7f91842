"""The signs, one function each. Numbers that come from the answers stand in notes for reviewers only."""

import re
from collections import Counter
from collections.abc import Mapping
from hashlib import sha256

import numpy as np

from audition.domain.metrics import Direction, Form
from audition.domain.traces import MAX_DIGITS, Traces, compare
from audition.grading import Result, Workspace, informative, not_applicable
from graders.answers import Answers
from graders.cells import Value
from graders.columns import InputTable, input_table
from graders.model_honesty.names import CONSTANT, FINGERPRINT, ORDER, SINGLE, TOO_GOOD
from graders.model_quality.intervals import estimate
from graders.model_quality.ranked import midranks
from graders.model_quality.rows import Rows
from graders.model_quality.statistic import Array
from graders.model_quality.table import measure_of
from graders.models import models_of

#: Share of rows with one and the same prediction at which predictions are called constant.
_CONSTANT = 0.99
#: Standard deviations of a rank correlation under chance beyond which it is no chance: 1 in 16,000.
_BEYOND_CHANCE = 4.0
#: A rank correlation from here on says that the two are the same order.
_SAME_ORDER = 0.95
_LEAST_DIFFERENT = 64
_SEED = 20_240_505
_ROUNDS = 200
_LAST_DIGITS = re.compile(r"\d+$")
_WORDS = frozenset({Form.ITEMS, Form.TEXT})


def look(
    workspace: Workspace, answers: Answers, predictions: Mapping[str, Value]
) -> tuple[Mapping[str, Result], Traces]:
    """Look for every sign, and take what can be compared with other candidates.

    Args:
        workspace: Has the inputs.
        answers: Truth by id.
        predictions: By the same ids, usable.
    """
    rows = Rows.of(workspace.manifest, answers, predictions)
    table = input_table(workspace, rows.ids)
    digits = last_digits(rows)
    results = {
        CONSTANT: _constant(rows),
        ORDER: _order(rows, table),
        SINGLE: _single(rows, table),
        TOO_GOOD: _too_good(rows),
        FINGERPRINT: _fingerprint(digits, models_of(workspace, frozenset(rows.ids))),
    }
    return results, Traces(digits=digits)


def _constant(rows: Rows) -> Result:
    values = [rows.predictions[i] for i in rows.ids]
    counts = Counter(values)
    share = max(counts.values()) / len(values)
    if share >= _CONSTANT:
        return informative(f"{share:.1%} of the predictions are the same.")
    return informative(f"There are {len(counts):,} different predictions for {len(values):,} rows.")


def _order(rows: Rows, table: InputTable | None) -> Result:
    said = _series(rows)
    if not said:
        return not_applicable("Lists and texts have no order to compare.")
    orders = _orders(rows, table)
    true = _truth(rows)
    notes, followed = [], ""
    for name, order in orders.items():
        ours = _strongest(said, order)
        theirs = _strongest(true, order)
        notes.append(f"{name}: rank correlation {ours:.3f} with predictions, {theirs:.3f} with answers.")
        if ours > _BEYOND_CHANCE / len(rows.ids) ** 0.5 and ours > 2 * theirs:
            followed = followed or f"Predictions follow {name} (rank correlation {ours:.2f})."
    return _noted(followed or "Predictions follow neither ids nor the order of rows.", " ".join(notes))


def _orders(rows: Rows, table: InputTable | None) -> dict[str, Array]:
    """What rows could be ordered by without knowing anything about them."""
    found: dict[str, Array] = {}
    if table is not None:
        found["the order of the rows"] = np.array([table.place[i] for i in rows.ids], dtype=np.float64)
    ends = [_LAST_DIGITS.search(i) for i in rows.ids]
    if all(ends):
        found["the number in the id"] = np.array([float(end[0][-15:]) for end in ends if end])
    return found


def _single(rows: Rows, table: InputTable | None) -> Result:
    """Which column of numbers predictions follow most, and what it is worth alone."""
    said, usable = _series(rows), _numbers(rows, table)
    if not said or not usable:
        return not_applicable("There are no columns of numbers to compare with.")
    strength = {name: _strongest(said, values) for name, values in usable.items()}
    name = max(strength, key=lambda column: strength[column])
    note = f"{name}: rank correlation {strength[name]:.3f} with predictions{_alone(rows, usable[name])}."
    if strength[name] >= _SAME_ORDER:
        return _noted("Predictions have nearly the order of one column.", note)
    return _noted("Predictions do not have the order of any one column.", note)


def _alone(rows: Rows, values: Array) -> str:
    """What a column reaches as a ranking of two classes or as a rank correlation with the answers."""
    true = _truth(rows)
    return f", {_strongest(true, values):.3f} with answers" if true else ""


def _too_good(rows: Rows) -> Result:
    """Whether the whole interval lies beyond the best anchor."""
    spec, best = rows.spec, rows.spec.anchors[-1]
    found = estimate(measure_of(rows), rounds=_ROUNDS, confidence=spec.confidence, seed=_SEED)
    is_higher = spec.direction == Direction.HIGHER
    is_beyond = found.low > best.value if is_higher else found.high < best.value
    note = (
        f"{spec.facts.label} {found.value:.4f} ({found.low:.4f} to {found.high:.4f});"
        f" the best anchor, {best.name}, is {best.value:g}."
    )
    if is_beyond:
        return _noted("The metric lies beyond the best that the author could reach.", note)
    return _noted("The metric is not beyond the best that the author could reach.", note)


def _fingerprint(digits: str, models: Mapping[str, Mapping[str, Value]]) -> Result:
    if not digits:
        return not_applicable("There are no numbers with last digits, or too few different ones.")
    shares = {name: agreement(Traces(digits=digits), values) for name, values in models.items()}
    note = " ".join(
        f"{share:.0%} of them are those of the challenge's {name} (chance: half)."
        for name, share in shares.items()
        if share is not None
    )
    return _noted("Reviewers can compare the predictions' last digits with other candidates'.", note)


def agreement(mine: Traces, others: Mapping[str, Value]) -> float | None:
    """Share of last digits that others have too, in [0, 1]; None where theirs say nothing."""
    numbers = {identifier: value for identifier, value in others.items() if isinstance(value, float)}
    if len(numbers) < len(others):
        return None
    return compare(mine, Traces(digits=parities(numbers))).digits


def last_digits(rows: Rows) -> str:
    """Parities of the fourth significant digit of chosen predictions; empty where they would say nothing."""
    said = _series(rows)
    if not said or rows.spec.facts.form == Form.LABEL:
        return ""
    return parities(dict(zip(rows.ids, next(iter(said.values())).tolist(), strict=True)))


def parities(values: Mapping[str, float]) -> str:
    """A 0 or 1 for each of up to `MAX_DIGITS` predictions; empty when few are different, as of one tree's leaves.

    Models made independently agree in half of them, give or take 3 % (one standard deviation); the same model, or a
    copy with a little noise, in nearly all.

    Args:
        values: Prediction by id; rows are chosen by a hash of their ids, so equal ids give equal rows.
    """
    chosen = sorted(values, key=lambda i: sha256(i.encode()).digest())[:MAX_DIGITS]
    if len({values[identifier] for identifier in chosen}) < _LEAST_DIFFERENT:
        return ""
    return "".join(str(int(f"{abs(values[identifier]):.3e}"[4]) & 1) for identifier in chosen)


def _series(rows: Rows) -> dict[str, Array]:
    """Predictions as one or several columns of numbers."""
    form = rows.spec.facts.form
    if form in _WORDS:
        return {}
    if form == Form.LABEL:
        _, said = rows.codes()
        return {
            label: (said == at).astype(np.float64) for at, label in enumerate(rows.manifest.output.labels)
        }
    values = rows.prediction()
    return {"": values} if values.ndim == 1 else {str(at): column for at, column in enumerate(values.T)}


def _truth(rows: Rows) -> dict[str, Array]:
    form = rows.spec.facts.form
    if form in _WORDS:
        return {}
    if form in {Form.LABEL, Form.PROBABILITIES}:
        true, _ = rows.codes()
        return {
            label: (true == at).astype(np.float64) for at, label in enumerate(rows.manifest.output.labels)
        }
    return {"": rows.truth()}


def _numbers(rows: Rows, table: InputTable | None) -> dict[str, Array]:
    """Columns of numbers in the order of the rows, missing cells in the middle of the others."""
    if table is None:
        return {}
    at = np.array([table.place[i] for i in rows.ids])
    found = {name: np.array(values)[at] for name, values in table.numbers.items()}
    return {
        name: np.where(np.isfinite(values), values, np.nanmedian(values))
        for name, values in found.items()
        if np.isfinite(values).any()
    }


def _strongest(series: Mapping[str, Array], other: Array) -> float:
    """Largest absolute rank correlation; 0 where one never changes."""
    return max((abs(rank_correlation(values, other)) for values in series.values()), default=0.0)


def rank_correlation(one: Array, other: Array) -> float:
    """Spearman's, in [-1, 1]; 0 where one of the two never changes."""
    a, b = midranks(one), midranks(other)
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size else 0.0


def _noted(sentence: str, note: str) -> Result:
    result = informative(sentence)
    return Result(outcome=result.outcome, share=0.0, sentence=sentence, note=note)
