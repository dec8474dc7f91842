"""The whole way from a raw table to a released one.

Theory of operation. First every value is coded by itself (`coding`). Then rows are blurred together: steps of
hierarchies are chosen over the whole lattice, rows that still stand in classes below k or miss a rare pattern of
numbers are left out, numbers become means of their class or group, or are swapped with neighbours. Last, rows are put
in an order that only the key knows. A released row remembers which raw row it was made from (`origin`): that never
leaves the author's machine, and is what the attacks are measured against.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from audition.anonymize import numeric
from audition.anonymize.coding import Coded, code_table
from audition.anonymize.columns import (
    Column,
    Flags,
    Frame,
    Ints,
    Numbers,
    class_ids,
    classes_of,
    row_count,
    share,
    take_rows,
)
from audition.anonymize.hierarchies import Hierarchy, hierarchy
from audition.anonymize.keys import Key
from audition.anonymize.lattice import Lattice, search
from audition.anonymize.partition import partition
from audition.anonymize.policy import ColumnRule, Gate, Role, TablePolicy, Transform, released_name, with_role
from audition.domain.errors import InvalidError

Say = Callable[[str], None]
#: Roles of columns that tell about people, and not of which row or when.
PEOPLE = (Role.QUASI_IDENTIFIER, Role.LINKING_NUMBER, Role.SENSITIVE, Role.FEATURE, Role.TARGET)
_GROUPED = (Transform.GROUP_MEAN, Transform.GROUP_MEAN_OF_PERCENT)


@dataclass(frozen=True, slots=True)
class Made:
    """A released table, and what the author alone may know about it."""

    frame: Frame
    """Released names; rows in the key's order."""
    origin: Ints
    """The raw row that each released row was made from."""
    known: Frame
    """All raw rows as one who knows the policy would look for them, in the columns that tell about people."""
    notes: Mapping[str, str]
    """What was done to each column, by its source name."""
    suppressed_share: float
    lattice: Lattice | None = None


@dataclass(frozen=True, slots=True)
class Making:
    """With what a release is made."""

    table: TablePolicy
    gate: Gate
    """Gives k and the share of rows that may be left out."""
    key: Key
    """Decides pseudonyms, offsets, codes, partners and order."""


def make_release(
    frame: Frame, making: Making, say: Say = lambda _: None, members: Flags | None = None
) -> Made:
    """Release a table.

    Args:
        frame: The source, as texts; every column has a rule.
        making: Policy, gate and key.
        say: Told what is being done.
        members: The rows that are released; all when left out. Others are coded as well, and can be looked for.

    Raises:
        InvalidError: A value that a rule cannot take, or no way to keep to the gate.
    """
    table, key = making.table, making.key
    say(f"coding {row_count(frame):,} rows of {table.file}")
    chosen = np.arange(row_count(frame)) if members is None else np.flatnonzero(members)
    coded, lattice = _generalise(frame, code_table(frame, table, key), making, chosen)
    known = {name: coded.columns[name] for name in people_columns(table)}
    columns = take_rows(coded.columns, chosen)
    kept = keep_in_crowd(columns, table, making.gate.k)
    say("averaging and swapping numbers")
    blurred = _blur(take_rows(columns, kept), table, making.gate.k, key)
    order = key.generator(f"order of {table.file}").permutation(int(kept.sum()))
    return Made(take_rows(blurred, order), chosen[kept][order], known, coded.notes, share(~kept), lattice)


def people_columns(table: TablePolicy) -> list[str]:
    """Released names of the columns that tell about people: all but pseudonyms, dates and texts."""
    return [released_name(name, table.columns[name]) for name in with_role(table.columns, *PEOPLE)]


def quasi_names(table: TablePolicy) -> list[str]:
    """Released names of the quasi-identifiers."""
    return [
        released_name(name, table.columns[name]) for name in with_role(table.columns, Role.QUASI_IDENTIFIER)
    ]


def _with_transform(table: TablePolicy, *transforms: Transform) -> dict[str, ColumnRule]:
    """Rules with one of some transforms, by released name."""
    return {
        released_name(name, rule): rule
        for name, rule in table.columns.items()
        if rule.transform in transforms
    }


def _generalise(frame: Frame, coded: Coded, making: Making, members: Ints) -> tuple[Coded, Lattice | None]:
    """Choose steps for the columns with hierarchies; the others are fixed already."""
    table = making.table
    chosen = {n: r for n, r in table.columns.items() if r.transform is Transform.LATTICE}
    if not chosen:
        return coded, None
    every = [
        hierarchy(released_name(n, rule), frame[n], rule, f"{table.file}: {n}") for n, rule in chosen.items()
    ]
    means = _with_transform(table, Transform.CLASS_MEAN)
    fixed = [name for name in quasi_names(table) if name not in {h.name for h in every} | set(means)]
    released = [replace(h, codes=h.codes[members]) for h in every]
    classes = classes_of(take_rows(coded.columns, members), fixed)
    found = search(released, making.gate.k, making.gate.suppressed_share, classes)
    columns, notes = dict(coded.columns), dict(coded.notes)
    for source, one, step in zip(chosen, every, found.best.steps, strict=True):
        columns[one.name] = one.at(step)
        notes[source] = _said(one, step)
    return Coded(columns, notes), found


def _said(one: Hierarchy, step: int) -> str:
    return f"{one.steps[step]} (step {step} of {one.height})"


def keep_in_crowd(columns: Frame, table: TablePolicy, k: int) -> Flags:
    """Rows that share class and pattern of missing numbers with k - 1 others that are kept as well.

    Raises:
        InvalidError: That would be none.
    """
    classes = _fixed_classes(columns, table)
    holes = [_number_column(columns[name]) for name in _with_transform(table, *_GROUPED)]
    patterns = numeric.missing_patterns(holes) if holes else np.zeros_like(classes)
    if table.group_inside_classes:
        patterns = class_ids([classes, patterns], len(classes))
    kept: Flags = np.ones(len(classes), dtype=bool)
    while True:
        enough = kept.copy()
        for ids in (classes, patterns):
            sizes = np.bincount(ids[kept], minlength=int(ids.max(initial=-1)) + 1)
            enough &= sizes[ids] >= k
        if (enough == kept).all():
            break
        kept = enough
    if not kept.any():
        raise InvalidError(
            f"{table.file}: every row stands in a class below {k}: nothing would be left.",
            next_step="Coarsen the quasi-identifiers, or give them hierarchies.",
        )
    return kept


def _fixed_classes(columns: Frame, table: TablePolicy) -> Ints:
    """Classes over the quasi-identifiers, of those that become class means only over where they are missing."""
    means = _with_transform(table, Transform.CLASS_MEAN)
    plain = classes_of(columns, [name for name in quasi_names(table) if name not in means])
    holes = [columns[name].missing().astype(np.int64) for name in means]
    return class_ids([plain, *holes], len(plain))


def _number_column(column: Column) -> Numbers:
    if not isinstance(column, Numbers):
        msg = "transforms of numbers give numbers"
        raise TypeError(msg)
    return column


def _blur(columns: Frame, table: TablePolicy, k: int, key: Key) -> Frame:
    """What becomes of values among the rows that are kept."""
    out = dict(columns)
    for names, groups in (_class_groups(columns, table, k), _number_groups(columns, table, k)):
        for name, rule in names.items():
            out[name] = numeric.group_means(_number_column(columns[name]), groups, rule.round_to)
    for name, rule in _with_transform(table, Transform.RANK_SWAP).items():
        swapped = numeric.rank_swap(
            _number_column(columns[name]), rule.swap_share, key.generator(f"swap {name}")
        )
        out[name] = Numbers(numeric.rounded(swapped.values, rule.round_to))
    return out


def _class_groups(columns: Frame, table: TablePolicy, k: int) -> tuple[dict[str, ColumnRule], Ints]:
    """Mondrian inside the classes that the other quasi-identifiers make."""
    names = _with_transform(table, Transform.CLASS_MEAN)
    if not names:
        return names, np.zeros(0, dtype=np.int64)
    numbers = [_number_column(columns[name]) for name in names]
    points = np.column_stack([numeric.ranks(c.values, c.values) for c in numbers]).astype(np.int64)
    once = np.ones(len(points), dtype=np.int64)
    return names, partition(points, once, k, _fixed_classes(columns, table))


def _number_groups(columns: Frame, table: TablePolicy, k: int) -> tuple[dict[str, ColumnRule], Ints]:
    """Groups of rows with alike numbers, which share their means."""
    names = _with_transform(table, *_GROUPED)
    if not names:
        return names, np.zeros(0, dtype=np.int64)
    blocks = _fixed_classes(columns, table) if table.group_inside_classes else None
    return names, numeric.group_alike([_number_column(columns[name]) for name in names], k, blocks)
