"""Train: logistic regression on one column, kept as numbers. Usage: python train.py path/to/train.csv."""

import json
import sys
from pathlib import Path

import pandas as pd
from sklearn.linear_model import LogisticRegression

COLUMN = "age_years"
MODEL = Path(__file__).resolve().with_name("model.json")


def main(path: str) -> None:
    """Write model.json."""
    train = pd.read_csv(path)
    model = LogisticRegression().fit(train[[COLUMN]], train["needs_service"])
    weight, bias = round(float(model.coef_[0, 0]), 6), round(float(model.intercept_[0]), 6)
    MODEL.write_text(json.dumps({"column": COLUMN, "weight": weight, "bias": bias}) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
