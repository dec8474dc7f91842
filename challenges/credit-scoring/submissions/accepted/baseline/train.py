"""Logistic regression on four columns as they are. Usage: python train.py path/to/train.csv."""

import sys
from pathlib import Path

import joblib
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

COLUMNS = ["years_in_job", "monthly_income", "payment_incident", "requested_amount"]
TARGET = "defaulted"
MODEL = Path(__file__).resolve().parent / "model.joblib"


def fit(train: pd.DataFrame, seed: int = 0) -> Pipeline:
    """Fit on the training table."""
    model = make_pipeline(
        SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(random_state=seed)
    )
    return model.fit(train[COLUMNS], train[TARGET])


if __name__ == "__main__":
    joblib.dump(fit(pd.read_csv(sys.argv[1])), MODEL, compress=3)
