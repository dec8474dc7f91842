"""Five alarms are not a number."""

import pandas as pd

sample = pd.read_csv("/in/sample_submission.csv").astype({"alarm": float})
sample.loc[20:24, "alarm"] = float("nan")
sample.to_csv("/out/predictions.csv", index=False)
