"""Read /in/train.csv and /in/test.csv, write /out/predictions.csv; AUDITION_IN and AUDITION_OUT name other folders."""

import os
from pathlib import Path

import pandas as pd

INPUTS = Path(os.environ.get("AUDITION_IN", "/in"))
OUTPUTS = Path(os.environ.get("AUDITION_OUT", "/out"))


def main() -> None:
    """What the buyer does today: the last week again. A program that works, and a low score."""
    train, test = (pd.read_csv(INPUTS / name) for name in ("train.csv", "test.csv"))
    last = train.sort_values("week").groupby("product")["sold"].last()
    predictions = test[["id"]].assign(sold=test["product"].map(last))
    predictions.to_csv(OUTPUTS / "predictions.csv", index=False)


if __name__ == "__main__":
    main()
