"""Words where probabilities are expected, from row 4 on."""

import pandas as pd

test = pd.read_csv("/in/test.csv")
predictions = pd.DataFrame({"id": test["id"], "probability_of_default": 0.28})
predictions["probability_of_default"] = ["0.28"] * 3 + ["low"] * (len(predictions) - 3)
predictions.to_csv("/out/predictions.csv", index=False)
