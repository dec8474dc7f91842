"""Cut the series in time: candidates get the past, the last weeks stay hidden.

`prepare` runs in a container without network, with the libraries of the challenge's image. It must give the same bytes
for the same input: `checksums.toml` pins them.
"""

import csv
import hashlib
import hmac
from collections.abc import Iterable
from pathlib import Path

SOURCE = "example.csv"
HIDDEN_WEEKS = 8
TARGET = "sold"
Row = dict[str, str]


def prepare(raw: Path, public: Path, private: Path) -> None:
    """Make the kit's tables in `public` and the answers in `private`."""
    key = read_key(raw)
    with (raw / SOURCE).open(encoding="utf-8", newline="") as file:
        rows = [released(key, row) for row in csv.DictReader(file)]
    rows.sort(key=lambda row: (row["product"], row["week"]))
    weeks = sorted({row["week"] for row in rows})
    train = [row for row in rows if row["week"] not in weeks[-HIDDEN_WEEKS:]]
    test = [row for row in rows if row["week"] in weeks[-HIDDEN_WEEKS:]]
    mean = sum(int(row[TARGET]) for row in train) / len(train)
    inputs = ["id", "product", "week", "price"]
    write(public / "train.csv", train, [*inputs[1:], TARGET])
    write(public / "test.csv", test, inputs)
    write(
        public / "sample_submission.csv",
        ({"id": row["id"], TARGET: f"{mean:.1f}"} for row in test),
        ["id", TARGET],
    )
    write(private / "answers.csv", test, ["id", "product", TARGET])


def read_key(raw: Path) -> bytes:
    """Your own secret in `data/raw/split.key`; without it an open one, with which everybody can undo the names."""
    path = raw / "split.key"
    return path.read_bytes() if path.is_file() else b"open"


def released(key: bytes, row: Row) -> Row:
    """A row as candidates see it; what is known of a product under its own number is not known here."""
    product = "P" + digest(key, "product", row["sku"])[:6]
    return {**row, "product": product, "id": f"{product}-{row['week']}"}


def digest(key: bytes, *parts: object) -> str:
    """A number that only the key decides, in hexadecimal."""
    return hmac.new(key, repr(parts).encode(), hashlib.sha256).hexdigest()


def write(path: Path, rows: Iterable[Row], names: list[str]) -> None:
    """Write some columns of some rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
