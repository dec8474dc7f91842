"""Make three tables in `raw/`: a shop that is made up, so that this folder works before your own data is in it.

Put your own tables into `raw/`, name them in `sources.toml` and `privacy.toml`, and delete this file.

    python data/make_example.py data/raw
"""

import csv
import random
import sys
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

CUSTOMERS = 300
ORDERS = 1500
STATES = ("paid", "paid", "paid", "paid", "paid", "cancelled", "open")


def orders(dice: random.Random) -> Iterable[list[str]]:
    """Orders as the export has them: some stand there twice, the later one holds."""
    first = datetime(2023, 10, 1)  # noqa: DTZ001  the export writes UTC without saying so; the brief says it
    for number in range(1, ORDERS + 1):
        placed = first + timedelta(minutes=dice.randint(0, 660 * 24 * 60))
        row = [f"O{number:05}", f"C{dice.randint(1, CUSTOMERS):04}", placed.isoformat(sep=" ")]
        cents, state = dice.randint(500, 20_000), dice.choice(STATES)
        exported = placed + timedelta(hours=dice.randint(1, 48))
        if dice.random() < 0.12:
            yield [*row, str(cents), "open", exported.isoformat(sep=" ")]
            exported += timedelta(days=dice.randint(1, 9))
        yield [*row, str(cents), state, exported.isoformat(sep=" ")]
        if dice.random() < 0.08:
            yield [*row, str(cents), state, (exported + timedelta(days=1)).isoformat(sep=" ")]


def write(path: Path, names: list[str], rows: Iterable[list[str]]) -> None:
    """Write one table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)


def main(folder: Path) -> None:
    """Write the tables."""
    dice = random.Random(20240505)  # noqa: S311  an example and no secret
    made = list(orders(dice))
    kinds = [
        [f"C{number:04}", "test" if dice.random() < 0.03 else "shop"] for number in range(1, CUSTOMERS + 1)
    ]
    paid = {row[0]: row for row in made if row[4] == "paid"}
    refunds = [
        [name, str(dice.randint(100, int(row[3])))] for name, row in paid.items() if dice.random() < 0.15
    ]
    write(folder / "customers.csv", ["customer", "kind"], kinds)
    write(folder / "orders.csv", ["order_id", "customer", "placed_at", "cents", "state", "exported_at"], made)
    write(folder / "refunds.csv", ["order_id", "cents"], refunds)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
