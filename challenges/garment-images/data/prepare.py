"""Show pictures as a shop has them, and hide others as a camera over a belt sees them.

Theory of operation. The source is public and holds the answers, so a hidden picture must be hard to find in it: it is
turned, slanted, moved, mirrored, dimmed and made noisy, as the policy says. That is the task as well: pictures that one
learns from are clean, those that come are not. How often the nearest source picture is the own one, and how often it
has the right kind, is measured here, and the gate of `privacy.toml` stops a release in which they tell too much.

`prepare` runs in a container without network. It must give the same bytes for the same input: `checksums.toml` pins
them. Everything that is drawn depends on the key; pictures are made with sums and products alone, which are the same
on every machine.
"""

import csv
import gzip
import hashlib
import hmac
import io
import json
import tarfile
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

HERE = Path(__file__).resolve().parent
INSIDE = "./usr/share/datasets/fashion-mnist/{part}-{what}-ubyte.gz"
PARTS = ("train", "t10k")
COLUMNS = {"picture", "label", "place"}
KINDS = ("top", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot")
SIDE = 28
AR_MAGIC_BYTES, AR_HEADER_BYTES = 8, 60
IMAGE_HEADER_BYTES, LABEL_HEADER_BYTES = 16, 8
OPEN_KEY = b"garment-images: the open demonstration key, known to everybody who has the repository"
LEAST_KEY_BYTES = 32
LOOKED_UP, BLOCK = 500, 5000

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Policy = dict[str, Any]


class ReleaseRefusedError(Exception):
    """The data must not be released; the message says which rule it breaks and by how much."""


def prepare(raw: Path, public: Path, private: Path) -> None:
    """Write the pictures and tables of both areas.

    Raises:
        ReleaseRefusedError: A part has no rule, the key is too short, or the gate of the policy is not met.
    """
    policy = tomllib.loads((HERE.parent / "privacy.toml").read_text(encoding="utf-8"))
    if set(policy["columns"]) != COLUMNS:
        msg = f"privacy.toml must have a rule for each of {', '.join(sorted(COLUMNS))}, and no other."
        raise ReleaseRefusedError(msg)
    key, kind_of_key = read_key(raw / policy["release"]["key_file"])
    pictures, labels = read_source(raw)
    places = np.random.default_rng(keyed(key, "order")).permutation(len(pictures))
    sizes = [policy["release"][f"{name}_pictures"] for name in ("hidden", "belt", "shop")]
    hidden, belt, shop = np.split(places[: sum(sizes)], np.cumsum(sizes)[:-1])
    seen = {
        name: photograph(pictures[some], policy["belt"], keyed(key, name))
        for name, some in (("hidden", hidden), ("belt", belt))
    }
    found = looked_up(seen["hidden"][:LOOKED_UP], pictures, hidden[:LOOKED_UP], labels)
    refuse_risky(found, policy["gate"])
    report = {"key": kind_of_key, "source": len(pictures), "looked_up": LOOKED_UP, **found}
    (public / "privacy.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    np.save(public / "train_images.npy", pictures[shop])
    np.save(public / "belt_images.npy", seen["belt"])
    np.save(public / "test_images.npy", seen["hidden"])
    tables(key, labels, {"train": shop, "belt": belt, "test": hidden}, public, private)


def read_source(raw: Path) -> tuple[Bytes, Bytes]:
    """All pictures, uint8 of shape (pictures, 28, 28), and labels, uint8 of shape (pictures,), of a Debian package."""
    (package,) = raw.glob("dataset-fashion-mnist_*.deb")
    with tarfile.open(fileobj=io.BytesIO(data_of(package.read_bytes())), mode="r:*") as archive:
        images, labels = (
            b"".join(
                gzip.decompress(content(archive, INSIDE.format(part=part, what=what)))[header:]
                for part in PARTS
            )
            for what, header in (("images-idx3", IMAGE_HEADER_BYTES), ("labels-idx1", LABEL_HEADER_BYTES))
        )
    return np.frombuffer(images, np.uint8).reshape(-1, SIDE, SIDE), np.frombuffer(labels, np.uint8)


def data_of(package: bytes) -> bytes:
    """The archive of files in a Debian package, which is an `ar` archive of three members."""
    place = AR_MAGIC_BYTES
    while place < len(package):
        start = place + AR_HEADER_BYTES
        size = int(package[place + 48 : place + 58])
        if package[place:].startswith(b"data.tar"):
            return package[start : start + size]
        place = start + size + size % 2
    msg = "The package holds no data.tar."
    raise ValueError(msg)


def content(archive: tarfile.TarFile, name: str) -> bytes:
    """One file of an archive."""
    file = archive.extractfile(name)
    if file is None:
        msg = f"{name} is not a file."
        raise ValueError(msg)
    return file.read()


def read_key(path: Path) -> tuple[bytes, str]:
    """The secret that decides order, ids and what the camera sees; "own" is a team's, "open" is known to all."""
    if not path.exists():
        return OPEN_KEY, "open"
    key = path.read_bytes().strip()
    if len(key) < LEAST_KEY_BYTES:
        msg = f"{path.name} holds {len(key)} bytes; put at least {LEAST_KEY_BYTES} random ones there."
        raise ReleaseRefusedError(msg)
    return key, "own"


def keyed(key: bytes, purpose: str, value: object = "") -> int:
    """A number in [0, 2**256) that nobody can compute without the key; each purpose has its own numbers."""
    return int.from_bytes(hmac.digest(key, f"{purpose}\x00{value}".encode(), hashlib.sha256))


def photograph(pictures: Bytes, belt: Policy, seed: int) -> Bytes:
    """What the belt's camera sees of pictures; uint8 of the same shape."""
    dice = np.random.default_rng(seed)
    some = len(pictures)

    def even(low: float, high: float) -> Floats:
        return low + (high - low) * dice.random((some, 1, 1))

    turn, slant, size = even(*belt["turn"]), even(*belt["slant"]), even(*belt["size"])
    down, right = even(*belt["shift"]), even(*belt["shift"])
    mirror = np.where(dice.random((some, 1, 1)) < belt["mirrored_share"], -1.0, 1.0)
    light, ground = even(*belt["light"]), even(*belt["ground"])
    rows, columns = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    rows, columns = rows - down, columns - right
    # Where in the picture the light of each element of the camera comes from.
    from_row = (rows - turn * columns) / size
    from_column = mirror * (columns + (turn + slant) * rows) / size
    seen = between(pictures, from_row + (SIDE - 1) / 2, from_column + (SIDE - 1) / 2)
    # The sum of four even draws is near enough to a bell, and needs no function that differs between machines.
    bell = (dice.random((4, *pictures.shape)).sum(axis=0) - 2) * 3**0.5
    bright = ground + light * (1 - ground / 255) * seen + belt["noise"] * bell
    return np.clip(np.rint(bright), 0, 255).astype(np.uint8)


def between(pictures: Bytes, rows: Floats, columns: Floats) -> Floats:
    """Brightness of pictures at places between their elements, black outside; float64, (pictures, 28, 28)."""
    framed = np.pad(pictures, ((0, 0), (1, 1), (1, 1)))
    rows, columns = (np.clip(places + 1, 0, SIDE + 0.999) for places in (rows, columns))
    up, left = rows.astype(int), columns.astype(int)
    below, beside = rows - up, columns - left
    which = np.arange(len(pictures))[:, None, None]
    return np.asarray(
        (1 - below) * ((1 - beside) * framed[which, up, left] + beside * framed[which, up, left + 1])
        + below * ((1 - beside) * framed[which, up + 1, left] + beside * framed[which, up + 1, left + 1])
    )


def looked_up(seen: Bytes, pictures: Bytes, own: Ints, labels: Bytes) -> dict[str, float]:
    """What somebody learns who has the whole source and looks for the picture that correlates most.

    Args:
        seen: Hidden pictures, as released.
        pictures: Of the source.
        own: Place of each hidden picture in the source.
        labels: Of the source.

    Returns:
        linked_share: whose nearest source picture is their own, in [0, 1].
        lookup_accuracy: whose nearest source picture has their kind, in [0, 1].
    """
    views = [standard(view) for view in (seen, seen[:, :, ::-1])]
    best, nearest = np.full(len(seen), -2.0), np.zeros(len(seen), np.int64)
    for start in range(0, len(pictures), BLOCK):
        block = standard(pictures[start : start + BLOCK])
        alike = np.maximum(views[0] @ block.T, views[1] @ block.T)
        found = alike.argmax(axis=1)
        height = alike[np.arange(len(seen)), found]
        nearest = np.where(height > best, found + start, nearest)
        best = np.maximum(height, best)
    return {
        "linked_share": round(float(np.mean(nearest == own)), 2),
        "lookup_accuracy": round(float(np.mean(labels[nearest] == labels[own])), 2),
    }


def standard(pictures: Bytes) -> Floats:
    """Pictures as vectors of mean zero and length one, so that their products are correlations."""
    flat = pictures.reshape(len(pictures), -1).astype(np.float64)
    flat -= flat.mean(axis=1, keepdims=True)
    return np.asarray(flat / np.maximum(np.sqrt((flat**2).sum(axis=1, keepdims=True)), 1e-9))


def refuse_risky(found: dict[str, float], gate: dict[str, float]) -> None:
    """The release gate.

    Raises:
        ReleaseRefusedError: With every rule that is broken.
    """
    broken = [f"{name} is {found[name]}, above {most}" for name, most in gate.items() if found[name] > most]
    if broken:
        msg = f"Not released: {'; '.join(broken)}. Widen what the belt's camera does, in privacy.toml."
        raise ReleaseRefusedError(msg)


def tables(key: bytes, labels: Bytes, sides: dict[str, Ints], public: Path, private: Path) -> None:
    """Write a table for each side; row n is about picture n."""
    rows = {
        side: [(f"g-{keyed(key, 'id', place):064x}"[:12], KINDS[labels[place]]) for place in places]
        for side, places in sides.items()
    }
    write(public / "train.csv", ["id", "kind"], rows["train"])
    write(public / "belt.csv", ["id", "kind"], rows["belt"])
    write(public / "test.csv", ["id"], ([name] for name, _ in rows["test"]))
    write(public / "sample_submission.csv", ["id", "kind"], ((name, KINDS[0]) for name, _ in rows["test"]))
    write(private / "answers.csv", ["id", "kind"], rows["test"])


def write(path: Path, names: list[str], rows: Iterable[Iterable[str]]) -> None:
    """Write one table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)
