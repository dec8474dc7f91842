"""Record linkage by all rows of a person: those of linked tables, and several in one table.

A row alone may stand in a crowd, and what all rows of a person amount to may not: how many visits there were, what they
cost on average, which ward came most often. So one who knows that looks for it, beside the columns of the table.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from audition.anonymize.apply import Applied
from audition.anonymize.columns import MISSING, Column, Frame, Ints, Levels, Numbers, take_rows
from audition.anonymize.linkage import Linkage, link
from audition.anonymize.policy import Policy, TablePolicy, released_name
from audition.anonymize.space import space

MOST_SEARCHED = 100_000
"""People among whom somebody is looked for. Fewer make it easier, so a larger table is judged too strictly."""


@dataclass(frozen=True, slots=True)
class _People:
    """The same people as an attacker knows them and as they were released."""

    known: Frame
    """A row for each person of the source."""
    released: Frame
    """A row for each person of the release."""
    origin: Ints
    """Who of the source each person of the release is."""
    told: str


def link_across(
    name: str, policy: Policy, sources: Mapping[str, Frame], applied: Applied, random: np.random.Generator
) -> tuple[Linkage, ...]:
    """Look for people of one table by all their rows.

    Args:
        name: Of the table.
        policy: Says which tables refer to it, and whose its rows are.
        sources: The raw tables.
        applied: What was made of them.
        random: Chooses whom to look for.

    Returns:
        What is found by rows of tables that refer to it, and by several rows of a person in it, where there are such.
    """
    found = []
    for people in (
        _with_linked(name, policy, sources, applied),
        _with_several(name, policy, sources, applied),
    ):
        if people is not None:
            searched = random.permutation(len(people.origin))[:MOST_SEARCHED]
            axes = space(people.known, take_rows(people.released, searched))
            targets = random.permutation(len(searched))[: policy.gate.attacks]
            found.append(link(axes, people.origin[searched][targets], targets, people.told))
    return tuple(found)


def _with_linked(name: str, policy: Policy, sources: Mapping[str, Frame], applied: Applied) -> _People | None:
    """A table with what the rows that refer to each of its rows amount to."""
    made, tables = applied.tables[name], policy.all_tables()
    known, released = dict(made.known), {column: made.frame[column] for column in made.known}
    children = []
    for child, column, key in _references(name, policy):
        rows, ends = applied.tables[child], (tables[child], tables[name])
        raw = _rows_of(sources[child][column], sources[name][key])
        left = _rows_of(_released(rows.frame, ends[0], column), _released(made.frame, ends[1], key))
        for side, columns, owners, count in (
            (known, rows.known, raw, len(sources[name][key])),
            (released, {c: rows.frame[c] for c in rows.known}, left, len(made.origin)),
        ):
            side |= {f"{child}.{what}": c for what, c in amount_to(columns, owners, count).items()}
        children.append(child)
    told = f"every released column and their rows in {', '.join(children)}"
    return _People(known, released, made.origin, told) if children else None


def _references(name: str, policy: Policy) -> Iterator[tuple[str, str, str]]:
    """Table and column that refer to a table, and the column that they refer to."""
    for one in policy.links:
        parent, key = one.refers_to.split(".", 1)
        if parent == name:
            child, column = one.column.split(".", 1)
            yield child, column, key


def _with_several(
    name: str, policy: Policy, sources: Mapping[str, Frame], applied: Applied
) -> _People | None:
    """The people of a table in which they have several rows, and can be joined by their pseudonym."""
    table, made = policy.all_tables()[name], applied.tables[name]
    rule = table.columns.get(table.entity)
    if rule is None or not rule.is_released or not made.known:
        return None
    raw, left = sources[name][table.entity], _released(made.frame, table, table.entity)
    if not isinstance(raw, Levels) or not isinstance(left, Levels) or not (left.counts() > 1).any():
        return None
    present = np.flatnonzero(left.counts())
    columns = {column: made.frame[column] for column in made.known}
    released = take_rows(amount_to(columns, left.codes.astype(np.int64), len(left.values)), present)
    owner = np.full(len(left.values), MISSING, dtype=np.int64)
    owner[left.codes] = raw.codes[made.origin]
    known = amount_to(made.known, raw.codes.astype(np.int64), len(raw.values))
    return _People(known, released, owner[present], "what all rows of a person amount to")


def _released(frame: Frame, table: TablePolicy, column: str) -> Column:
    return frame[released_name(column, table.columns[column])]


def _rows_of(references: Column, keys: Column) -> Ints:
    """For each reference the row whose key it is; -1 where there is none."""
    if not isinstance(references, Levels) or not isinstance(keys, Levels):
        msg = "references are texts"
        raise TypeError(msg)
    rows = np.full(len(keys.values) + 1, MISSING, dtype=np.int64)
    rows[keys.codes] = np.arange(len(keys))
    rows[-1] = MISSING
    places = {value: place for place, value in enumerate(keys.values)}
    lookup = np.array([*(places.get(value, -1) for value in references.values), -1], dtype=np.int64)
    return np.asarray(rows[lookup[references.codes]])


def amount_to(columns: Frame, owners: Ints, people: int) -> Frame:
    """What the rows of each person amount to: how many, the mean of each number, the commonest of each word.

    Args:
        columns: Rows of many people.
        owners: Whose each row is, from 0; below 0 is nobody's.
        people: How many there are, those without a row as well.
    """
    mine = np.flatnonzero(owners >= 0)
    whose = owners[mine]
    out: Frame = {"rows": Numbers(np.bincount(whose, minlength=people).astype(np.float64))}
    for name, column in columns.items():
        few = column.take(mine)
        out[name] = _means(few, whose, people) if isinstance(few, Numbers) else _commonest(few, whose, people)
    return out


def _means(column: Numbers, whose: Ints, people: int) -> Numbers:
    there = ~column.missing()
    sums = np.bincount(whose[there], weights=column.values[there], minlength=people)
    counts = np.bincount(whose[there], minlength=people)
    return Numbers(np.where(counts > 0, sums / np.maximum(counts, 1), np.nan))


def _commonest(column: Levels, whose: Ints, people: int) -> Levels:
    """Of equally common words the last, in an order that both sides share."""
    order = np.argsort(np.argsort(np.array(column.values, dtype=object)))
    there = np.flatnonzero(~column.missing())
    width = max(len(column.values), 1)
    pairs, counts = np.unique(whose[there] * width + order[column.codes[there]], return_counts=True)
    best = pairs[np.lexsort((pairs, counts, pairs // width))]
    codes = np.full(people, MISSING, dtype=np.int32)
    # Later ones replace earlier ones of the same person.
    codes[best // width] = np.argsort(order)[best % width]
    return Levels(codes, column.values)
