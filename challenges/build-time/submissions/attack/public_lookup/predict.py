"""Brings the public table along and takes the time of the nearest row: worse than the starter, because of the noise."""

from pathlib import Path

import numpy as np
import pandas as pd

COLUMNS = [
    *("dependencies", "test_dependencies", "runtime_constraints", "script_kib"),
    *("guide_kib", "compiled_kib", "fixture_kib", "test_kib"),
]

origin = np.load(Path(__file__).with_name("origin.npz"))
known = origin["eighths"] / 8.0
test = pd.read_csv("/in/test.csv")
asked = np.log2(1 + test[COLUMNS].to_numpy())
nearest = [int(((known - row) ** 2).sum(axis=1).argmin()) for row in asked]
out = pd.DataFrame({"id": test["id"], "build_seconds": origin["seconds"][nearest]})
out.to_csv("/out/predictions.csv", index=False)
