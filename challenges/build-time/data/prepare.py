"""Make the released data of build-time: coarsen, disturb, measure, gate, split, write.

Theory of operation. The source is public and holds the answers, so a released row must be hard to find in it. Names
and telling columns go; what is left is a handful of quantities, each known to a factor of about two: noise on the scale
of doublings, then rounding. The nearest source row is then mostly another one, and the mean of several near ones tells
no more than an honest model. Both are measured here, and the gate of `privacy.toml` stops a release in which they tell
more.
"""

import hashlib
import hmac
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from r_tables import read_frame  # noqa: E402  a neighbour, found where this file lies

OPEN_KEY = b"build-time: the open demonstration key, known to everybody who has the repository"
LEAST_KEY_BYTES = 32
NEAR = 5
BLOCK_ROWS = 500

Floats = npt.NDArray[np.float64]
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
    exact = doublings(source, policy)
    released = disturb(exact, policy["release"]["noise_doublings"], key)
    seconds = source[target_of(policy)[0]].to_numpy(np.int64)
    measured = {"key": kind, "rows": len(source), **linkage(released, exact, seconds)}
    refuse_risky(measured, policy)
    (public / "privacy.json").write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    write(assemble(released, seconds, policy, key), policy, key, public, private)


def read_source(raw: Path) -> pd.DataFrame:
    """The table as the package has it."""
    sources = tomllib.loads((HERE.parent / "sources.toml").read_text(encoding="utf-8"))
    source = sources["source"]["check_times"]
    return pd.DataFrame(read_frame(raw / source["file"], source["file_inside"], source["object"]))


def read_key(path: Path) -> tuple[bytes, str]:
    """Read the secret that decides noise, order, ids and split; "own" is a team's, "open" is known to all."""
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


def quantities(policy: Policy) -> dict[str, Policy]:
    """The columns that are released with noise, by their source names."""
    return {n: rule for n, rule in policy["columns"].items() if rule["transform"] == "noisy-doublings"}


def target_of(policy: Policy) -> tuple[str, str]:
    """Source name and released name of the target."""
    return next((n, rule["release_as"]) for n, rule in policy["columns"].items() if rule["role"] == "target")


def doublings(source: pd.DataFrame, policy: Policy) -> Floats:
    """What is known of each row without noise, log2(1 + quantity); float64, (rows, quantities)."""
    columns = [np.log2(1 + source[n] * rule.get("unit", 1)) for n, rule in quantities(policy).items()]
    return np.column_stack(columns).astype(np.float64)


def disturb(exact: Floats, spread: float, key: bytes) -> Ints:
    """Whole doublings after noise; zeros stay zeros. Seeded by the key."""
    random = np.random.default_rng(keyed(key, "noise", ""))
    noisy = exact + np.where(exact > 0, random.normal(0, spread, exact.shape), 0)
    return np.maximum(np.rint(noisy), 0).astype(np.int64)


def linkage(released: Ints, exact: Floats, seconds: Ints) -> dict[str, float]:
    """Nearest-neighbour linkage by an attacker who has the whole source and knows this file.

    Args:
        released: int64, (rows, quantities).
        exact: Of the source, in the same order and scale.
        seconds: Of the source.

    Returns:
        linked_share: released rows whose nearest source row is their own, in [0, 1].
        lookup_rmsle: error of the nearest source row's time as a prediction.
        crowd_lookup_rmsle: the same of the mean of the five nearest.
    """
    near = np.vstack(
        [_nearest(released[at : at + BLOCK_ROWS], exact) for at in range(0, len(released), BLOCK_ROWS)]
    )
    logs = np.log1p(seconds)

    def wrong(guess: Floats) -> float:
        return round(float(np.sqrt(np.mean((guess - logs) ** 2))), 4)

    return {
        "linked_share": round(float(np.mean(near[:, 0] == np.arange(len(released)))), 4),
        "lookup_rmsle": wrong(logs[near[:, 0]]),
        "crowd_lookup_rmsle": wrong(logs[near].mean(axis=1)),
    }


def _nearest(rows: Ints, exact: Floats) -> Ints:
    far = np.zeros((len(rows), len(exact)))
    for column in range(exact.shape[1]):
        far += (rows[:, column, None] - exact[None, :, column]) ** 2
    some = np.argpartition(far, NEAR, axis=1)[:, :NEAR]
    order = np.argsort(np.take_along_axis(far, some, axis=1), axis=1, kind="stable")
    return np.take_along_axis(some, order, axis=1).astype(np.int64)


def refuse_risky(measured: dict[str, Any], policy: Policy) -> None:
    """The release gate.

    Raises:
        ReleaseRefusedError: With every rule that is broken.
    """
    gate = policy["gate"]
    broken = []
    if measured["linked_share"] > gate["linked_share"]:
        broken.append(f"linked_share is {measured['linked_share']}, above {gate['linked_share']}")
    broken += [
        f"{name} is {measured[name]}, below {gate[name]}"
        for name in ("lookup_rmsle", "crowd_lookup_rmsle")
        if measured[name] < gate[name]
    ]
    if broken:
        msg = f"Not released: {'; '.join(broken)}. Add noise, or take columns out, in privacy.toml."
        raise ReleaseRefusedError(msg)


def assemble(released: Ints, seconds: Ints, policy: Policy, key: bytes) -> pd.DataFrame:
    """All released columns, sorted by an id that only the key decides: neither id nor order tells anything."""
    frame = pd.DataFrame({"id": [f"job-{keyed(key, 'id', row):064x}"[:16] for row in range(len(released))]})
    for place, rule in enumerate(quantities(policy).values()):
        frame[rule["release_as"]] = 2 ** released[:, place] - 1
    frame[target_of(policy)[1]] = seconds
    return frame.sort_values("id").reset_index(drop=True)


def write(frame: pd.DataFrame, policy: Policy, key: bytes, public: Path, private: Path) -> None:
    """Split by the key and write the tables."""
    target, share = target_of(policy)[1], policy["release"]["hidden_share"]
    hidden = np.array([keyed(key, "split", name) < share * 2**256 for name in frame["id"]])
    train, test = frame[~hidden], frame[hidden]
    typical = int(train[target].median())
    tables = {
        public / "train.csv": train,
        public / "test.csv": test.drop(columns=target),
        public / "sample_submission.csv": test[["id"]].assign(**{target: typical}),
        private / "answers.csv": test[["id", target]],
    }
    for path, table in tables.items():
        table.to_csv(path, index=False, lineterminator="\n")


if __name__ == "__main__":
    prepare(*(Path(argument) for argument in sys.argv[1:4]))
