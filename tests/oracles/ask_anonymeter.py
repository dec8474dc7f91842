"""Runs where anonymeter is installed: FOLDER of three tables, how many attacks, both halves of columns, the secret."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from anonymeter.evaluators import (  # type: ignore[import-not-found]  # it has an environment of its own
    InferenceEvaluator,
    LinkabilityEvaluator,
    SinglingOutEvaluator,
)

_COLUMNS_A_QUERY = 4


def main() -> None:
    """Print each risk with both ends of its interval as one JSON object."""
    folder, attacks, first, then, secret = sys.argv[1:]
    # It draws from NumPy's global state, so that a second look sees the same.
    np.random.seed(1)  # noqa: NPY002
    tables = {key: pd.read_csv(Path(folder, f"{name}.csv")) for key, name in _FILES.items()}
    common: dict[str, Any] = {**tables, "n_attacks": int(attacks)}
    halves = first.split(","), then.split(",")
    others = [name for name in tables["syn"].columns if name != secret]
    asked = {
        "singling out": (SinglingOutEvaluator(**common, n_cols=_COLUMNS_A_QUERY), {"mode": "multivariate"}),
        "linkability": (LinkabilityEvaluator(**common, aux_cols=halves, n_neighbors=10), {"n_jobs": 1}),
        f"inference of {secret}": (
            InferenceEvaluator(**common, aux_cols=others, secret=secret, regression=False),
            {"n_jobs": 1},
        ),
    }
    found = {}
    for name, (evaluator, how) in asked.items():
        evaluator.evaluate(**how)
        risk = evaluator.risk(confidence_level=0.95)
        found[name] = [float(risk.value), *map(float, risk.ci)]
    sys.stdout.write(json.dumps(found))


_FILES = {"ori": "inside", "syn": "released", "control": "outside"}

if __name__ == "__main__":
    main()
