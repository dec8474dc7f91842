"""Five risks are not a number."""

import pandas as pd

sample = pd.read_csv("/in/sample_submission.csv").astype({"risk": float})
sample.loc[20:24, "risk"] = float("nan")
sample.to_csv("/out/predictions.csv", index=False)
