"""Five predictions are not a number."""

import pandas as pd

test = pd.read_csv("/in/test.csv")
predictions = pd.DataFrame({"id": test["id"], "probability_of_default": 0.28})
predictions.loc[20:24, "probability_of_default"] = float("nan")
predictions.to_csv("/out/predictions.csv", index=False)
