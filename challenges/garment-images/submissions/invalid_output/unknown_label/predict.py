"""Five pictures are of a kind that there is not: nan, infinity and three words."""

import pandas as pd

sample = pd.read_csv("/in/sample_submission.csv")
sample.loc[20:24, "kind"] = ["nan", "inf", "Top", "t-shirt", "1"]
sample.to_csv("/out/predictions.csv", index=False)
