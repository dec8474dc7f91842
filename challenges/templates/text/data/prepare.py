"""Split the table into what candidates get and what stays hidden.

`prepare` runs in a container without network, with the libraries of the challenge's image. It must give the same bytes
for the same input: `checksums.toml` pins them.
"""

import csv
import hashlib
import hmac
from collections.abc import Iterable
from pathlib import Path

SOURCE = "example.csv"
#: What must not reach candidates: it names a ticket.
DROPPED = ("ticket",)
TARGET = "team"
HIDDEN_SHARE = 0.4
Row = dict[str, str]


def prepare(raw: Path, public: Path, private: Path) -> None:
    """Make the kit's tables in `public` and the answers in `private`."""
    key = read_key(raw)
    with (raw / SOURCE).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    # The same message twice would stand on both sides of the split.
    rows = list({row["message"]: row for row in rows}.values())
    made = [released(key, place, row) for place, row in enumerate(rows)]
    # Sorted by an id that only the key decides: neither id nor order tells anything about a row.
    made.sort(key=lambda row: row["id"])
    hidden = {row["id"] for row in made if drawn(key, "split", row["id"]) < HIDDEN_SHARE}
    train = [row for row in made if row["id"] not in hidden]
    test = [row for row in made if row["id"] in hidden]
    teams = sorted({row[TARGET] for row in train})
    commonest = max(teams, key=lambda team: sum(row[TARGET] == team for row in train))
    inputs = [name for name in made[0] if name != TARGET]
    write(public / "train.csv", train, [*inputs, TARGET])
    write(public / "test.csv", test, inputs)
    write(
        public / "sample_submission.csv",
        ({"id": row["id"], TARGET: commonest} for row in test),
        ["id", TARGET],
    )
    write(private / "answers.csv", test, ["id", TARGET])


def read_key(raw: Path) -> bytes:
    """Your own secret in `data/raw/split.key`; without it an open one, with which everybody can repeat the split."""
    path = raw / "split.key"
    return path.read_bytes() if path.is_file() else b"open"


def released(key: bytes, place: int, row: Row) -> Row:
    """A row as candidates see it."""
    cells = {name: value for name, value in row.items() if name not in DROPPED}
    return {"id": digest(key, "id", place)[:12], **cells}


def digest(key: bytes, *parts: object) -> str:
    """A number that only the key decides, in hexadecimal."""
    return hmac.new(key, repr(parts).encode(), hashlib.sha256).hexdigest()


def drawn(key: bytes, *parts: object) -> float:
    """The same as a number in [0, 1)."""
    return int(digest(key, *parts)[:12], 16) / 16**12


def write(path: Path, rows: Iterable[Row], names: list[str]) -> None:
    """Write some columns of some rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
