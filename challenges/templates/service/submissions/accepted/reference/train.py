"""Train on a table and keep the weights: python train.py path/to/train.csv."""

import csv
import json
import sys
from pathlib import Path

from sklearn.linear_model import LogisticRegression

from features import features

MODEL = Path(__file__).resolve().with_name("model.json")


def main(path: Path) -> None:
    """Write model.json."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    model = LogisticRegression(C=10.0, max_iter=5000)
    model.fit([features(row) for row in rows], [int(row["needs_service"]) for row in rows])
    kept = {
        "weights": [round(float(w), 5) for w in model.coef_[0]],
        "bias": round(float(model.intercept_[0]), 5),
    }
    MODEL.write_text(json.dumps(kept) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
