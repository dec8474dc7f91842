"""All words of subject and body, weighted, into a linear model as it comes out of the box."""

import os
from pathlib import Path

import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

INPUTS = Path(os.environ.get("AUDITION_IN", "/in"))
OUTPUTS = Path(os.environ.get("AUDITION_OUT", "/out"))


def texts(mails: pd.DataFrame) -> pd.Series:
    """Subject and body, one text."""
    return mails["subject"] + " " + mails["body"]


def main() -> None:
    """Fit on the older mails as they are, predict the later ones."""
    train, test = (pd.read_csv(INPUTS / name, keep_default_na=False) for name in ("train.csv", "test.csv"))
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(train.pipe(texts), train["goes_to"])
    predictions = test[["id"]].assign(goes_to=model.predict(test.pipe(texts)))
    predictions.to_csv(OUTPUTS / "predictions.csv", index=False)


if __name__ == "__main__":
    main()
