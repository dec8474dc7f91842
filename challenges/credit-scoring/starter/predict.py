"""Read /in/test.csv, write /out/predictions.csv; AUDITION_IN and AUDITION_OUT name other folders."""

import os
from pathlib import Path

import joblib
import pandas as pd

from train import COLUMNS, MODEL


def predict(inputs: Path, outputs: Path) -> None:
    """Write one probability of default for each row of test.csv."""
    test = pd.read_csv(inputs / "test.csv")
    risk = joblib.load(MODEL).predict_proba(test[COLUMNS])[:, 1]
    predictions = pd.DataFrame({"id": test["id"], "probability_of_default": risk})
    predictions.to_csv(outputs / "predictions.csv", index=False)


if __name__ == "__main__":
    predict(Path(os.environ.get("AUDITION_IN", "/in")), Path(os.environ.get("AUDITION_OUT", "/out")))
