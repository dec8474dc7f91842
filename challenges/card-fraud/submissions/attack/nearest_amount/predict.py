"""Looks each hidden payment up among the known ones by its amount: the share of frauds with the same one."""

import pandas as pd

train, test = (pd.read_csv(f"/in/{name}.csv") for name in ("train", "test"))
share = train.groupby("amount")["fraud"].mean()
test["risk"] = test["amount"].map(share).fillna(0.0)
test[["id", "risk"]].to_csv("/out/predictions.csv", index=False)
