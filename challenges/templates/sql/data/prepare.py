"""Give the tables new names for customers and orders, and work out what each customer brought.

`prepare` runs in a container without network, with the libraries of the challenge's image. It must give the same bytes
for the same input: `checksums.toml` pins them.
"""

import csv
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

YEAR = 2024
#: The shop's clock is an hour ahead of the export's; summer time is left out, as the brief says.
AHEAD = timedelta(hours=1)
Row = dict[str, str]


def prepare(raw: Path, public: Path, private: Path) -> None:
    """Make the kit's tables in `public` and the answers in `private`."""
    key = read_key(raw)
    tables = {
        name: [released(key, row) for row in read(raw / f"{name}.csv")]
        for name in ("customers", "orders", "refunds")
    }
    customers = sorted(tables["customers"], key=lambda row: row["customer"])
    brought = revenue(customers, tables["orders"], tables["refunds"])
    # The order of the export says nothing: later rows of an order are told by `exported_at` alone.
    orders = sorted(tables["orders"], key=lambda row: digest(key, "order", sorted(row.items())))
    write(public / "customers.csv", customers)
    write(public / "orders.csv", orders)
    write(public / "refunds.csv", sorted(tables["refunds"], key=lambda row: row["order_id"]))
    write(
        public / "sample_submission.csv", ({"customer": row["customer"], "cents": "0"} for row in customers)
    )
    write(
        private / "answers.csv", ({"customer": name, "cents": str(cents)} for name, cents in brought.items())
    )


def revenue(customers: list[Row], orders: list[Row], refunds: list[Row]) -> dict[str, int]:
    """Cents by customer: paid orders of the year, each once as it was exported last, less refunds; tests bring none."""
    last: dict[str, Row] = {}
    for row in sorted(orders, key=lambda row: row["exported_at"]):
        last[row["order_id"]] = row
    given_back = {row["order_id"]: int(row["cents"]) for row in refunds}
    brought = {row["customer"]: 0 for row in customers}
    tests = {row["customer"] for row in customers if row["kind"] == "test"}
    for row in last.values():
        placed = datetime.fromisoformat(row["placed_at"]) + AHEAD
        if row["state"] == "paid" and placed.year == YEAR and row["customer"] not in tests:
            brought[row["customer"]] += int(row["cents"]) - given_back.get(row["order_id"], 0)
    return brought


def read_key(raw: Path) -> bytes:
    """Your own secret in `data/raw/names.key`; without it an open one, with which everybody can undo the names."""
    path = raw / "names.key"
    return path.read_bytes() if path.is_file() else b"open"


def released(key: bytes, row: Row) -> Row:
    """A row with names that only the key decides, the same in all tables."""
    named = {
        column: column[0].upper() + digest(key, column, row[column])[:8]
        for column in ("customer", "order_id")
        if column in row
    }
    return {**row, **named}


def digest(key: bytes, *parts: object) -> str:
    """A number that only the key decides, in hexadecimal."""
    return hmac.new(key, repr(parts).encode(), hashlib.sha256).hexdigest()


def read(path: Path) -> list[Row]:
    """All rows of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: Iterable[Row]) -> None:
    """Write a table; the first row has the names of its columns."""
    made = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(made[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(made)
