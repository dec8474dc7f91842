"""What a release is still good for: three models on raw and on released rows, the same rows, the same split.

Groups of equal released rows are on one side of the split: otherwise a model could know a test row by heart, and the
release would look better than it is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from audition.anonymize.columns import (
    Column,
    Flags,
    Floats,
    Frame,
    Ints,
    Levels,
    Numbers,
    classes_of,
    take_rows,
)
from audition.anonymize.policy import Role, TablePolicy, released_name, with_role
from audition.anonymize.release import Made, people_columns
from audition.anonymize.tables import parse_numbers
from audition.domain.errors import InvalidError

_MOST_LEVELS = 30
_ROUNDS = 200
_TEST_SHARE = 0.3
_SEED = 1
Weights = npt.NDArray[Any]
"""(rounds, rows): how often each row was drawn."""
Scorer = Callable[[Floats, Floats, Weights], Floats]
"""Of truth, prediction and weights: the metric of each round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A metric with its interval of 95 % by bootstrap over test rows."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUtility:
    """One model on both."""

    model: str
    raw: Score
    released: Score
    loss: Score
    """raw - released, drawn together: the same rows in every round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Utility:
    """All models of a table."""

    metric: str
    test_rows: int
    models: tuple[ModelUtility, ...]
    keeps_order: bool
    """Whether the models rank alike on both."""


@dataclass(frozen=True, slots=True)
class _Task:
    metric: str
    score: Scorer
    models: dict[str, Callable[[], Any]]
    is_classes: bool


def measure_utility(
    source: Frame, made: Made, table: TablePolicy, most_rows: int, only: str = ""
) -> Utility | None:
    """Compare raw and released rows; None without a target, or with one that has a single value.

    Args:
        source: The raw table.
        made: Its release.
        table: Names the target.
        most_rows: A sample of this size is enough.
        only: One model's name, for a quick look; all three when empty.
    """
    targets = with_role(table.columns, Role.TARGET)
    if not targets:
        return None
    target = released_name(targets[0], table.columns[targets[0]])
    rows = np.random.default_rng(_SEED).permutation(len(made.origin))[:most_rows]
    released, raw = take_rows(made.frame, rows), take_rows(source, made.origin[rows])
    task, truth = _task(released[target])
    if len(np.unique(truth)) < 2:  # noqa: PLR2004  nothing to tell apart
        return None
    names = [name for name in people_columns(table) if name != target]
    features = [n for n, r in table.columns.items() if r.is_released and released_name(n, r) in names]
    sides = (matrix({name: raw[name] for name in features}), matrix({name: released[name] for name in names}))
    test = _test_rows(classes_of(released, names))
    models = {name: make for name, make in task.models.items() if only in {"", name}}
    found = [_compare(name, make, task, sides, truth, test) for name, make in models.items()]
    orders = [sorted(found, key=lambda one: -getattr(one, side).value) for side in ("raw", "released")]
    return Utility(
        metric=task.metric, test_rows=int(test.sum()), models=tuple(found), keeps_order=orders[0] == orders[1]
    )


def _task(target: Column) -> tuple[_Task, Floats]:
    """What kind of target it is, and its values as numbers."""
    values = target.values if isinstance(target, Numbers) else target.codes.astype(np.float64)
    there = values[~np.isnan(values)]
    kinds = len(np.unique(there))
    if isinstance(target, Numbers) and kinds > _MOST_LEVELS:
        models: dict[str, Callable[[], Any]] = {
            "linear": lambda: make_pipeline(StandardScaler(), Ridge()),
            "boosted trees": lambda: HistGradientBoostingRegressor(random_state=_SEED),
            "random forest": lambda: RandomForestRegressor(
                100, min_samples_leaf=5, n_jobs=1, random_state=_SEED
            ),
        }
        return _Task("R²", _r2, models, is_classes=False), np.nan_to_num(values)
    models = {
        "linear": lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)),
        "boosted trees": lambda: HistGradientBoostingClassifier(random_state=_SEED),
        "random forest": lambda: RandomForestClassifier(
            100, min_samples_leaf=5, n_jobs=1, random_state=_SEED
        ),
    }
    if kinds == 2:  # noqa: PLR2004  yes and no
        return _Task("ROC AUC", weighted_auc, models, is_classes=True), (values == there.max()).astype(
            np.float64
        )
    return _Task("accuracy", _accuracy, models, is_classes=True), np.nan_to_num(values)


def matrix(frame: Frame) -> Floats:
    """Columns as numbers: words one-hot by their commonest levels, what is missing as the median and a flag."""
    parts: list[Floats] = []
    for column in frame.values():
        numbers = _as_numbers(column)
        if numbers is not None:
            missing = numbers.missing()
            there = numbers.values[~missing]
            middle = float(np.median(there)) if len(there) else 0.0
            parts += [np.where(missing, middle, numbers.values), missing.astype(np.float64)]
        elif isinstance(column, Levels):
            common = np.argsort(-column.counts(), kind="stable")[:_MOST_LEVELS]
            parts += [(column.codes == code).astype(np.float64) for code in common]
    return np.column_stack(parts)


def _as_numbers(column: Column) -> Numbers | None:
    try:
        return parse_numbers(column, "")
    except InvalidError:
        return None


def _test_rows(groups: Ints) -> Flags:
    count = int(groups.max(initial=-1)) + 1
    chosen = np.random.default_rng(_SEED).random(count) < _TEST_SHARE
    return np.asarray(chosen[groups], dtype=np.bool_)


def _compare(  # noqa: PLR0913  one experiment's parts
    name: str,
    make: Callable[[], Any],
    task: _Task,
    sides: tuple[Floats, Floats],
    truth: Floats,
    test: Flags,
) -> ModelUtility:
    predictions = []
    for features in sides:
        model = make().fit(features[~test], truth[~test])
        predictions.append(_predict(model, features[test], task))
    random = np.random.default_rng(_SEED)
    count = int(test.sum())
    weights = np.array(
        [np.bincount(random.integers(0, count, count), minlength=count) for _ in range(_ROUNDS)]
    )
    drawn = [task.score(truth[test], said, weights) for said in predictions]
    plain = [float(task.score(truth[test], said, np.ones((1, count)))[0]) for said in predictions]
    return ModelUtility(
        model=name,
        raw=_score(plain[0], drawn[0]),
        released=_score(plain[1], drawn[1]),
        loss=_score(plain[0] - plain[1], drawn[0] - drawn[1]),
    )


def _predict(model: Any, features: Floats, task: _Task) -> Floats:  # noqa: ANN401  the library has no types
    if task.metric == "ROC AUC":
        return np.asarray(model.predict_proba(features)[:, 1], dtype=np.float64)
    return np.asarray(model.predict(features), dtype=np.float64)


def _score(value: float, drawn: Floats) -> Score:
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return Score(value=float(value), low=float(low), high=float(high))


def weighted_auc(truth: Floats, said: Floats, weights: Weights) -> Floats:
    """Area under the ROC curve where rows count as often as they were drawn; NaN with one class only."""
    order = np.argsort(said, kind="stable")
    ordered = said[order]
    begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    drawn = weights[:, order].astype(np.float64)
    positive = np.add.reduceat(drawn * truth[order], begins, axis=1)
    negative = np.add.reduceat(drawn * (1 - truth[order]), begins, axis=1)
    below = np.cumsum(negative, axis=1) - negative / 2
    both = positive.sum(axis=1) * negative.sum(axis=1)
    return np.where(both > 0, (positive * below).sum(axis=1) / np.maximum(both, 1), np.nan)


def _accuracy(truth: Floats, said: Floats, weights: Weights) -> Floats:
    return np.asarray(weights @ (truth == said) / weights.sum(axis=1), dtype=np.float64)


def _r2(truth: Floats, said: Floats, weights: Weights) -> Floats:
    total = weights.sum(axis=1)
    spread = weights @ truth**2 - (weights @ truth) ** 2 / total
    return np.asarray(1 - weights @ (truth - said) ** 2 / np.maximum(spread, 1e-12), dtype=np.float64)
