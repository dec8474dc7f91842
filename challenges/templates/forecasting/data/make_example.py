"""Make `raw/example.csv`: sales that are made up, so that this folder works before your own data is in it.

Put your own table into `raw/`, name it in `sources.toml` and `privacy.toml`, and delete this file.

    python data/make_example.py data/raw/example.csv
"""

import csv
import math
import random
import sys
from datetime import date, timedelta
from pathlib import Path

PRODUCTS = 24
WEEKS = 112
FIRST = date(2022, 11, 7)


def sales(number: int, dice: random.Random) -> list[list[str]]:
    """The rows of one product: a level that drifts, a season, and weeks of lower prices."""
    level, trend = dice.uniform(40, 220), dice.uniform(-0.002, 0.006)
    height, peak, price = dice.uniform(0.1, 0.6), dice.uniform(0, 52), dice.randint(3, 30)
    rows = []
    for week in range(WEEKS):
        is_offer = dice.random() < 0.1
        season = 1 + height * math.cos(2 * math.pi * (week - peak) / 52)
        mean = level * math.exp(trend * week) * season * (1.7 if is_offer else 1.0)
        sold = max(0, round(mean + dice.gauss(0, 1) * math.sqrt(mean) * 1.2))
        asked = price * 0.8 if is_offer else price
        rows.append([f"SKU-{number:03}", str(FIRST + timedelta(weeks=week)), f"{asked:.2f}", str(sold)])
    return rows


def main(path: Path) -> None:
    """Write the table."""
    dice = random.Random(20240504)  # noqa: S311  an example and no secret
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("sku", "week", "price", "sold"))
        for number in range(1, PRODUCTS + 1):
            writer.writerows(sales(number, dice))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
