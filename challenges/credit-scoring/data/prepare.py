"""Make the released data of credit-scoring: anonymize as `privacy.toml` says, measure, gate, split, write.

Theory of operation. The source is public, so every released row must be hard to find in it, or its label
could be looked up. Quasi-identifiers are generalised to fixed bands and levels, and rows in classes smaller
than k are left out. Numbers are microaggregated: rows are put in groups of at least k alike ones (MDAV) and
each gets its group's mean. Groups stay inside the classes of quasi-identifiers: class and numbers each with
a crowd of its own would still single people out together. So no row, but for incident and outcome, belongs to
fewer than k people. Groups are never divided between training and hidden data. Only then do keyed codes, ids,
order and split follow. All arithmetic that decides anything is done on integers: the same input and key give the
same bytes on every machine. This container has numpy and pandas and nothing of the platform's, so what
`audition anonymize` does is done here once more; a test holds what both make against each other.

Source of MDAV: Domingo-Ferrer and Mateo-Sanz, "Practical data-oriented microaggregation for statistical
disclosure control", IEEE TKDE 14(1), 2002; here in its one-ended form.
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

POLICY = Path(__file__).resolve().parent.parent / "privacy.toml"
SOURCE = "credit_data.csv"
OPEN_KEY = b"credit-scoring: the open demonstration key, known to everybody who has the repository"
LEAST_KEY_BYTES = 32
RANK_STEPS = 1000
FAR = 10 * RANK_STEPS
"""Between rows that differ in what is released exactly: no likeness of numbers outweighs it."""

Ints = npt.NDArray[np.int64]
Policy = dict[str, Any]
Measures = dict[str, float | int]


class ReleaseRefusedError(Exception):
    """The data must not be released; the message says which rule it breaks and by how much."""


def prepare(raw: Path, public: Path, private: Path) -> None:
    """Write the files of both areas.

    Args:
        raw: Holds `credit_data.csv` and, if the team has its own secret, the key file that the policy names.
        public: Gets train.csv, test.csv, sample_submission.csv and privacy.json.
        private: Gets answers.csv.

    Raises:
        ReleaseRefusedError: A column has no role, the key is too short, or the gate of the policy is not met.
    """
    policy = tomllib.loads(POLICY.read_text(encoding="utf-8"))
    key, key_kind = read_key(raw / policy["release"]["key_file"])
    source = pd.read_csv(raw / SOURCE)
    refuse_unclassified(source, policy)
    quasi, numbers = generalise(source, policy), code_ends(source, policy)
    kept = keep_hidden_in_crowd(quasi, numbers, policy)
    quasi, numbers = quasi[kept].reset_index(drop=True), numbers[kept].reset_index(drop=True)
    numbers, groups = microaggregate(quasi, numbers, policy)
    raw_quasi = source[columns_of(policy, "quasi-identifier")]
    report = {
        "key": key_kind,
        "k_required": policy["gate"]["k"],
        "before": measure(raw_quasi, code_ends(source, policy), np.arange(len(source)), source, policy),
        "after": {
            **measure(quasi, numbers, np.flatnonzero(kept), source, policy),
            "suppressed_share": share(~kept),
        },
    }
    refuse_risky(report["after"], policy)
    released = assemble(source[kept].reset_index(drop=True), quasi, numbers, policy, key)
    hidden = split(released, groups, policy, key)
    report["after"] |= {"train_rows": int((~hidden).sum()), "hidden_rows": int(hidden.sum())}
    (public / "privacy.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    write(released, hidden, target_rule(policy)["release_as"], public, private)


def read_key(path: Path) -> tuple[bytes, str]:
    """Read the secret that decides order, ids, codes and split; "own" is a team's, "open" is known to all."""
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


def columns_of(policy: Policy, role: str) -> list[str]:
    """Source columns with one role, in the policy's order."""
    return [name for name, rule in policy["columns"].items() if rule["role"] == role]


def target_rule(policy: Policy) -> dict[str, Any]:
    """The rule of the target column."""
    rule: dict[str, Any] = policy["columns"][columns_of(policy, "target")[0]]
    return rule


def code_ends(source: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Numbers with both ends coded, under their source names; whole numbers, missing stays missing."""
    coded = {}
    for name in columns_of(policy, "linking-number"):
        rule = policy["columns"][name]
        values = source[name]
        if "numerator" in rule:
            values = (100 * source[rule["numerator"]] / values).round()
        coded[name] = values.clip(rule["bottom"], rule["top"]).round().astype("Int64")
    return pd.DataFrame(coded)


def generalise(source: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Quasi-identifiers in bands and folded levels, under their source names; missing stays missing.

    Raises:
        ReleaseRefusedError: A level that the policy does not name.
    """
    out = {}
    for name in columns_of(policy, "quasi-identifier"):
        rule, values = policy["columns"][name], source[name]
        if rule["transform"] == "band":
            places = np.searchsorted(np.array(rule["starts"]), values.to_numpy(), side="right")
            out[name] = pd.Series([rule["labels"][place] for place in places], dtype="object")
            continue
        unknown = sorted(set(values.dropna()) - set(rule["fold"]))
        if unknown:
            msg = f"privacy.toml says nothing about these levels of {name}: {', '.join(unknown)}."
            raise ReleaseRefusedError(msg)
        out[name] = values.astype("object").map(rule["fold"])
    return pd.DataFrame(out)


def row_keys(frame: pd.DataFrame) -> "pd.Series[str]":
    """Each row as one text, for comparing rows; a missing value is a value of its own."""
    rows = frame.astype("object").where(frame.notna(), "").itertuples(index=False)
    return pd.Series(["|".join(map(str, row)) for row in rows], index=frame.index)


def class_sizes(frame: pd.DataFrame) -> Ints:
    """For each row, how many rows are equal to it over all columns, itself included."""
    keys = row_keys(frame)
    return np.asarray(keys.map(keys.value_counts()), dtype=np.int64)


def shared(quasi: pd.DataFrame, numbers: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """What all rows of a group of alike numbers share: which are missing, and their class where the policy says so."""
    holes = numbers.isna()
    return pd.concat([quasi, holes], axis=1) if policy["release"]["group_inside_classes"] else holes


def keep_hidden_in_crowd(quasi: pd.DataFrame, numbers: pd.DataFrame, policy: Policy) -> npt.NDArray[np.bool_]:
    """Rows that share their class, and what a group shares, with k - 1 others that are kept as well.

    One rule for all rows, before the split, so training and hidden data lose the same kinds of rows.
    """
    k, crowds = policy["gate"]["k"], shared(quasi, numbers, policy)
    kept = np.ones(len(quasi), dtype=bool)
    while True:
        rows = np.flatnonzero(kept)
        small = (class_sizes(quasi.iloc[rows]) < k) | (class_sizes(crowds.iloc[rows]) < k)
        if not small.any():
            return kept
        kept[rows[small]] = False


def ranks(values: pd.DataFrame, reference: pd.DataFrame) -> Ints:
    """Place of each value among the reference's, in 1/1000; int64, (rows, columns); missing is 0."""
    out = np.zeros(values.shape, dtype=np.int64)
    for place, name in enumerate(values.columns):
        ordered = np.sort(reference[name].dropna().to_numpy(np.int64))
        present = values[name].notna().to_numpy()
        known = values[name][present].to_numpy(np.int64)
        both = np.searchsorted(ordered, known, "left") + np.searchsorted(ordered, known, "right")
        out[present, place] = both * RANK_STEPS // (2 * len(ordered))
    return out


def mdav(points: Ints, k: int) -> Ints:
    """Put alike rows in groups of k to 2k - 1: the farthest row from the middle and its nearest, repeat.

    Args:
        points: (rows, columns), with at least k rows.
        k: Size of a group.

    Returns:
        The group of each row, from 0.
    """
    left: Ints = np.arange(len(points))
    groups: Ints = np.zeros(len(points), dtype=np.int64)
    number = 0
    while len(left) >= 2 * k:
        rest = points[left]
        middle = rest.sum(axis=0) // len(rest)
        farthest = ((rest - middle) ** 2).sum(axis=1).argmax()
        nearest = np.argsort(((rest - rest[farthest]) ** 2).sum(axis=1), kind="stable")[:k]
        groups[left[nearest]] = number
        left = np.delete(left, nearest).astype(np.int64)
        number += 1
    groups[left] = number
    return groups


def microaggregate(quasi: pd.DataFrame, numbers: pd.DataFrame, policy: Policy) -> tuple[pd.DataFrame, Ints]:
    """Replace each row's numbers by its group's means, rounded; rows of a group miss the same values.

    Returns:
        The new numbers, and for each row which group it is in; groups that came out equal are one group.
    """
    points = ranks(numbers, numbers)
    crowds = row_keys(shared(quasi, numbers, policy))
    groups = np.zeros(len(numbers), dtype=np.int64)
    for name in sorted(crowds.unique()):
        rows = np.flatnonzero((crowds == name).to_numpy())
        groups[rows] = mdav(points[rows], policy["gate"]["k"]) + groups.max() + 1
    means = {}
    for name in numbers.columns:
        sums = numbers[name].fillna(0).groupby(groups).transform("sum").astype("int64")
        counts = numbers[name].isna().groupby(groups).transform("size").astype("int64")
        step = policy["columns"][name]["round_to"]
        nearest_step = (2 * sums + counts * step) // (2 * counts * step) * step
        means[name] = nearest_step.astype("Int64").where(numbers[name].notna())
    out = pd.DataFrame(means)
    return out, pd.factorize(row_keys(out))[0].astype(np.int64)


def share(flags: npt.NDArray[np.bool_]) -> float:
    """Share of rows that are true, in [0, 1], to four digits."""
    return round(int(flags.sum()) / len(flags), 4)


def measure(
    quasi: pd.DataFrame, numbers: pd.DataFrame, origin: Ints, source: pd.DataFrame, policy: Policy
) -> Measures:
    """Sizes of classes and groups, and risk against an attacker who has the public source and knows this file."""
    sizes = class_sizes(quasi)
    return {
        "rows": len(quasi),
        "k": int(sizes.min()),
        "unique_share": share(sizes == 1),
        "small_class_share": share(sizes < policy["gate"]["k"]),
        "smallest_number_group": int(class_sizes(numbers).min()),
        "smallest_group": int(class_sizes(pd.concat([quasi, numbers], axis=1)).min()),
        **linkage(numbers, origin, source, policy),
    }


def linkage(numbers: pd.DataFrame, origin: Ints, source: pd.DataFrame, policy: Policy) -> Measures:
    """Nearest-neighbour record linkage over all that is released but the outcome, which is what is looked for.

    Args:
        numbers: What is published.
        origin: Row of the source that each released row was made from.
        source: Public; the attacker codes it as the policy says.
        policy: Known to the attacker as well.

    Returns:
        linked_share: released rows whose nearest source row is their own, in [0, 1].
        lookup_auc: ROC AUC of the label of the nearest source row as a prediction; 0.5 is chance.
        crowd_lookup_auc: the same of how many of the k nearest have it.
    """
    coded, exact = code_ends(source, policy), exactly_released(source, policy)
    ours = np.hstack([places(numbers, coded), exact[origin]])
    theirs = np.hstack([places(coded, coded), exact])
    near = np.array(
        [np.argsort(((theirs - row) ** 2).sum(axis=1), kind="stable")[: policy["gate"]["k"]] for row in ours]
    )
    rule = target_rule(policy)
    label = (source[columns_of(policy, "target")[0]] == rule["positive"]).to_numpy().astype(np.int64)
    return {
        "linked_share": share(near[:, 0] == origin),
        "lookup_auc": auc(label[origin], label[near[:, 0]]),
        "crowd_lookup_auc": auc(label[origin], label[near].sum(axis=1)),
    }


def exactly_released(source: pd.DataFrame, policy: Policy) -> Ints:
    """Levels and flags as far apart as can be; int64, (rows, levels)."""
    flags = {
        name: source[name] == policy["columns"][name]["positive"] for name in columns_of(policy, "sensitive")
    }
    exact = pd.concat([generalise(source, policy).fillna(""), pd.DataFrame(flags).astype(str)], axis=1)
    return FAR * pd.get_dummies(exact).to_numpy(np.int64)


def places(values: pd.DataFrame, reference: pd.DataFrame) -> Ints:
    """Numbers by rank, and which are missing; int64, (rows, 2 x columns)."""
    return np.hstack([ranks(values, reference), FAR * values.isna().to_numpy(np.int64)])


def auc(truth: Ints, guess: Ints) -> float:
    """Area under the ROC curve of small whole numbers, to four digits; equal ones count half."""
    bad, good = (np.bincount(guess[truth == side], minlength=guess.max() + 1) for side in (1, 0))
    twice_below = 2 * np.cumsum(good) - good
    return round(float((bad * twice_below).sum() / (2 * bad.sum() * good.sum())), 4)


def refuse_risky(measured: Measures, policy: Policy) -> None:
    """The release gate.

    Raises:
        ReleaseRefusedError: With every rule that is broken.
    """
    gate = policy["gate"]
    broken = [
        f"{name} is {measured[name]}, below {gate['k']}"
        for name in ("k", "smallest_number_group", "smallest_group")
        if measured[name] < gate["k"]
    ]
    broken += [
        f"{name} is {measured[name]}, above {gate[name]}"
        for name in ("suppressed_share", "linked_share")
        if measured[name] > gate[name]
    ]
    if broken:
        msg = f"Not released: {'; '.join(broken)}. Generalise more in privacy.toml."
        raise ReleaseRefusedError(msg)


def assemble(
    source: pd.DataFrame, quasi: pd.DataFrame, numbers: pd.DataFrame, policy: Policy, key: bytes
) -> pd.DataFrame:
    """All released columns under their released names, still in source order, with random-looking ids."""
    out = {"id": [f"app-{keyed(key, 'id', row):064x}"[:16] for row in range(len(source))]}
    for name, rule in policy["columns"].items():
        target = rule["release_as"]
        if name in numbers:
            out[target] = numbers[name]
        elif "code" in rule:
            out[target] = quasi[name].map(level_codes(rule, key))
        elif name in quasi:
            out[target] = quasi[name]
        else:
            out[target] = (source[name] == rule["positive"]).astype(int)
    frame = pd.DataFrame(out)
    if not frame["id"].is_unique:
        msg = "Two rows got the same id; choose another key."
        raise ReleaseRefusedError(msg)
    return frame


def level_codes(rule: Policy, key: bytes) -> dict[str, str]:
    """Levels to codes such as "H1"; the key decides which is which."""
    levels = sorted(set(rule["fold"].values()), key=lambda level: keyed(key, rule["release_as"], level))
    return {level: f"{rule['code']}{place}" for place, level in enumerate(levels, start=1)}


def split(released: pd.DataFrame, groups: Ints, policy: Policy, key: bytes) -> npt.NDArray[np.bool_]:
    """Which rows are hidden test data: whole groups, the same mix of defaults on both sides, order by key."""
    target = target_rule(policy)["release_as"]
    defaults = np.bincount(groups, weights=released[target].to_numpy()).astype(int)
    order = sorted(range(len(defaults)), key=lambda group: (defaults[group], keyed(key, "split", group)))
    percent = round(100 * policy["release"]["hidden_share"])
    chosen = [g for place, g in enumerate(order) if (place + 1) * percent // 100 > place * percent // 100]
    return np.isin(groups, chosen)


def write(
    released: pd.DataFrame, hidden: npt.NDArray[np.bool_], target: str, public: Path, private: Path
) -> None:
    """Write the tables, sorted by id: ids come from the key, so order says nothing about the source."""
    features = [name for name in released.columns if name != target]
    train, test = released[~hidden].sort_values("id"), released[hidden].sort_values("id")
    sample = test[["id"]].assign(probability_of_default=round(float(train[target].mean()), 4))
    tables = {
        public / "train.csv": train[[*features, target]],
        public / "test.csv": test[features],
        public / "sample_submission.csv": sample,
        private / "answers.csv": test[["id", target]],
    }
    for path, table in tables.items():
        table.to_csv(path, index=False, lineterminator="\n")


if __name__ == "__main__":
    prepare(*(Path(argument) for argument in sys.argv[1:4]))
