"""Five risks are infinite."""

import pandas as pd

sample = pd.read_csv("/in/sample_submission.csv").astype({"risk": float})
sample.loc[20:24, "risk"] = float("inf")
sample.to_csv("/out/predictions.csv", index=False)
