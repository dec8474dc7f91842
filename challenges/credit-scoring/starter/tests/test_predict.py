"""Run with `python -m pytest` in the starter's folder, next to the data folder of the kit."""

import sys
from pathlib import Path

import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from predict import predict  # noqa: E402

DATA = HERE.parent.parent / "data"


def test_one_probability_for_each_id(tmp_path: Path) -> None:
    predict(DATA, tmp_path)
    written = pd.read_csv(tmp_path / "predictions.csv")
    assert list(written["id"]) == list(pd.read_csv(DATA / "test.csv")["id"])
    assert written["probability_of_default"].between(0, 1).all()
