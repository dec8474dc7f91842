"""Train the model and everything that is made with it: python train.py path/to/train.csv [folder to write to]."""

import hashlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from credit import VERSION, drift
from credit.features import Matrix, derive, encode, read_rows, truth
from credit.model import CURVED, INPUTS, Model, design, known_only

HERE = Path(__file__).resolve().parent
SEED = 0
KNOTS = 4
#: Chosen by five-fold cross-validation on the training data; `evaluate.py` repeats the estimate.
PENALTY = 0.03
TREES = {
    "max_iter": 300,
    "learning_rate": 0.05,
    "max_leaf_nodes": 4,
    "max_features": 0.3,
    "min_samples_leaf": 40,
    "l2_regularization": 5.0,
}


def fit(table: Matrix, target: Matrix, notes: dict[str, str] | None = None) -> Model:
    """Fit both halves of the model.

    Args:
        table: Encoded rows, as `credit.features.encode` makes them.
        target: 0 or 1 for each row.
        notes: Goes into the model file.
    """
    inputs = derive(table)
    arrays = {**_curves(inputs, target), **_trees(known_only(inputs), target)}
    return Model(arrays, {"version": VERSION, "trained_at": "", **(notes or {})})


def _curves(inputs: Matrix, target: Matrix) -> dict[str, Any]:
    curved = inputs[:, [INPUTS.index(name) for name in CURVED]]
    medians = np.nanmedian(curved, axis=0)
    # The outer knots leave out the extremes, so that a single wild value bends nothing.
    knots = np.nanquantile(curved, np.linspace(0.01, 0.99, KNOTS), axis=0).T
    matrix = design(inputs, medians, knots)
    scale = matrix.std(axis=0)
    scale[scale == 0] = 1.0
    smooth = LogisticRegression(C=PENALTY, max_iter=5000, random_state=SEED).fit(matrix / scale, target)
    return {
        "medians": medians,
        "knots": knots,
        "weights": smooth.coef_[0] / scale,
        "intercept": np.asarray(smooth.intercept_, dtype=np.float64),
    }


def _trees(inputs: Matrix, target: Matrix) -> dict[str, Any]:
    """Boosted trees as plain arrays, (trees, nodes); shorter trees are filled up with leaves."""
    boosted = HistGradientBoostingClassifier(early_stopping=False, random_state=SEED, **TREES).fit(
        inputs, target
    )
    trees = [stage[0].nodes for stage in boosted._predictors]  # noqa: SLF001  there is no public way to the nodes
    most = max(len(nodes) for nodes in trees)
    shape = (len(trees), most)
    own = np.broadcast_to(np.arange(most, dtype=np.int32), shape)
    arrays = {
        "feature": np.zeros(shape, np.int32),
        "threshold": np.zeros(shape),
        "missing_left": np.zeros(shape, np.uint8),
        "left": own.copy(),
        "right": own.copy(),
        "value": np.zeros(shape),
        "depth": np.array([max(int(nodes["depth"].max()) for nodes in trees)], np.int32),
        "baseline": np.asarray(boosted._baseline_prediction, dtype=np.float64).reshape(-1),  # noqa: SLF001
    }
    for number, nodes in enumerate(trees):
        inner = np.flatnonzero(nodes["is_leaf"] == 0)
        arrays["value"][number, : len(nodes)] = nodes["value"]
        for name, field in {"feature": "feature_idx", "threshold": "num_threshold"}.items():
            arrays[name][number, inner] = nodes[field][inner]
        for name in ("left", "right"):
            arrays[name][number, inner] = nodes[name][inner]
        arrays["missing_left"][number, inner] = nodes["missing_go_to_left"][inner]
    return arrays


def train(data: Path, out: Path) -> Model:
    """Read the data, fit, and write `model.safetensors` and `reference.json` into a folder."""
    rows = read_rows(data)
    table = encode(rows)
    digest = hashlib.sha256(data.read_bytes()).hexdigest()
    now = datetime.now(tz=UTC).date().isoformat()
    model = fit(table, truth(rows), {"trained_at": now, "data_sha256": digest, "rows": str(len(rows))})
    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "model.safetensors")
    drift.Reference.of(table, model.predict_table(table)).save(out / "reference.json")
    return model


if __name__ == "__main__":
    train(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else HERE / "model")
