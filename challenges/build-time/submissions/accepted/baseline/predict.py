"""All columns in doublings, a straight line: what an hour of work gives."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV

INPUTS = Path(os.environ.get("AUDITION_IN", "/in"))
OUTPUTS = Path(os.environ.get("AUDITION_OUT", "/out"))

train, test = (pd.read_csv(INPUTS / name) for name in ("train.csv", "test.csv"))
columns = [name for name in test.columns if name != "id"]
model = RidgeCV().fit(np.log2(1 + train[columns]), np.log1p(train["build_seconds"]))
seconds = np.expm1(model.predict(np.log2(1 + test[columns])))
pd.DataFrame({"id": test["id"], "build_seconds": seconds.round(1)}).to_csv(
    OUTPUTS / "predictions.csv", index=False
)
