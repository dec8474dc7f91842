"""The anonymization policy, `privacy.toml`: what becomes of every column, and what a release must not exceed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a column tells about people."""

    IDENTIFIER = "identifier"
    """Names one person, account or order."""
    QUASI_IDENTIFIER = "quasi-identifier"
    """Known to others, and together with its like singles people out."""
    LINKING_NUMBER = "linking-number"
    """A number so fine that few share it; finds a person in another table."""
    SENSITIVE = "sensitive"
    """What nobody should learn about a person."""
    DATE = "date"
    TEXT = "text"
    """Free text, in which anything may stand."""
    TARGET = "target"
    FEATURE = "feature"
    """Tells about no person; a human has looked at it."""


class Transform(StrEnum):
    """What becomes of a column."""

    DROP = "drop"
    KEEP = "keep"
    PSEUDONYM = "pseudonym"
    FLAG = "flag"
    BAND = "band"
    LEVELS = "levels"
    LATTICE = "lattice"
    CLASS_MEAN = "class-mean"
    ROUND = "round"
    RANK_SWAP = "rank-swap"
    GROUP_MEAN = "group-mean"
    GROUP_MEAN_OF_PERCENT = "group-mean-of-percent"
    SHIFT = "shift"
    TEXT = "text"


class Per(StrEnum):
    """What shares one offset of its dates."""

    ENTITY = "entity"
    """Each person: intervals within a person stay."""
    RELEASE = "release"
    """All rows, by whole weeks: seasons, weekdays and splits in time stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRule:
    """What becomes of one column; which keys have a meaning depends on `transform`."""

    role: Role
    transform: Transform = Transform.DROP
    release_as: str = ""
    """Name in the release; the source's own when empty."""
    why: str = ""
    """The author's reason, for the report."""
    domain: str = ""
    """Pseudonyms: what the identifiers name. Equal domains give equal pseudonyms in all tables."""
    prefix: str = ""
    digits: int = 16
    """Hexadecimal digits of a pseudonym, 8 to 64."""
    positive: str = ""
    """Flags: the value that becomes 1; all others become 0."""
    starts: tuple[float, ...] = ()
    """Bands: where each but the first begins."""
    labels: tuple[str, ...] = ()
    fold: Mapping[str, str] = field(default_factory=dict)
    """Levels: old to new; where it is given it must name every value."""
    code: str = ""
    """Levels: released as this and a number that the key decides."""
    least_count: int = 0
    """Levels on fewer rows than this become `other`."""
    other: str = "other"
    widths: tuple[float, ...] = ()
    """Lattice: widths of the bands of a number, each a multiple of the one before."""
    prefixes: tuple[int, ...] = ()
    """Lattice: how many characters of a text are left, falling."""
    steps: tuple[Mapping[str, str], ...] = ()
    """Lattice: maps from level to coarser level, one after another."""
    bottom: float | None = None
    """Numbers below are released as this."""
    top: float | None = None
    round_to: float = 0.0
    """Numbers are rounded to a multiple of this; 0 does not round."""
    numerator: str = ""
    """Percent: the column that is divided by this one."""
    swap_share: float = 0.05
    """Rank swapping: how far values move at most, as a share of all ranks, in (0, 1]."""
    per: Per = Per.RELEASE
    most_days: int = 182
    """Dates: how far they are shifted at most, in either direction."""
    detect: tuple[str, ...] = ()
    """Text: which detectors look at it; all when empty."""

    @property
    def is_released(self) -> bool:
        """Whether something of the column is in the release."""
        return self.transform is not Transform.DROP


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """How a release is made."""

    key_file: str = "release.key"
    """Relative to the raw tables; never part of a release."""
    file: str = ""
    """The raw table, where there is one only."""
    entity: str = ""
    """The column whose values are people, where rows of one person are several."""
    group_inside_classes: bool = False
    """Whether rows that share their averaged numbers share their quasi-identifiers as well.

    Otherwise each alone has its crowd, and both together may still single somebody out.
    """
    hidden_share: float = 0.3
    """Of rows, in hidden test data; what prepares a challenge splits, not the toolchain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What a release must keep; a measure without a threshold is reported and stops nothing.

    Risks are compared with the upper end of their 95 % interval.
    """

    k: int = 5
    """Smallest class over all quasi-identifiers, and smallest group that shares its numbers.

    Source of 5: the commonest minimum cell size for disclosure control (re-identification risk at most 0.2).
    """
    suppressed_share: float = 0.05
    linked_share: float | None = None
    """Of released rows, those whose nearest row of the whole source is their own."""
    l: int | None = None  # noqa: E741  the measure's name
    entropy_l: float | None = None
    t: float | None = None
    beta: float | None = None
    delta: float | None = None
    alpha: float | None = None
    singling_out: float | None = None
    linkability: float | None = None
    inference: float | None = None
    record_linkage: float | None = None
    """Of people that somebody looks for knowing all their released columns, those found for certain."""
    membership: float | None = None
    """Area under the curve of telling who is in the release, 0.5 is chance."""
    attacks: int = 500
    """Targets or guesses of each attack."""
    rows: int = 20_000
    """Rows that the attacks with controls are tried on, at most; half of them are the control."""
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePolicy:
    """One table among linked ones."""

    file: str
    columns: dict[str, ColumnRule]
    entity: str = ""
    group_inside_classes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Values of one column that must be found in another: a foreign key."""

    column: str
    """`table.column`."""
    refers_to: str
    """`table.column`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The whole file."""

    release: Release = field(default_factory=Release)
    gate: Gate = field(default_factory=Gate)
    columns: dict[str, ColumnRule] = field(default_factory=dict)
    """Rules of the one table that `release.file` names."""
    tables: dict[str, TablePolicy] = field(default_factory=dict)
    links: tuple[Link, ...] = ()

    def all_tables(self) -> dict[str, TablePolicy]:
        """Every table by its name, however it is written."""
        found = dict(self.tables)
        if self.columns:
            release = self.release
            name = release.file.strip("/").rsplit("/", 1)[-1].split(".", 1)[0] or "table"
            found[name] = TablePolicy(
                file=release.file,
                columns=self.columns,
                entity=release.entity,
                group_inside_classes=release.group_inside_classes,
            )
        return found


def released_name(name: str, rule: ColumnRule) -> str:
    """A column's name in the release."""
    return rule.release_as or name


def with_role(columns: dict[str, ColumnRule], *roles: Role) -> list[str]:
    """Source names of the released columns with one of some roles, in the policy's order."""
    return [name for name, rule in columns.items() if rule.role in roles and rule.is_released]
