"""Read /in/train.csv and /in/test.csv, write /out/predictions.csv; AUDITION_IN and AUDITION_OUT name other folders."""

import os
from pathlib import Path

import pandas as pd
from sklearn.linear_model import LogisticRegression

INPUTS = Path(os.environ.get("AUDITION_IN", "/in"))
OUTPUTS = Path(os.environ.get("AUDITION_OUT", "/out"))
SIGNALS = ["signal_01", "signal_02"]


def main() -> None:
    """Two signals, a linear model: a program that works, and a low score."""
    train, test = (pd.read_csv(INPUTS / name) for name in ("train.csv", "test.csv"))
    model = LogisticRegression().fit(train[SIGNALS], train["fraud"])
    risk = model.predict_proba(test[SIGNALS])[:, 1]
    test[["id"]].assign(risk=risk).to_csv(OUTPUTS / "predictions.csv", index=False)


if __name__ == "__main__":
    main()
