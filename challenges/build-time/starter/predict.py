"""Read /in/train.csv and /in/test.csv, write /out/predictions.csv; AUDITION_IN and AUDITION_OUT name other folders."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression

INPUTS = Path(os.environ.get("AUDITION_IN", "/in"))
OUTPUTS = Path(os.environ.get("AUDITION_OUT", "/out"))
COLUMNS = ["dependencies", "script_kib"]


def main() -> None:
    """Two columns and a straight line between doublings: a program that works, and a low score."""
    train, test = (pd.read_csv(INPUTS / name) for name in ("train.csv", "test.csv"))
    model = LinearRegression().fit(np.log2(1 + train[COLUMNS]), np.log1p(train["build_seconds"]))
    seconds = np.expm1(model.predict(np.log2(1 + test[COLUMNS])))
    out = pd.DataFrame({"id": test["id"], "build_seconds": seconds.round(1)})
    out.to_csv(OUTPUTS / "predictions.csv", index=False)


if __name__ == "__main__":
    main()
