"""One line for each product's logarithm: level, trend, a yearly wave and offers. What a good answer reaches."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge

INPUTS = Path(os.environ.get("AUDITION_IN", "/in"))
OUTPUTS = Path(os.environ.get("AUDITION_OUT", "/out"))
WEEKS_OF_A_YEAR = 52.18


def features(table: pd.DataFrame, usual: pd.Series) -> np.ndarray:
    """Time in years, one wave a year, and whether the price is low."""
    years = (pd.to_datetime(table["week"]) - pd.Timestamp("2023-01-02")).dt.days / 7 / WEEKS_OF_A_YEAR
    angle = 2 * np.pi * years
    is_offer = table["price"] < 0.95 * table["product"].map(usual)
    return np.column_stack([years, np.cos(angle), np.sin(angle), is_offer])


def main() -> None:
    """Fit each product by itself, predict."""
    train, test = (pd.read_csv(INPUTS / name) for name in ("train.csv", "test.csv"))
    usual = train.groupby("product")["price"].max()
    train_inputs, test_inputs = features(train, usual), features(test, usual)
    sold = np.zeros(len(test))
    for product in test["product"].unique():
        past, asked = (train["product"] == product).to_numpy(), (test["product"] == product).to_numpy()
        model = Ridge(alpha=0.1).fit(train_inputs[past], np.log1p(train["sold"][past]))
        sold[asked] = np.expm1(model.predict(test_inputs[asked]))
    test[["id"]].assign(sold=sold.clip(0)).to_csv(OUTPUTS / "predictions.csv", index=False)


if __name__ == "__main__":
    main()
