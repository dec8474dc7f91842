"""A predictions file of zero bytes."""

from pathlib import Path

import pandas as pd

test = pd.read_csv("/in/test.csv")
predictions = pd.DataFrame({"id": test["id"], "probability_of_default": 0.28})
Path("/out/predictions.csv").touch()
