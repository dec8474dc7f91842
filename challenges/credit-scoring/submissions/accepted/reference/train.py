"""Train the reference model. Usage: python train.py path/to/train.csv."""

import sys
from pathlib import Path

import joblib
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, SplineTransformer, StandardScaler

from features import DERIVED, LEVELS, NUMBERS, build

TARGET = "defaulted"
MODEL = Path(__file__).resolve().parent / "model.joblib"


def inputs(*steps: SplineTransformer) -> ColumnTransformer:
    """Numbers imputed (with a flag where they were missing) and scaled, levels one-hot."""
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler(), *steps)
    levels = OneHotEncoder(handle_unknown="ignore")
    return ColumnTransformer([("numbers", numbers, [*NUMBERS, *DERIVED]), ("levels", levels, LEVELS)])


def fit(train: pd.DataFrame, seed: int = 0) -> VotingClassifier:
    """Fit on the training table; all settings were chosen by cross-validation on it."""
    smooth = LogisticRegression(C=0.1, max_iter=3000, random_state=seed)
    boosted = HistGradientBoostingClassifier(
        max_iter=120,
        learning_rate=0.06,
        max_leaf_nodes=6,
        min_samples_leaf=40,
        l2_regularization=5,
        random_state=seed,
    )
    spline = SplineTransformer(n_knots=5, degree=3, extrapolation="constant")
    members = [
        ("splines", Pipeline([("inputs", inputs(spline)), ("model", smooth)])),
        ("boosting", Pipeline([("inputs", inputs()), ("model", boosted)])),
    ]
    return VotingClassifier(members, voting="soft").fit(build(train), train[TARGET])


if __name__ == "__main__":
    joblib.dump(fit(pd.read_csv(sys.argv[1])), MODEL, compress=("lzma", 6))
