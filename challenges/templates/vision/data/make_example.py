"""Make `raw/example.csv`: pictures that are made up, so that this folder works before your own data is in it.

Put your own pictures into `raw/` (a zip of files does well), name them in `sources.toml`, and delete this file.

    python data/make_example.py data/raw/example.csv
"""

import csv
import math
import random
import sys
from pathlib import Path

PICTURES = 600
SIDE = 12
PARTS = ("ring", "nut", "bolt")


def picture(part: str, dice: random.Random) -> bytes:
    """Grey values, row by row: a shape somewhere, of some size and turn, under noise."""
    x0, y0 = dice.uniform(4.5, 6.5), dice.uniform(4.5, 6.5)
    size, turn, light = dice.uniform(3.0, 4.4), dice.uniform(0, math.pi), dice.uniform(55, 120)
    cells = bytearray()
    for y in range(SIDE):
        for x in range(SIDE):
            grey = 40 + light * is_inside(part, x - x0, y - y0, size, turn) + dice.gauss(0, 42)
            cells.append(max(0, min(255, round(grey))))
    return bytes(cells)


def is_inside(part: str, x: float, y: float, size: float, turn: float) -> bool:
    """Whether a point belongs to the shape: a circle with a hole, a full hexagon, a bar."""
    radius, angle = math.hypot(x, y), math.atan2(y, x) + turn
    if part == "ring":
        return 0.45 * size < radius < size
    if part == "nut":
        return radius * math.cos((angle % (math.pi / 3)) - math.pi / 6) < 0.8 * size
    return abs(radius * math.cos(angle)) < 1.15 * size and abs(radius * math.sin(angle)) < 0.45 * size


def main(path: Path) -> None:
    """Write the table."""
    dice = random.Random(20240503)  # noqa: S311  an example and no secret
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("file", "pixels", "part"))
        for number in range(1, PICTURES + 1):
            part = dice.choice(PARTS)
            writer.writerow((f"belt-{number:04}.png", picture(part, dice).hex(), part))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
