"""The last hundred applications have no prediction."""

import pandas as pd

test = pd.read_csv("/in/test.csv")
predictions = pd.DataFrame({"id": test["id"], "probability_of_default": 0.28})
predictions = predictions.iloc[:-100]
predictions.to_csv("/out/predictions.csv", index=False)
