"""What anonymization takes: the lattice alone on a million rows, and all that `anonymize apply` does with a table."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from audition.anonymize.columns import Frame, Ints, Levels, Numbers, class_ids
from audition.anonymize.hierarchies import Hierarchy, hierarchy
from audition.anonymize.lattice import search
from audition.anonymize.partition import partition
from audition.anonymize.policy import ColumnRule, Role, Transform
from audition.anonymize.tables import write_frame

_LATTICE = {"age": (5, 10, 20, 40), "race": (3,), "marital": (2,), "school": (4, 8), "sex": (2,)}
_NUMBERS = 6
_FLAGS = 4


def report(folder: Path, rows: int, say: Callable[[str], None]) -> str:
    """Measure and lay out.

    Args:
        folder: Where a raw table can be made.
        rows: Of the table; a million to compare with docs/performance.md.
        say: Told what has been done.
    """
    people = _people(rows)
    lines = [f"Anonymization of {rows:,} rows", "| what | wall seconds |", "|---|---|", *_search(people)]
    say("lattice and Mondrian")
    raw = folder / "raw"
    raw.mkdir()
    write_frame(_whole(people, rows), raw / "people.csv")
    (raw / "privacy.toml").write_text(_policy(), encoding="utf-8")
    say(f"{(raw / 'people.csv').stat().st_size >> 20} MiB of raw table")
    seconds, busy, peak = _apply(raw, folder / "out")
    whole = f"`anonymize apply`, {3 + len(_LATTICE) + _NUMBERS + _FLAGS + 2} columns, reading to writing"
    lines += [
        f"| {whole} | {seconds:.1f} |",
        f"| its processor seconds | {busy:.1f} |",
        f"| its peak of memory, MiB | {peak} |",
    ]
    return "\n".join(lines)


def _people(rows: int) -> dict[str, Ints]:
    """Five quasi-identifiers, spread about as in a census."""
    random = np.random.default_rng(1)
    age = np.clip(random.gamma(6, 8, rows), 0, 94).astype(np.int64)
    return {
        "age": age,
        "sex": random.integers(0, 2, rows),
        "race": np.minimum(random.geometric(0.75, rows), 9) - 1,
        "marital": np.where(age < 20, 4, random.choice(5, rows, p=[0.5, 0.06, 0.1, 0.02, 0.32])),
        "school": np.clip(random.normal(19, 2.5, rows), 0, 24).astype(np.int64),
    }


def _search(people: dict[str, Ints]) -> list[str]:
    began = time.perf_counter()
    every = [_hierarchy(name, people[name]) for name in _LATTICE]
    found = search(every, 5, 0.05)
    lattice = time.perf_counter() - began
    began = time.perf_counter()
    rows = len(people["age"])
    ids = class_ids(list(people.values()), rows)
    first = np.zeros(int(ids.max()) + 1, dtype=np.int64)
    first[ids] = np.arange(rows)
    points = np.column_stack(list(people.values()))[first]
    groups = partition(points, np.bincount(ids).astype(np.int64), 5)
    mondrian = time.perf_counter() - began
    size = f"all {len(found.nodes)} nodes, {len(first):,} distinct tuples"
    return [
        f"| lattice, 5 quasi-identifiers, {size} | {lattice:.2f} |",
        f"| Mondrian on the same, {int(groups.max()) + 1:,} classes | {mondrian:.2f} |",
    ]


def _hierarchy(name: str, values: Ints) -> Hierarchy:
    rule = ColumnRule(role=Role.QUASI_IDENTIFIER, transform=Transform.LATTICE, widths=_LATTICE[name])
    return hierarchy(name, _texts(values), rule, name)


def _texts(values: Ints) -> Levels:
    return Levels(values.astype(np.int32), tuple(map(str, range(int(values.max()) + 1))))


def _whole(people: dict[str, Ints], rows: int) -> Frame:
    """A table of 20 columns: ids, a date, quasi-identifiers, numbers, flags, a note, an outcome."""
    random = np.random.default_rng(2)
    days = np.datetime64("2020-01-01") + np.arange(1000)
    notes = tuple(f"call {n % 97} about order {n}, write to p{n}@firm.example" for n in range(rows // 10))
    frame: Frame = {
        "customer": Levels(np.arange(rows, dtype=np.int32), tuple(f"C{n:08d}" for n in range(rows))),
        "branch": _texts(random.integers(0, 500, rows)),
        "opened": Levels(random.integers(0, 1000, rows).astype(np.int32), tuple(map(str, days))),
        **{name: _texts(values) for name, values in people.items()},
    }
    shared = random.normal(size=rows)
    for n in range(_NUMBERS):
        frame[f"amount{n}"] = Numbers(np.round(np.exp(6 + 0.5 * shared + 0.5 * random.normal(size=rows)), 2))
    for n in range(_FLAGS):
        frame[f"flag{n}"] = _texts((random.random(rows) < 0.2).astype(np.int64))
    frame["note"] = Levels(random.integers(0, len(notes), rows).astype(np.int32), notes)
    frame["outcome"] = _texts((random.random(rows) < 1 / (1 + np.exp(-shared))).astype(np.int64))
    return frame


def _policy() -> str:
    rules = {
        "customer": 'role = "identifier"\ntransform = "pseudonym"\ndomain = "customer"',
        "branch": 'role = "feature"\ntransform = "levels"\ncode = "B"\nleast_count = 50',
        "opened": 'role = "date"\ntransform = "shift"\nper = "entity"',
        "note": 'role = "text"\ntransform = "text"',
        "outcome": 'role = "target"\ntransform = "keep"',
        **{f"flag{n}": 'role = "feature"\ntransform = "keep"' for n in range(_FLAGS)},
        **{
            f"amount{n}": 'role = "linking-number"\ntransform = "group-mean"\nround_to = 1'
            for n in range(_NUMBERS)
        },
        **{
            name: f'role = "quasi-identifier"\ntransform = "lattice"\nwidths = {list(widths)}'
            for name, widths in _LATTICE.items()
        },
    }
    head = '[release]\nfile = "people.csv"\nentity = "customer"\n[gate]\nk = 5\n'
    return head + "".join(f"[columns.{name}]\n{rule}\n" for name, rule in rules.items())


def _apply(raw: Path, out: Path) -> tuple[float, float, int]:
    """Wall seconds, processor seconds, and peak of memory in MiB of the verb in a process of its own."""
    verb = ["anonymize", "apply", "--new-key", str(raw / "privacy.toml"), str(raw), str(out)]
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "audition", *verb])
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, verb)
    return time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss >> 10
