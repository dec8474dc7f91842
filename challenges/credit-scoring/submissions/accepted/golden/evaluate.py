"""Estimate by cross-validation how good the model will be: python evaluate.py path/to/train.csv [metrics.json]."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from credit import quality
from credit.features import ALIKE, COLUMNS, Matrix, encode, read_rows, truth
from train import SEED, fit

FOLDS = 5
REPEATS = 2


def equal_rows(table: Matrix) -> Matrix:
    """For each row the number of its group of people who are equal in ALIKE."""
    known = table[:, [COLUMNS.index(name) for name in ALIKE]]
    return np.unique(np.nan_to_num(known, nan=-1.0), axis=0, return_inverse=True)[1].ravel()


def evaluate(data: Path) -> dict[str, Any]:
    """Metrics of predictions that were made by models which had not seen anybody of the row's group."""
    rows = read_rows(data)
    table, target = encode(rows), truth(rows)
    alike = equal_rows(table)
    scores, areas = np.zeros(len(rows)), []
    for repeat in range(REPEATS):
        folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=SEED + repeat)
        for seen, held_out in folds.split(table, target, alike):
            found = fit(table[seen], target[seen]).predict_table(table[held_out])
            scores[held_out] += found / REPEATS
            areas.append(quality.auc(target[held_out], found))
    area = float(np.mean(areas))
    return {
        "roc_auc": round(area, 4),
        "roc_auc_standard_error": round(quality.standard_error(area, target), 4),
        "roc_auc_spread_over_folds": round(float(np.std(areas)), 4),
        "brier": round(quality.brier(target, scores), 4),
        "rows": len(rows),
        "default_rate": round(float(target.mean()), 4),
        "slices": list(quality.slices(rows, target, scores)),
    }


if __name__ == "__main__":
    text = json.dumps(evaluate(Path(sys.argv[1])), indent=1)
    if len(sys.argv) > 2:
        Path(sys.argv[2]).write_text(text + "\n", encoding="utf-8")
    print(text)
