"""Make `raw/example.csv`: machines that are made up, so that this folder works before your own data is in it.

Put your own table into `raw/`, name it in `sources.toml` and `privacy.toml`, and delete this file.

    python data/make_example.py data/raw/example.csv
"""

import csv
import math
import random
import sys
from pathlib import Path

MACHINES = 1500
NUMBERS = ("age_years", "load_percent", "vibration_mm_s", "oil_celsius", "starts_per_day")
COLUMNS = ("machine", "kind", "site", *NUMBERS, "needs_service")
KINDS = ("press", "lathe", "mill", "pump")


def machine(number: int, dice: random.Random) -> list[str]:
    """One row: the risk rises with vibration, heat under load, and age of pumps."""
    kind, site = dice.choice(KINDS), f"site {dice.randint(1, 6)}"
    age, load = dice.uniform(0, 20), dice.uniform(20, 100)
    vibration = dice.lognormvariate(0.5, 0.45) + 0.05 * age
    oil = 45 + 0.25 * load + dice.gauss(0, 6)
    starts = dice.randint(1, 40)
    odds = -3.6 + 0.75 * (vibration - 2) + 0.11 * (oil - 62) + (0.16 * age if kind == "pump" else 0.03 * age)
    odds += 1.2 * (starts > 30) + 0.9 * (load > 85)
    needs = dice.random() < 1 / (1 + math.exp(-odds))
    cells = [f"{age:.1f}", f"{load:.0f}", f"{vibration:.2f}", f"{oil:.1f}", str(starts)]
    # A sensor that is not fitted everywhere.
    if dice.random() < 0.08:
        cells[2] = ""
    return [f"M{number:05}", kind, site, *cells, str(int(needs))]


def main(path: Path) -> None:
    """Write the table."""
    dice = random.Random(20240501)  # noqa: S311  an example and no secret
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(machine(number, dice) for number in range(1, MACHINES + 1))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
