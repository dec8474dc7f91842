"""Looks each hidden reading up among the marked ones: the label of the nearest temperature."""

import pandas as pd

train, test = (pd.read_csv(f"/in/{name}.csv") for name in ("train", "test"))
known = train.drop_duplicates("temperature").sort_values("temperature")[["temperature", "fault"]]
wanted = test.sort_values("temperature")
found = pd.merge_asof(wanted, known, on="temperature", direction="nearest").set_index("id")
test["alarm"] = test["id"].map(found["fault"])
test[["id", "alarm"]].to_csv("/out/predictions.csv", index=False)
