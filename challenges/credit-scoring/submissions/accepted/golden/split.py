"""Hold rows out for the gate: python split.py data/train.csv data/fit.csv data/held_out.csv. By id, always the same."""

import csv
import hashlib
import sys
from pathlib import Path

from credit.features import ID

HELD_OUT_OF = 5
"""One row in so many is held out."""


def is_held_out(identifier: str) -> bool:
    """Whether a row belongs to the gate; it does so in every training."""
    return hashlib.sha256(identifier.encode()).digest()[0] % HELD_OUT_OF == 0


def split(data: Path, fit: Path, held_out: Path) -> None:
    """Write two tables."""
    with data.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    for path, is_for_gate in ((fit, False), (held_out, True)):
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, reader.fieldnames or [])
            writer.writeheader()
            writer.writerows(row for row in rows if is_held_out(row[ID]) == is_for_gate)


if __name__ == "__main__":
    split(*map(Path, sys.argv[1:4]))
