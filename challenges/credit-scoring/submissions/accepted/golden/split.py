"""Hold rows out for the gate: python split.py data/train.csv data/fit.csv data/held_out.csv.

People whom anonymization made alike go to one side, always to the same one.
"""

import csv
import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path

from credit.features import ALIKE

HELD_OUT_OF = 5
"""One row in so many is held out."""


def is_held_out(row: Mapping[str, str]) -> bool:
    """Whether a row belongs to the gate; it does so in every training."""
    text = "|".join(row[name] for name in ALIKE)
    return hashlib.sha256(text.encode()).digest()[0] % HELD_OUT_OF == 0


def split(data: Path, fit: Path, held_out: Path) -> None:
    """Write two tables."""
    with data.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    for path, is_for_gate in ((fit, False), (held_out, True)):
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, reader.fieldnames or [])
            writer.writeheader()
            writer.writerows(row for row in rows if is_held_out(row) == is_for_gate)


if __name__ == "__main__":
    split(*map(Path, sys.argv[1:4]))
