"""Read /in/test.csv, write /out/predictions.csv; AUDITION_IN and AUDITION_OUT name other folders."""

import csv
import os
from pathlib import Path

from model import risk


def main(inputs: Path, outputs: Path) -> None:
    """One row for each id."""
    with (inputs / "test.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    lines = ["id,risk", *(f"{row['id']},{risk(row):.6f}" for row in rows)]
    (outputs / "predictions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(os.environ.get("AUDITION_IN", "/in")), Path(os.environ.get("AUDITION_OUT", "/out")))
