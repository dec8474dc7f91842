"""Make the released data of account-churn: one banded row for each account, whole crowds, measured, gated, split.

Theory of operation. The source is a public list of orders, with every answer in it. Orders until a day become one row
for each account; orders after it say whether the account came back. Every released column is a band, and all of them
together put each account into a class of at least k; accounts of smaller classes are left out, before the split and by
one rule. Who has the source can then find an account's class and no account.
"""

import csv
import hashlib
import hmac
import io
import json
import lzma
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

HERE = Path(__file__).resolve().parent
OPEN_KEY = b"account-churn: the open demonstration key, known to everybody who has the repository"
LEAST_KEY_BYTES = 32
YEAR_DAYS = 365
TARGET = "left"

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
    exact, outcome = accounts(orders_of(source), policy["release"]["outcome_days"])
    released = in_bands(exact, policy)
    kept = class_sizes(released) >= policy["gate"]["k"]
    report = {
        "key": kind,
        "accounts": len(exact),
        "released_accounts": int(kept.sum()),
        "suppressed_share": round(1 - float(kept.mean()), 4),
        "k_before": int(class_sizes(exact).min()),
        "k": int(class_sizes(released[kept]).min()),
        **linkage(released, kept, outcome),
    }
    refuse_risky(report, policy)
    (public / "privacy.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    write(released[kept].assign(**{TARGET: outcome[kept]}), policy, key, public, private)


def read_source(raw: Path) -> pd.DataFrame:
    """The table as the package has it; every cell is text."""
    source = tomllib.loads((HERE.parent / "sources.toml").read_text(encoding="utf-8"))["source"]["orders"]
    with zipfile.ZipFile(raw / source["file"]) as package:
        text = lzma.decompress(package.read(source["file_inside"])).decode("utf-8")
    rows = csv.reader(io.StringIO(text))
    names = next(rows)
    return pd.DataFrame(rows, columns=names)


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


def orders_of(source: pd.DataFrame) -> pd.DataFrame:
    """Lines that somebody paid for: account, order, article, and the day since the first one."""
    known = source[source["Customer ID"] != ""].drop_duplicates()
    bought = known[
        ~known["Invoice"].str.startswith("C")
        & (known["Quantity"].astype(int) > 0)
        & (known["Price"].astype(float) > 0)
    ]
    days = pd.to_datetime(bought["InvoiceDate"], format="%m/%d/%Y %H:%M").dt.normalize()
    return pd.DataFrame(
        {
            "account": bought["Customer ID"],
            "order": bought["Invoice"],
            "article": bought["StockCode"],
            "day": (days - days.min()).dt.days,
        }
    )


def accounts(lines: pd.DataFrame, outcome_days: int) -> tuple[pd.DataFrame, Ints]:
    """What each account did until the last days begin, and 1 where it did not order in them.

    Returns:
        One row for each account that ordered before, whole numbers, by the names that the policy calls measures; and
        the outcomes, int64, (accounts,).
    """
    today = int(lines["day"].max()) - outcome_days + 1
    before, after = lines[lines["day"] < today], lines[lines["day"] >= today]
    orders = before.drop_duplicates(["account", "order"])
    in_year = orders[orders["day"] >= today - YEAR_DAYS]
    in_season = in_year[in_year["day"] < today - YEAR_DAYS + outcome_days]
    grouped = before.groupby("account")
    exact = pd.DataFrame(
        {
            "days_since_last": today - grouped["day"].max(),
            "days_since_first": today - grouped["day"].min(),
            "articles": grouped["article"].nunique(),
            "orders_in_year": in_year.groupby("account").size(),
            "orders_same_season": in_season.groupby("account").size(),
        }
    )
    return exact.fillna(0).astype(int), (~exact.index.isin(after["account"])).astype(np.int64)


def in_bands(exact: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """The released columns; each value becomes the label of the last start that it reaches."""
    out = {}
    for name, rule in policy["accounts"].items():
        places = np.searchsorted(np.array(rule["starts"]), exact[rule["measure"]].to_numpy(), side="right")
        out[name] = [rule["labels"][place] for place in places]
    return pd.DataFrame(out, index=exact.index)


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
        linked_share: released accounts found by a guess within their class, expected, in [0, 1].
        lookup_auc: ROC AUC of the outcome of one member of each class, drawn, as a prediction for all of it.
        crowd_lookup_auc: the same of the share of the class, the account itself included, that left.
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
        msg = f"Not released: {'; '.join(broken)}. Wider bands in privacy.toml help."
        raise ReleaseRefusedError(msg)


def write(released: pd.DataFrame, policy: Policy, key: bytes, public: Path, private: Path) -> None:
    """Give ids, sort by them, split by the key, and write the tables."""
    ids = [f"account-{keyed(key, 'id', account):064x}"[:20] for account in released.index]
    frame = released.assign(id=ids).sort_values("id")
    share = policy["release"]["hidden_share"]
    hidden = np.array([keyed(key, "split", name) < share * 2**256 for name in frame["id"]])
    inputs = ["id", *policy["accounts"]]
    train, test = frame[~hidden], frame[hidden]
    rate = round(float(train[TARGET].mean()), 4)
    tables = {
        public / "train.csv": train[[*inputs, TARGET]],
        public / "test.csv": test[inputs],
        public / "sample_submission.csv": test[["id"]].assign(probability=rate),
        private / "answers.csv": test[["id", TARGET]],
    }
    for path, table in tables.items():
        table.to_csv(path, index=False, lineterminator="\n")


if __name__ == "__main__":
    prepare(*(Path(argument) for argument in sys.argv[1:4]))
