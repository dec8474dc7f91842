"""Ever coarser values of a quasi-identifier: bands of a number, prefixes of a code, a taxonomy of words.

The last step is always "*", one value for all. Steps nest: what is equal at one is equal at the next, which the lattice
relies on.
"""

from dataclasses import dataclass

import numpy as np

from audition.anonymize.columns import Column, Ints, Levels
from audition.anonymize.policy import ColumnRule
from audition.anonymize.tables import parse_numbers
from audition.domain.errors import InvalidError

ALL = "*"


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """One quasi-identifier at every step, from as it is to "*"."""

    name: str
    codes: Ints
    """(rows,): the place of each row's value in the maps; a missing value has a place as well."""
    maps: tuple[Ints, ...]
    """For each step and value, its code at that step."""
    labels: tuple[tuple[str | None, ...], ...]
    """For each step and code, what is released; None is nothing."""
    steps: tuple[str, ...]
    """What each step is, in words."""

    @property
    def height(self) -> int:
        """The last step."""
        return len(self.maps) - 1

    def at(self, step: int) -> Levels:
        """The column at a step."""
        texts = [self.labels[step][code] for code in self.maps[step]]
        return Levels(self.codes.astype(np.int32), tuple(map(str, range(len(texts))))).replaced(texts)


def hierarchy(name: str, column: Column, rule: ColumnRule, where: str) -> Hierarchy:
    """Make the hierarchy that a rule describes.

    Args:
        name: Of the released column.
        column: What was read.
        rule: Has one of widths, prefixes and steps.
        where: File and column, for messages.

    Raises:
        InvalidError: A value is no number, or a step has nothing for it.
    """
    values = column if isinstance(column, Levels) else None
    if values is None:
        msg = "a hierarchy is made of what was read, not of numbers that were changed"
        raise TypeError(msg)
    if rule.widths:
        texts, steps = _bands(values, rule.widths, where), [f"bands of {width:g}" for width in rule.widths]
    elif rule.prefixes:
        texts = [[text[:count] + ALL for text in values.values] for count in rule.prefixes]
        steps = [f"first {count} characters" for count in rule.prefixes]
    else:
        texts, steps = _taxonomy(values, rule, where), [f"step {n}" for n in range(1, len(rule.steps) + 1)]
    every = [list(values.values), *texts, [ALL] * len(values.values)]
    maps, labels = zip(
        *(_coded(step, is_last=n == len(every) - 1) for n, step in enumerate(every)), strict=True
    )
    codes = np.where(values.codes < 0, len(values.values), values.codes).astype(np.int64)
    return Hierarchy(name, codes, tuple(maps), tuple(labels), ("as it is", *steps, "not told"))


def _coded(texts: list[str], *, is_last: bool) -> tuple[Ints, tuple[str | None, ...]]:
    """Codes of the texts of one step, with a last place for what is missing; at the last step that is "*" too."""
    places: dict[str | None, int] = {}
    codes = [places.setdefault(text, len(places)) for text in texts]
    codes.append(places.setdefault(ALL if is_last else None, len(places)))
    return np.array(codes, dtype=np.int64), tuple(places)


def _bands(values: Levels, widths: tuple[float, ...], where: str) -> list[list[str]]:
    each = Levels(np.arange(len(values.values), dtype=np.int32), values.values)
    found = parse_numbers(each, where).values
    out = []
    for width in widths:
        starts = np.floor(found / width) * width
        out.append([f"{low:g}-{low + width:g}" for low in starts])
    return out


def _taxonomy(values: Levels, rule: ColumnRule, where: str) -> list[list[str]]:
    out, texts = [], list(values.values)
    for number, step in enumerate(rule.steps, 1):
        if unknown := sorted(set(texts) - set(step)):
            raise InvalidError(
                f"{where}: step {number} has nothing for: {', '.join(unknown[:20])}.",
                next_step=f"Add these to steps[{number - 1}] in privacy.toml.",
            )
        texts = [step[text] for text in texts]
        out.append(texts)
    return out
