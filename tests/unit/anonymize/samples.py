"""Small tables and policies for tests of the toolchain."""

from pathlib import Path

import numpy as np

from audition.anonymize.columns import Column, Frame, Ints, codes_of, levels
from audition.anonymize.keys import Key
from audition.anonymize.policy import ColumnRule, Gate, Role, TablePolicy, Transform

KEY = Key(b"a key of thirty-two bytes or more")
OTHER_KEY = Key(b"another key of thirty-two bytes..")


def people(rows: int, seed: int = 1) -> Frame:
    """Raw people, as texts: age, sex, town, income, and whether they came back."""
    random = np.random.default_rng(seed)
    age = random.integers(18, 80, rows)
    income = np.round(random.lognormal(7, 0.5, rows) + 10 * age)
    back = random.random(rows) < 1 / (1 + np.exp(-(income - 1800) / 400))
    return {
        "age": levels(map(str, age)),
        "sex": levels(random.choice(["f", "m"], rows).tolist()),
        "town": levels(f"T{n:02d}" for n in random.zipf(2, rows) % 20),
        "income": levels(map("{:.0f}".format, income)),
        "back": levels(np.where(back, "yes", "no").tolist()),
    }


def people_policy(**changed: ColumnRule) -> TablePolicy:
    """A policy for them; single rules can be given."""
    rules = {
        "age": ColumnRule(role=Role.QUASI_IDENTIFIER, transform=Transform.LATTICE, widths=(5, 10, 20)),
        "sex": ColumnRule(role=Role.QUASI_IDENTIFIER, transform=Transform.KEEP),
        "town": ColumnRule(role=Role.QUASI_IDENTIFIER, transform=Transform.LEVELS, least_count=30),
        "income": ColumnRule(role=Role.LINKING_NUMBER, transform=Transform.GROUP_MEAN, round_to=10),
        "back": ColumnRule(role=Role.TARGET, transform=Transform.FLAG, positive="yes"),
    }
    return TablePolicy(file="people.csv", columns={**rules, **changed})


def released_as_they_are(frame: Frame) -> TablePolicy:
    """A policy that protects nothing, to see what attacks find then."""
    roles = {"age": Role.QUASI_IDENTIFIER, "sex": Role.QUASI_IDENTIFIER, "town": Role.QUASI_IDENTIFIER}
    rules = {n: ColumnRule(role=roles.get(n, Role.FEATURE), transform=Transform.KEEP) for n in frame}
    return TablePolicy(file="people.csv", columns=rules)


def open_gate(k: int = 1) -> Gate:
    """A gate that only asks for a k."""
    return Gate(k=k, suppressed_share=0.2, attacks=200)


def sizes_of(ids: Ints) -> list[int]:
    """Sizes of classes, rising."""
    return sorted(np.bincount(ids).tolist())


def rows_of(*columns: Column) -> list[tuple[int, ...]]:
    """Rows as tuples of codes, for comparing by brute force."""
    return list(zip(*(codes_of(column).tolist() for column in columns), strict=True))


def write(folder: Path, name: str, text: str) -> Path:
    """A file."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
