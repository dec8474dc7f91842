"""Read /in/train.csv and /in/test.csv, write /out/predictions.csv; AUDITION_IN and AUDITION_OUT name other folders."""

import os
from pathlib import Path

import pandas as pd
from sklearn.linear_model import LogisticRegression

INPUTS = Path(os.environ.get("AUDITION_IN", "/in"))
OUTPUTS = Path(os.environ.get("AUDITION_OUT", "/out"))
COLUMNS = ["age_years"]


def main() -> None:
    """One column, no care: a program that works, and a low score."""
    train, test = (pd.read_csv(INPUTS / name) for name in ("train.csv", "test.csv"))
    model = LogisticRegression().fit(train[COLUMNS], train["needs_service"])
    risk = model.predict_proba(test[COLUMNS])[:, 1]
    pd.DataFrame({"id": test["id"], "risk": risk}).to_csv(OUTPUTS / "predictions.csv", index=False)


if __name__ == "__main__":
    main()
