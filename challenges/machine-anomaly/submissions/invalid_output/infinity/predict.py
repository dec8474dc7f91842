"""Five alarms are infinite."""

import pandas as pd

sample = pd.read_csv("/in/sample_submission.csv").astype({"alarm": float})
sample.loc[20:24, "alarm"] = float("inf")
sample.to_csv("/out/predictions.csv", index=False)
