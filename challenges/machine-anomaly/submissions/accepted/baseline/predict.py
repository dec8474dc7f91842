"""The colder, the worse, as the labelled days show: no window, no memory of what is usual."""

import os
from pathlib import Path

import pandas as pd

INPUTS = Path(os.environ.get("AUDITION_IN", "/in"))
OUTPUTS = Path(os.environ.get("AUDITION_OUT", "/out"))


def main() -> None:
    """One number for each reading."""
    test = pd.read_csv(INPUTS / "test.csv")
    pd.DataFrame({"id": test["id"], "alarm": -test["temperature"]}).to_csv(
        OUTPUTS / "predictions.csv", index=False
    )


if __name__ == "__main__":
    main()
