"""Releasing everything that a policy names: linked tables, their references checked, and files written."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audition.anonymize.columns import Flags, Frame, Levels, take_rows
from audition.anonymize.keys import Key
from audition.anonymize.policy import Link, Policy, TablePolicy, released_name
from audition.anonymize.release import Made, Making, Say, make_release
from audition.anonymize.rules import refuse_unclassified
from audition.anonymize.tables import read_frame, write_frame
from audition.domain.errors import InvalidError


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCheck:
    """What became of the references of one column."""

    column: str
    refers_to: str
    references: int
    """Rows with a reference, in the release."""
    dangling: int
    """Those that lead nowhere, in the release; they did in the source as well."""
    left_out: int
    """Rows that went because who they refer to was left out."""


@dataclass(frozen=True, slots=True)
class Applied:
    """All released tables."""

    tables: Mapping[str, Made]
    links: tuple[LinkCheck, ...]


def read_sources(policy: Policy, raw: Path) -> dict[str, Frame]:
    """Read every raw table, and make sure that each column has a rule.

    Args:
        policy: Names the files.
        raw: The folder that they are relative to.

    Raises:
        InvalidError: A file is no table, or a column has no rule.
    """
    out = {}
    for name, table in policy.all_tables().items():
        out[name] = read_frame(raw / table.file)
        refuse_unclassified(out[name], table, table.file)
    return out


def apply_policy(
    policy: Policy, sources: Mapping[str, Frame], key: Key, say: Say = lambda _: None
) -> Applied:
    """Release every table.

    Args:
        policy: What becomes of every column.
        sources: The raw tables by name.
        key: Of the release.
        say: Told what is being done.

    Raises:
        InvalidError: A value that a rule cannot take, or references that broke.
    """
    tables = policy.all_tables()
    made = {
        name: make_release(sources[name], Making(table, policy.gate, key), say)
        for name, table in tables.items()
    }
    checks = []
    for link in policy.links:
        say(f"checking references of {link.column}")
        checks.append(_follow(link, made, sources, tables))
    return Applied(made, tuple(checks))


def _follow(
    link: Link, made: dict[str, Made], sources: Mapping[str, Frame], tables: Mapping[str, TablePolicy]
) -> LinkCheck:
    """Take out rows whose partner was left out, and count the references before and after."""
    (child, column), (parent, key_column) = (end.split(".", 1) for end in (link.column, link.refers_to))
    released = released_name(column, tables[child].columns[column])
    target = released_name(key_column, tables[parent].columns[key_column])
    before = _found(sources[child][column], sources[parent][key_column])[made[child].origin]
    found = _found(made[child].frame[released], made[parent].frame[target])
    if (found & ~before).any():
        raise InvalidError(
            f"{link.column}: {int((found & ~before).sum())} references lead somewhere that led nowhere before.",
            next_step="Two identifiers share a pseudonym: raise digits of both columns.",
        )
    lost = before & ~found
    made[child] = _without(made[child], lost)
    there = ~made[child].frame[released].missing()
    return LinkCheck(
        column=link.column,
        refers_to=link.refers_to,
        references=int(there.sum()),
        dangling=int((there & ~found[~lost]).sum()),
        left_out=int(lost.sum()),
    )


def _found(child: object, parent: object) -> Flags:
    """For each row of the child whether its reference is in the parent."""
    if not isinstance(child, Levels) or not isinstance(parent, Levels):
        msg = "references are texts"
        raise TypeError(msg)
    present = {value for value, count in zip(parent.values, parent.counts(), strict=True) if count}
    return np.array([*(value in present for value in child.values), False])[child.codes]


def _without(made: Made, lost: Flags) -> Made:
    rows = len(made.origin) / max(1 - made.suppressed_share, 1e-9)
    kept = Made(
        take_rows(made.frame, ~lost),
        made.origin[~lost],
        made.known,
        made.notes,
        1 - int((~lost).sum()) / max(rows, 1),
        made.lattice,
    )
    return kept if lost.any() else made


def write_release(applied: Applied, policy: Policy, out: Path) -> dict[str, Path]:
    """Write every released table under its file's name; returns where each is."""
    out.mkdir(parents=True, exist_ok=True)
    paths = {}
    for name, table in policy.all_tables().items():
        file = Path(table.file).name
        paths[name] = out / (file if Path(file).suffix else f"{file}.csv")
        write_frame(applied.tables[name].frame, paths[name])
    return paths
