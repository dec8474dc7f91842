"""Read /in/test.csv, write /out/predictions.csv; AUDITION_IN and AUDITION_OUT name other folders."""

import csv
import os
from pathlib import Path

from credit.features import ID, read_rows
from credit.model import load

MODEL = Path(__file__).resolve().parent / "model" / "model.safetensors"


def predict(inputs: Path, outputs: Path) -> None:
    """Write one probability of default for each row of test.csv."""
    rows = read_rows(inputs / "test.csv")
    risks = load(MODEL).predict(rows)
    with (outputs / "predictions.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([ID, "probability_of_default"])
        writer.writerows((row[ID], repr(float(risk))) for row, risk in zip(rows, risks, strict=True))


if __name__ == "__main__":
    predict(Path(os.environ.get("AUDITION_IN", "/in")), Path(os.environ.get("AUDITION_OUT", "/out")))
