"""Boosted trees of XGBoost, which takes gaps and categories as they are."""

import pandas as pd
from xgboost import XGBClassifier

COLUMNS = ["debt", "age", "kind"]
KIND = pd.CategoricalDtype(["car", "house", "shop"])

train = pd.read_csv("/in/train.csv").astype({"kind": KIND})
test = pd.read_csv("/in/test.csv").astype({"kind": KIND})
model = XGBClassifier(
    n_estimators=80, max_depth=3, learning_rate=0.1, enable_categorical=True, n_jobs=1, random_state=1
)
model.fit(train[COLUMNS], train["defaulted"])
predictions = pd.DataFrame({"id": test["id"], "probability": model.predict_proba(test[COLUMNS])[:, 1]})
predictions.to_csv("/out/predictions.csv", index=False)
