"""Words and pairs of words, weighted, into a linear model: what a good answer reaches."""

import os
from pathlib import Path

import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

INPUTS = Path(os.environ.get("AUDITION_IN", "/in"))
OUTPUTS = Path(os.environ.get("AUDITION_OUT", "/out"))


def main() -> None:
    """Fit on all training rows, predict."""
    train, test = (pd.read_csv(INPUTS / name) for name in ("train.csv", "test.csv"))
    words = TfidfVectorizer(ngram_range=(1, 3), sublinear_tf=True, min_df=2)
    model = make_pipeline(words, LogisticRegression(C=10.0, max_iter=1000)).fit(
        train["message"], train["team"]
    )
    predictions = test[["id"]].assign(team=model.predict(test["message"]))
    predictions.to_csv(OUTPUTS / "predictions.csv", index=False)


if __name__ == "__main__":
    main()
