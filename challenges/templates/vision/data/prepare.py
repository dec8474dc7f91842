"""Split the table into what candidates get and what stays hidden.

`prepare` runs in a container without network, with the libraries of the challenge's image. It must give the same bytes
for the same input: `checksums.toml` pins them.
"""

import csv
import hashlib
import hmac
from collections.abc import Iterable
from pathlib import Path

import numpy as np

SOURCE = "example.csv"
#: What must not reach candidates as it is: the name of a file; and the pixels, which go into a file of their own.
DROPPED = ("file",)
PIXELS = "pixels"
SIDE = 12
TARGET = "part"
HIDDEN_SHARE = 0.4
Row = dict[str, str]


def prepare(raw: Path, public: Path, private: Path) -> None:
    """Make the kit's tables in `public` and the answers in `private`."""
    key = read_key(raw)
    with (raw / SOURCE).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    made = [released(key, place, row) for place, row in enumerate(rows)]
    # Sorted by an id that only the key decides: neither id nor order tells anything about a row.
    made.sort(key=lambda row: row["id"])
    hidden = {row["id"] for row in made if drawn(key, "split", row["id"]) < HIDDEN_SHARE}
    train = [row for row in made if row["id"] not in hidden]
    test = [row for row in made if row["id"] in hidden]
    parts = sorted({row[TARGET] for row in train})
    commonest = max(parts, key=lambda part: sum(row[TARGET] == part for row in train))
    write(public / "train.csv", train, ["id", TARGET])
    write(public / "test.csv", test, ["id"])
    write_pictures(public / "train_images.npy", train)
    write_pictures(public / "test_images.npy", test)
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


def write_pictures(path: Path, rows: list[Row]) -> None:
    """Write the pictures of some rows, uint8 (rows, height, width), in their order."""
    pixels = b"".join(bytes.fromhex(row[PIXELS]) for row in rows)
    np.save(path, np.frombuffer(pixels, np.uint8).reshape(len(rows), SIDE, SIDE), allow_pickle=False)


def write(path: Path, rows: Iterable[Row], names: list[str]) -> None:
    """Write some columns of some rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
