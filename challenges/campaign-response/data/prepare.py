"""Make the released data of campaign-response: generalise, keep whole crowds, measure, gate, split, write.

Theory of operation. The source is public and holds the answers. Every released column is generalised until all of them
together put each person into a class of at least k; rows of smaller classes are left out, before the split and by one
rule. Who has the source can then find a row's class and no row, and the outcome of one member says little about
another's.
"""

import csv
import gzip
import hashlib
import hmac
import io
import json
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

HERE = Path(__file__).resolve().parent
OPEN_KEY = b"campaign-response: the open demonstration key, known to everybody who has the repository"
LEAST_KEY_BYTES = 32

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Policy = dict[str, Any]


class ReleaseRefusedError(Exception):
    """The data must not be released; the message says which rule it breaks and by how much."""


def prepare(raw: Path, public: Path, private: Path) -> None:
    """Write the files of both areas.

    Args:
        raw: Holds the package and, if the team has its own secret, the key file that the policy names.
        public: Gets train.csv, test.csv, sample_submission.csv and privacy.json.
        private: Gets answers.csv.

    Raises:
        ReleaseRefusedError: A column has no rule, the key is too short, or the gate of the policy is not met.
    """
    policy = tomllib.loads((HERE.parent / "privacy.toml").read_text(encoding="utf-8"))
    key, kind = read_key(raw / policy["release"]["key_file"])
    source = read_source(raw)
    refuse_unclassified(source, policy)
    released = generalise(source, policy)
    crowd = [name for name in released if name not in apart(policy)]
    sizes = class_sizes(released[crowd])
    kept = sizes >= policy["gate"]["k"]
    target = names_of(policy, "target")[0]
    outcome = released[target].to_numpy(np.int64)
    report = {
        "key": kind,
        "rows": len(source),
        "released_rows": int(kept.sum()),
        "suppressed_share": round(1 - float(kept.mean()), 4),
        "k_before": int(class_sizes(source.drop(columns=[source_of(policy, target)])).min()),
        "k": int(class_sizes(released[kept][crowd]).min()),
        **linkage(released[crowd], kept, outcome),
    }
    refuse_risky(report, policy)
    (public / "privacy.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    write(released[kept], policy, key, public, private)


def read_source(raw: Path) -> pd.DataFrame:
    """The table as the package has it; every cell is text."""
    source = tomllib.loads((HERE.parent / "sources.toml").read_text(encoding="utf-8"))["source"]["bank"]
    with zipfile.ZipFile(raw / source["file"]) as package:
        text = gzip.decompress(package.read(source["file_inside"])).decode("utf-8")
    return pd.DataFrame(list(csv.DictReader(io.StringIO(text))))


def read_key(path: Path) -> tuple[bytes, str]:
    """Read the secret that decides order, ids and split; "own" is a team's, "open" is known to all."""
    if not path.exists():
        return OPEN_KEY, "open"
    key = path.read_bytes().strip()
    if len(key) < LEAST_KEY_BYTES:
        msg = f"{path.name} holds {len(key)} bytes; put at least {LEAST_KEY_BYTES} random ones there."
        raise ReleaseRefusedError(msg)
    return key, "own"


def keyed(key: bytes, purpose: str, value: object) -> int:
    """A number in [0, 2**256) that nobody can compute without the key; each purpose has its own numbers."""
    return int.from_bytes(hmac.digest(key, f"{purpose}\x00{value}".encode(), hashlib.sha256))


def refuse_unclassified(source: pd.DataFrame, policy: Policy) -> None:
    """Stop when a column has no rule, or a rule has no column."""
    differing = sorted(set(source.columns) ^ set(policy["columns"]))
    if differing:
        msg = f"Columns without a rule in privacy.toml, or rules without a column: {', '.join(differing)}."
        raise ReleaseRefusedError(msg)


def names_of(policy: Policy, role: str) -> list[str]:
    """Released names of the columns with one role that are released."""
    return [r["release_as"] for r in policy["columns"].values() if r["role"] == role and "release_as" in r]


def source_of(policy: Policy, released: str) -> str:
    """The source's name of a released column."""
    return next(name for name, rule in policy["columns"].items() if rule.get("release_as") == released)


def apart(policy: Policy) -> set[str]:
    """Released columns that no class is made of: the outcome, and what hidden rows do not have."""
    later = {rule["release_as"] for rule in policy["columns"].values() if rule.get("training_only")}
    return later | set(names_of(policy, "target"))


def generalise(source: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """All released columns in bands and folded levels, under their released names.

    Raises:
        ReleaseRefusedError: A level that the policy does not name.
    """
    out = {}
    for name, rule in policy["columns"].items():
        values = source[name]
        if rule["transform"] == "flag":
            out[rule["release_as"]] = (values == rule["positive"]).astype(int)
        elif rule["transform"] == "band":
            places = np.searchsorted(np.array(rule["starts"]), values.astype(int).to_numpy(), side="right")
            out[rule["release_as"]] = pd.Series([rule["labels"][place] for place in places], dtype="object")
        elif rule["transform"] == "levels":
            unknown = sorted(set(values) - set(rule["fold"]))
            if unknown:
                msg = f"privacy.toml says nothing about these levels of {name}: {', '.join(unknown)}."
                raise ReleaseRefusedError(msg)
            out[rule["release_as"]] = values.map(rule["fold"])
    return pd.DataFrame(out)


def classes(frame: pd.DataFrame) -> Ints:
    """The number of each row's class: rows that are equal over all columns."""
    return pd.factorize(frame.astype(str).agg("|".join, axis=1))[0].astype(np.int64)


def class_sizes(frame: pd.DataFrame) -> Ints:
    """For each row, how many rows are equal to it over all columns, itself included."""
    numbers = classes(frame)
    return np.bincount(numbers)[numbers].astype(np.int64)


def linkage(released: pd.DataFrame, kept: Flags, outcome: Ints) -> dict[str, float]:
    """What an attacker gains who has the whole source and codes it as the policy says.

    Returns:
        linked_share: released rows found by a guess within their class, expected, in [0, 1].
        lookup_auc: ROC AUC of the outcome of another member of the class, drawn, as a prediction.
        crowd_lookup_auc: the same of the share of the class, the row itself included, that has it.
    """
    numbers, random = classes(released), np.random.default_rng(0)
    order = random.permutation(len(numbers))
    first = order[np.unique(numbers[order], return_index=True)[1]]
    rows = np.flatnonzero(kept)
    shares = np.bincount(numbers, weights=outcome) / np.bincount(numbers)
    found = 1 / np.bincount(numbers)[numbers[rows]]
    return {
        "linked_share": round(float(found.mean()), 4),
        "lookup_auc": auc(outcome[rows], outcome[first[numbers[rows]]].astype(float)),
        "crowd_lookup_auc": auc(outcome[rows], shares[numbers[rows]]),
    }


def auc(truth: Ints, guess: npt.NDArray[np.float64]) -> float:
    """Area under the ROC curve, to four digits; equal guesses count half."""
    ranks = pd.Series(guess).rank().to_numpy()
    positives = int(truth.sum())
    below = ranks[truth == 1].sum() - positives * (positives + 1) / 2
    return round(float(below / (positives * (len(truth) - positives))), 4)


def refuse_risky(measured: dict[str, Any], policy: Policy) -> None:
    """The release gate.

    Raises:
        ReleaseRefusedError: With every rule that is broken.
    """
    gate = policy["gate"]
    broken = [] if measured["k"] >= gate["k"] else [f"k is {measured['k']}, below {gate['k']}"]
    broken += [
        f"{name} is {measured[name]}, above {gate[name]}"
        for name in ("suppressed_share", "linked_share", "lookup_auc")
        if measured[name] > gate[name]
    ]
    if broken:
        msg = f"Not released: {'; '.join(broken)}. Generalise more in privacy.toml."
        raise ReleaseRefusedError(msg)


def write(released: pd.DataFrame, policy: Policy, key: bytes, public: Path, private: Path) -> None:
    """Give ids, sort by them, split by the key, and write the tables."""
    ids = [f"call-{keyed(key, 'id', row):064x}"[:17] for row in released.index]
    frame = released.assign(id=ids).sort_values("id")
    share = policy["release"]["hidden_share"]
    hidden = np.array([keyed(key, "split", name) < share * 2**256 for name in frame["id"]])
    target = names_of(policy, "target")[0]
    later = sorted(apart(policy) - {target})
    inputs = ["id", *(name for name in released if name not in {target, *later}), *later]
    train, test = frame[~hidden], frame[hidden].assign(**dict.fromkeys(later, ""))
    rate = round(float(train[target].mean()), 4)
    tables = {
        public / "train.csv": train[[*inputs, target]],
        public / "test.csv": test[inputs],
        public / "sample_submission.csv": test[["id"]].assign(probability=rate),
        private / "answers.csv": test[["id", target]],
    }
    for path, table in tables.items():
        table.to_csv(path, index=False, lineterminator="\n")


if __name__ == "__main__":
    prepare(*(Path(argument) for argument in sys.argv[1:4]))
