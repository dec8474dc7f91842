"""The trained model: a smooth curve for each input and small boosted trees, averaged; numpy is all it needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from credit import tensors
from credit.features import COLUMNS, INPUTS, LEVELS, Matrix, Row, derive, encode

FLAGS = ("payment_incident",)
CURVED = tuple(name for name in INPUTS if name not in LEVELS and name not in FLAGS)
_CURVED_AT = [INPUTS.index(name) for name in CURVED]
_FLAGS_AT = [INPUTS.index(name) for name in FLAGS]
_LEVELS_AT = {INPUTS.index(name): len(levels) for name, levels in LEVELS.items()}
Arrays = Mapping[str, np.ndarray[Any, np.dtype[Any]]]


def design(inputs: Matrix, medians: Matrix, knots: Matrix) -> Matrix:
    """What the linear half sees: for each curved input a line that may bend at its knots, a flag where it is missing.

    Args:
        inputs: float64, (rows, columns of INPUTS).
        medians: float64, (columns of CURVED,), in place of what is missing.
        knots: float64, (columns of CURVED, knots), ascending; beyond the outer two the curve is flat.
    """
    raw = inputs[:, _CURVED_AT]
    missing = np.isnan(raw)
    low, high = knots[:, 0], knots[:, -1]
    span = np.where(high > low, high - low, 1.0)
    value = np.clip(np.where(missing, medians, raw), low, high)
    bends = np.maximum(value[:, :, None] - knots[None, :, :-1], 0.0) / span[None, :, None]
    flags = np.nan_to_num(inputs[:, _FLAGS_AT])
    # A level that training has not seen, and one that is missing, is none of the known ones.
    levels = [inputs[:, [place]] == np.arange(count) for place, count in _LEVELS_AT.items()]
    return np.column_stack([bends.reshape(len(inputs), -1), missing, flags, *levels]).astype(np.float64)


def known_only(inputs: Matrix) -> Matrix:
    """Inputs with levels that training has not seen as missing, which is how the trees treat them."""
    seen = inputs.copy()
    for place, count in _LEVELS_AT.items():
        seen[seen[:, place] >= count, place] = np.nan
    return seen


def _sigmoid(score: Matrix) -> Matrix:
    return 1 / (1 + np.exp(-score))


@dataclass(frozen=True)
class Model:
    """Arrays that training made; see `train.py` for their making."""

    arrays: Arrays
    notes: Mapping[str, str]

    @property
    def version(self) -> str:
        """What the service says it serves."""
        return self.notes["version"]

    @property
    def trained_at(self) -> str:
        """Date of training, ISO 8601."""
        return self.notes["trained_at"]

    def predict(self, rows: Sequence[Row]) -> Matrix:
        """Probabilities of default: float64, (rows,), within (0, 1). Each depends on its own row only."""
        return self.predict_table(encode(rows))

    def predict_table(self, table: Matrix) -> Matrix:
        """Like `predict`, for rows that are encoded already."""
        inputs = derive(table)
        return (self._smooth(inputs) + self._boosted(known_only(inputs))) / 2

    def _smooth(self, inputs: Matrix) -> Matrix:
        arrays = self.arrays
        matrix = design(inputs, arrays["medians"], arrays["knots"])
        # A product row by row: a matrix product may round a row differently in company.
        return _sigmoid((matrix * arrays["weights"]).sum(axis=1) + arrays["intercept"][0])

    def _boosted(self, inputs: Matrix) -> Matrix:
        """Walk down all trees at once; a leaf leads to itself, so a fixed number of steps is enough."""
        arrays = self.arrays
        trees = np.arange(arrays["feature"].shape[0])
        rows = np.arange(len(inputs))[:, None]
        node = np.zeros((len(inputs), len(trees)), dtype=np.int32)
        for _ in range(int(arrays["depth"][0])):
            value = inputs[rows, arrays["feature"][trees, node]]
            is_left = np.where(
                np.isnan(value),
                arrays["missing_left"][trees, node] > 0,
                value <= arrays["threshold"][trees, node],
            )
            node = np.where(is_left, arrays["left"][trees, node], arrays["right"][trees, node])
        return _sigmoid(arrays["value"][trees, node].sum(axis=1) + arrays["baseline"][0])

    def save(self, path: Path) -> None:
        """Write it; the same model gives the same bytes."""
        tensors.write(path, self.arrays, self.notes)


def load(path: Path) -> Model:
    """Read a model.

    Raises:
        OSError: There is no file.
        ValueError: The file is damaged.
        KeyError: The file is not of such a model.
    """
    arrays, notes = tensors.read(path)
    model = Model(arrays, notes)
    # A damaged file has to show now and not at the first request.
    model.predict_table(np.full((1, len(COLUMNS)), np.nan))
    return model
