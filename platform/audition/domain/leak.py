"""Ways in which the public files of a challenge tell the hidden answers: looked for before it is published."""

from dataclasses import dataclass
from enum import StrEnum

MAX_REPORT_BYTES = 256 << 10


class LeakKind(StrEnum):
    """What tells."""

    ANSWERS = "answers"
    """A public file has the hidden answers themselves, or words that are them."""
    COLUMN = "column"
    """One column says almost all by itself."""
    ID = "id"
    ORDER = "order"
    EXACT_ROWS = "exact rows"
    """Hidden rows that stand among the training rows as well."""
    NEAR_ROWS = "near rows"
    GROUPS = "groups"
    """Rows of one customer, patient or machine on both sides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """One of them."""

    kind: LeakKind
    where: str
    """File, and column where it is one."""
    sentence: str
    """What was seen, with numbers."""
    step: str
    """What to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakReport:
    """What a look at a challenge's files found."""

    leaks: tuple[Leak, ...] = ()
    looked_at: tuple[str, ...] = ()
    """What was looked at, one sentence each."""
    not_looked_at: tuple[str, ...] = ()
    """What could not be, and why."""
