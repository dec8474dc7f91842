"""Run with `python -m pytest` in the starter's folder, beside the kit's data folder; Audition has the data at /in."""

import os
import sys
from pathlib import Path

import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from predict import predict  # noqa: E402

PLACES = (Path(os.environ.get("AUDITION_IN", "/in")), HERE.parent.parent / "data")
DATA = next((place for place in PLACES if (place / "test.csv").is_file()), PLACES[-1])


def test_one_probability_for_each_id(tmp_path: Path) -> None:
    predict(DATA, tmp_path)
    written = pd.read_csv(tmp_path / "predictions.csv")
    assert list(written["id"]) == list(pd.read_csv(DATA / "test.csv")["id"])
    assert written["probability_of_default"].between(0, 1).all()
