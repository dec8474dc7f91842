"""The same risk for everybody."""

import pandas as pd

test = pd.read_csv("/in/test.csv")
predictions = pd.DataFrame({"id": test["id"], "probability_of_default": 0.28})
predictions.to_csv("/out/predictions.csv", index=False)
