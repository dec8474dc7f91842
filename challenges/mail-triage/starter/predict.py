"""Read /in/train.csv and /in/test.csv, write /out/predictions.csv; AUDITION_IN and AUDITION_OUT name other folders."""

import os
from pathlib import Path

import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

INPUTS = Path(os.environ.get("AUDITION_IN", "/in"))
OUTPUTS = Path(os.environ.get("AUDITION_OUT", "/out"))


def main() -> None:
    """The words of the subject, and nothing else: a program that works, and a low score."""
    train, test = (pd.read_csv(INPUTS / name, keep_default_na=False) for name in ("train.csv", "test.csv"))
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(train["subject"], train["goes_to"])
    predictions = test[["id"]].assign(goes_to=model.predict(test["subject"]))
    predictions.to_csv(OUTPUTS / "predictions.csv", index=False)


if __name__ == "__main__":
    main()
