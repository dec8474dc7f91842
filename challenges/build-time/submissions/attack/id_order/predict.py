"""Takes the time of the training row whose id comes just before: ids and order tell nothing."""

import pandas as pd

train, test = pd.read_csv("/in/train.csv"), pd.read_csv("/in/test.csv")
both = pd.concat([train, test]).sort_values("id")
both["build_seconds"] = both["build_seconds"].ffill().bfill()
both[both["id"].isin(test["id"])][["id", "build_seconds"]].to_csv("/out/predictions.csv", index=False)
