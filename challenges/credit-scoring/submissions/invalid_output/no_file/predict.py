"""Runs to its end and writes a file of another name."""

import pandas as pd

test = pd.read_csv("/in/test.csv")
predictions = pd.DataFrame({"id": test["id"], "probability_of_default": 0.28})
predictions.to_csv("/out/result.csv", index=False)
