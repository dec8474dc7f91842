"""Boosted trees of LightGBM, which takes gaps and categories as they are."""

import lightgbm
import pandas as pd

COLUMNS = ["debt", "age", "kind"]
KIND = pd.CategoricalDtype(["car", "house", "shop"])

train = pd.read_csv("/in/train.csv").astype({"kind": KIND})
test = pd.read_csv("/in/test.csv").astype({"kind": KIND})
settings = {"objective": "binary", "num_leaves": 8, "num_threads": 1, "seed": 1, "verbose": -1}
model = lightgbm.train(settings, lightgbm.Dataset(train[COLUMNS], train["defaulted"]), num_boost_round=80)
predictions = pd.DataFrame({"id": test["id"], "probability": model.predict(test[COLUMNS])})
predictions.to_csv("/out/predictions.csv", index=False)
