"""The prediction column has another name."""

import pandas as pd

test = pd.read_csv("/in/test.csv")
predictions = pd.DataFrame({"id": test["id"], "probability_of_default": 0.28})
predictions = predictions.rename(columns={"probability_of_default": "score"})
predictions.to_csv("/out/predictions.csv", index=False)
