"""Read /in/train.csv and /in/test.csv, write /out/predictions.csv; AUDITION_IN and AUDITION_OUT name other folders."""

import os
from pathlib import Path

import pandas as pd
from sklearn.linear_model import LogisticRegression

INPUTS = Path(os.environ.get("AUDITION_IN", "/in"))
OUTPUTS = Path(os.environ.get("AUDITION_OUT", "/out"))
COLUMNS = ["customer_for", "articles"]


def main() -> None:
    """Two columns: a program that works, and a low score."""
    train, test = (pd.read_csv(INPUTS / name) for name in ("train.csv", "test.csv"))
    both = pd.get_dummies(pd.concat([train[COLUMNS], test[COLUMNS]]))
    model = LogisticRegression().fit(both[: len(train)], train["left"])
    chance = model.predict_proba(both[len(train) :])[:, 1]
    out = pd.DataFrame({"id": test["id"], "probability": chance.round(6)})
    out.to_csv(OUTPUTS / "predictions.csv", index=False)


if __name__ == "__main__":
    main()
