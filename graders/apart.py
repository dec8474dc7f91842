"""How far apart what two models predict for the same rows is, with an interval."""

from collections.abc import Mapping, Sequence

import numpy as np

from graders.cells import Value
from graders.model_quality.intervals import Estimate, estimate, wilson_of
from graders.model_quality.statistic import Array, Sums, mean, ratio

_CONFIDENCE = 0.95
_SEED = 20_240_507
#: Rounds of the bootstrap; fewer for very many rows, where the interval is narrow.
_ROUNDS, _LEAST_ROUNDS, _MOST_DRAWS = 400, 100, 8_000_000


def apart(one: Mapping[str, Value], other: Mapping[str, Value], scale: float) -> Estimate:
    """The root mean square difference in units of `scale`; the share of rows that differ where that is 0.

    Args:
        one: Predictions by id.
        other: Likewise, of the same ids and form.
        scale: See `scale_of`.
    """
    ids = sorted(one)
    if not scale:
        differs = np.array([float(one[i] != other[i]) for i in ids])
        return _estimated(mean(differs, closed=wilson_of(differs)))
    gaps = (_numbers(one, ids) - _numbers(other, ids)) / scale
    squares = (gaps**2).mean(axis=1)
    parts = np.stack([squares, np.ones_like(squares)], axis=1)
    return _estimated(Sums(parts=parts, combine=lambda sums: np.asarray(np.sqrt(ratio(sums)))))


def scale_of(values: Mapping[str, Value]) -> float:
    """Standard deviation of all numbers; 0 for labels, texts and lists of items, and where nothing differs."""
    ids = sorted(values)
    is_of_numbers = all(all(isinstance(part, float) for part in _parts(values[i])) for i in ids)
    return float(np.std(_numbers(values, ids))) if is_of_numbers and ids else 0.0


def _estimated(statistic: Sums) -> Estimate:
    rounds = max(_LEAST_ROUNDS, min(_ROUNDS, _MOST_DRAWS // max(1, statistic.rows)))
    return estimate(statistic, rounds=rounds, confidence=_CONFIDENCE, seed=_SEED)


def _numbers(values: Mapping[str, Value], ids: Sequence[str]) -> Array:
    """float64, (rows, columns)."""
    return np.array([_parts(values[i]) for i in ids], dtype=np.float64)


def _parts(value: Value) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)
