"""The first half of a release: what becomes of a value by itself, whatever the other rows are.

An attacker who knows the policy can do the same to what they know about somebody; so its result is also what attacks
are tried with.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from audition.anonymize import dates, numeric
from audition.anonymize.columns import Column, Frame, Levels, Numbers
from audition.anonymize.detectors import scrubber
from audition.anonymize.keys import Key
from audition.anonymize.policy import ColumnRule, Per, TablePolicy, Transform, released_name
from audition.anonymize.tables import not_of_kind, parse_numbers
from audition.domain.errors import InvalidError


@dataclass(frozen=True, slots=True)
class Coded:
    """A table after the first half; released names, all rows in the order of the source."""

    columns: Frame
    notes: Mapping[str, str] = field(default_factory=dict)
    """What was done to a column, in numbers, by its source name."""


@dataclass(frozen=True, slots=True)
class _Task:
    """One column, and all that its transform may look at."""

    name: str
    rule: ColumnRule
    frame: Frame
    table: TablePolicy
    key: Key

    @property
    def where(self) -> str:
        return f"{self.table.file}: {self.name}"

    @property
    def column(self) -> Levels:
        column = self.frame[self.name]
        if not isinstance(column, Levels):
            msg = "the source is texts"
            raise TypeError(msg)
        return column

    def numbers(self) -> Numbers:
        """The column as numbers."""
        return parse_numbers(self.column, self.where)


def code_table(frame: Frame, table: TablePolicy, key: Key) -> Coded:
    """Do what can be done value by value.

    Args:
        frame: The source, as texts.
        table: Its policy, which fits it.
        key: Of the release.

    Raises:
        InvalidError: A value that a rule cannot take, with file, column, line.
    """
    columns: Frame = {}
    notes = {}
    for name, rule in table.columns.items():
        if rule.is_released:
            column, notes[name] = _CODERS[rule.transform](_Task(name, rule, frame, table, key))
            columns[released_name(name, rule)] = column
    return Coded(columns, notes)


_PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,12})?")
Coder = Callable[[_Task], tuple[Column, str]]


def _keep(task: _Task) -> tuple[Column, str]:
    # "007" is a code and no number: as one, it would lose what it begins with.
    is_number = all(_PLAIN_NUMBER.fullmatch(value) for value in task.column.values)
    return (task.numbers() if is_number else task.column), "as it is"


def _as_read(task: _Task) -> tuple[Column, str]:
    return task.column, ""


def _pseudonym(task: _Task) -> tuple[Column, str]:
    rule, values = task.rule, task.column.values
    made = task.key.pseudonyms(rule.domain, values, rule.prefix, rule.digits)
    collisions = len(values) - len(set(made))
    if collisions:
        raise InvalidError(
            f"{task.where}: {collisions} pseudonyms stand for two identifiers each.",
            next_step=f"Raise digits above {rule.digits}.",
        )
    return task.column.replaced(made), f"{len(values):,} pseudonyms of domain {rule.domain!r}, no collision"


def _flag(task: _Task) -> tuple[Column, str]:
    positive = task.rule.positive
    if positive not in task.column.values:
        raise InvalidError(
            f"{task.where}: no row has {positive!r}, which would become 1.",
            next_step=f"There are: {', '.join(sorted(task.column.values)[:20])}. Correct `positive`.",
        )
    is_one = np.array([*(value == positive for value in task.column.values), np.nan], dtype=np.float64)
    return Numbers(is_one[task.column.codes]), f"1 where it was {positive!r}, else 0"


def _band(task: _Task) -> tuple[Column, str]:
    rule, values = task.rule, task.numbers().values
    labels = rule.labels or _band_labels(rule.starts)
    places = np.searchsorted(np.array(rule.starts), values, side="right").astype(np.int32)
    return Levels(np.where(np.isnan(values), -1, places).astype(np.int32), labels), f"{len(labels)} bands"


def _band_labels(starts: tuple[float, ...]) -> tuple[str, ...]:
    middle = [f"{low:g}-{high:g}" for low, high in pairwise(starts)]
    return (f"under-{starts[0]:g}", *middle, f"{starts[-1]:g}-plus")


def _levels(task: _Task) -> tuple[Column, str]:
    rule, column = task.rule, task.column
    notes = [f"{len(column.values)} levels"]
    if rule.fold:
        unknown = [place for place, value in enumerate(column.values) if value not in rule.fold]
        if unknown:
            raise not_of_kind(column, unknown, task.where, "named in `fold`")
        column = column.mapped(rule.fold.__getitem__)
        notes.append(f"{len(column.values)} after folding")
    if rule.least_count:
        rare = column.counts() < rule.least_count
        column = column.replaced(
            [rule.other if is_rare else v for v, is_rare in zip(column.values, rare, strict=True)]
        )
        notes.append(f"{int(rare.sum())} on fewer than {rule.least_count} rows are {rule.other!r}")
    if rule.code:
        name = released_name(task.name, rule)
        order = sorted(column.values, key=lambda level: task.key.number(f"level\x00{name}", level))
        codes = {level: f"{rule.code}{place}" for place, level in enumerate(order, start=1)}
        column = column.mapped(codes.__getitem__)
        notes.append("names replaced by codes")
    return column, ", ".join(notes)


def _number(task: _Task) -> tuple[Column, str]:
    """Numbers with their ends coded; those that are only rounded are so already."""
    rule, values = task.rule, task.numbers()
    if rule.transform is Transform.GROUP_MEAN_OF_PERCENT:
        top = parse_numbers(task.frame[rule.numerator], f"{task.table.file}: {rule.numerator}").values
        with np.errstate(divide="ignore", invalid="ignore"):
            percent = np.round(100 * top / values.values)
        values = Numbers(np.where(np.isfinite(percent), percent, np.nan))
    coded = numeric.clip(values, rule.bottom, rule.top)
    if rule.transform is Transform.ROUND:
        coded = Numbers(numeric.rounded(coded.values, rule.round_to))
    there = ~values.missing()
    beyond = int((coded.values[there] != values.values[there]).sum())
    ends = f"[{_end(rule.bottom)}, {_end(rule.top)}]"
    note = (
        f"ends coded to {ends}" if rule.transform is not Transform.ROUND else f"rounded to {rule.round_to:g}"
    )
    return coded, f"{note}, {beyond:,} values changed"


def _end(value: float | None) -> str:
    return "…" if value is None else f"{value:g}"


def _shift(task: _Task) -> tuple[Column, str]:
    rule = task.rule
    if rule.per is Per.RELEASE:
        weeks = rule.most_days // 7
        offset = 7 * (1 + task.key.number("release offset", "") % weeks)
        signed = -offset if task.key.number("release side", "") % 2 else offset
        return dates.shift(
            task.column, np.array(signed), task.where
        ), "one offset of whole weeks for all rows"
    entity = task.frame[task.table.entity] if task.table.entity else None
    if not isinstance(entity, Levels):
        raise InvalidError(
            f"{task.where}: dates per entity need to know whose they are.",
            next_step='Name the column of people as `entity` of the table, or write per = "release".',
        )
    domain = task.table.columns[task.table.entity].domain
    span = 2 * rule.most_days + 1
    drawn = task.key.numbers(f"offset\x00{domain}", entity.values)
    each = [number % span - rule.most_days for number in drawn]
    # Rows of nobody get an offset of their own kind, which shows nothing.
    offsets = np.array([*each, 0])[entity.codes]
    return dates.shift(task.column, offsets, task.where), f"an offset for each of {len(each):,} entities"


def _text(task: _Task) -> tuple[Column, str]:
    scrub = scrubber(task.key, task.rule.detect)
    column = task.column.mapped(scrub.scrub)
    found: Counter[str] = scrub.found
    said = ", ".join(f"{count:,} {name}" for name, count in sorted(found.items())) or "nothing found"
    return column, f"replaced in distinct texts: {said}"


_CODERS: Mapping[Transform, Coder] = {
    Transform.KEEP: _keep,
    Transform.PSEUDONYM: _pseudonym,
    Transform.FLAG: _flag,
    Transform.BAND: _band,
    Transform.LEVELS: _levels,
    Transform.LATTICE: _as_read,
    Transform.CLASS_MEAN: _number,
    Transform.ROUND: _number,
    Transform.RANK_SWAP: _number,
    Transform.GROUP_MEAN: _number,
    Transform.GROUP_MEAN_OF_PERCENT: _number,
    Transform.SHIFT: _shift,
    Transform.TEXT: _text,
}
