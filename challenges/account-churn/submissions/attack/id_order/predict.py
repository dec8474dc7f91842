"""Takes the outcome of the training row whose id comes just before: ids and order tell nothing."""

import os
from pathlib import Path

import pandas as pd

INPUTS = Path(os.environ.get("AUDITION_IN", "/in"))
OUTPUTS = Path(os.environ.get("AUDITION_OUT", "/out"))

train, test = (pd.read_csv(INPUTS / name) for name in ("train.csv", "test.csv"))
both = pd.concat([train, test]).sort_values("id")
both["probability"] = both["left"].ffill().bfill()
both[both["id"].isin(test["id"])][["id", "probability"]].to_csv(OUTPUTS / "predictions.csv", index=False)
