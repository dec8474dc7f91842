"""Rows that stand among the hidden ones when a submission predicts a second time: which there are, and of which rows.

Theory of operation. A program may answer from a table, by the ids or by the order of rows, and may break on what
production brings. None of this shows in one prediction of the rows that everybody was given. So predict runs again, on
the same rows in another order with others among them that only we can tell apart: hidden rows again under other ids,
hidden rows whose numbers moved by less than anybody measures, and hidden rows with what goes wrong in production. The
metric comes from the first run alone.
"""

from dataclasses import dataclass
from enum import StrEnum

EXTRA_ROWS_FILE = "extra_rows.json"
"""Name of the map among a version's files; beside it stands the table, under the name of the input."""
MAX_TABLE_BYTES = 32 << 20
"""Most that the table with all rows may have."""
MAX_MAP_BYTES = 8 << 20
MAX_ROWS = 50_000
"""Most extra rows: a map of them stays well below its limit."""


class RowKind(StrEnum):
    """What was done to a hidden row to make an extra one."""

    COPY = "copy"
    """Nothing: only its id and its place are others."""
    NUDGED = "nudged"
    """Its numbers are others by a small share of what they differ by between rows."""
    MISSING = "missing"
    """Cells are empty."""
    UNSEEN = "unseen"
    """A category is one that nobody has seen."""
    UNIT = "unit"
    """A number is in another unit."""


CORRUPTIONS = (RowKind.MISSING, RowKind.UNSEEN, RowKind.UNIT)
"""Kinds that change what a row says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corruption:
    """Something that goes wrong in production, as the author thinks it likely."""

    kind: RowKind
    """One of `CORRUPTIONS`."""
    columns: tuple[str, ...]
    """In all of them at once."""
    level: str = "unseen"
    """The category, of kind `unseen`."""
    factor: float = 1000.0
    """What numbers are multiplied by, of kind `unit`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraRowsSpec:
    """`[extra_rows]` of a challenge; private."""

    file: str
    """Which input holds the hidden rows; a CSV."""
    copies: int = 40
    nudged: int = 40
    nudge: float = 0.01
    """How far numbers move at most, in standard deviations of their column."""
    corrupted: int = 150
    """Rows of each corruption; of fewer hidden rows, all."""
    corruptions: tuple[Corruption, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraRow:
    """One extra row."""

    id: str
    of: str
    """Id of the hidden row that it was made of."""
    kind: RowKind
    corruption: int = 0
    """Place among `ExtraRowsSpec.corruptions`, of kinds that are one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraRows:
    """What is made when a challenge is published; only the container that has the answers ever sees it."""

    rows: tuple[ExtraRow, ...] = ()
    table: str = ""
    """The input with all rows, as text; empty once it is kept as a file of its own."""
    refusals: tuple[str, ...] = ()
    """Why it cannot be made: each with the key in `challenge.toml` and what to do."""
