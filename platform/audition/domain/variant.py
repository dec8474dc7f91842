"""Variants: each candidate's own copy of the public training data, and what a leaked copy says about whose it was.

Theory of operation. Candidates who must not share data get data that cannot be shared unseen. A copy differs from
every other in which of a few rows it lacks, in the lowest digit of a few numbers, in the names of its rows, in their
order and in a few rows that nobody else has. Rows and digits follow a code that is made for collusion: whoever mixes
copies can only choose, place by place, among what their own copies have, and what they choose accuses them more than
anybody else. All of it follows from one secret, so nothing of a copy has to be kept to recognise it.
"""

from dataclasses import dataclass, field
from enum import StrEnum

CANARIES_FILE = "canaries.json"
"""Name of the list of canaries among a version's files."""
MAX_CANARIES_BYTES = 8 << 20
MAX_COPIES = 1000
MAX_COLLUDERS = 10
KEY_VARIABLE = "AUDITION_VARIANT_KEY"
"""Where the programs that make and trace copies find the key of the version, in hexadecimal."""
RANGE_VARIABLE = "AUDITION_VARIANT_RANGE"
"""Likewise which copies to make: first and last number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantSpec:
    """`[variants]` of a challenge."""

    file: str
    """The public table that differs; a CSV among the inputs. Hidden data are the same for everybody."""
    copies: int = 50
    """How many there are, in [1, 1000]; more candidates than that share."""
    colluders: int = 3
    """How many may mix their copies, for whom the code is made, in [1, 10]."""
    false_accusation: float = 1e-6
    """Most that the probability may be that anybody of all candidates is named without being a source."""
    withheld_share: float = 0.02
    """Share of rows that a copy lacks, in (0, 0.2]; the same number in each."""
    marks: dict[str, float] = field(default_factory=dict)
    """Columns of numbers whose lowest digit may be another, each with its smallest step."""
    marked_share: float = 0.1
    """Share of rows of which one number is marked, in [0, 1]."""
    pseudonyms: tuple[str, ...] = ()
    """Columns of names that mean nothing outside the table: every copy has its own."""
    label: str = ""
    """Column whose values each copy has equally often; "" where there is none of few values."""
    canaries: int = 4
    """Rows in each copy that no other has."""
    shuffles_columns: bool = False
    """Whether features stand in another order in each copy. Libraries that compare the order of columns between
    training and test data then fail for who did not choose columns by name."""


def copy_name(number: int) -> str:
    """File name of a copy among a version's files."""
    return f"{number:04d}.csv"


class MarkKind(StrEnum):
    """What of a leaked table tells whose copy it was."""

    ROWS = "rows"
    """Which rows are there."""
    VALUES = "values"
    """The lowest digit of numbers."""
    BOTH = "rows and values"
    PSEUDONYMS = "pseudonyms"
    CANARIES = "canaries"


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """A row that one copy alone has."""

    number: int
    """Of the copy."""
    cells: tuple[str, ...]
    """Its texts without pseudonyms and label."""
    names: tuple[str, ...] = ()
    """Its pseudonyms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantFacts:
    """What was made, as the program that makes copies says it."""

    rows: int = 0
    """Of the table that copies are made of."""
    copy_rows: int = 0
    """Of each copy, canaries among them."""
    code_rows: int = 0
    """Places of the code that are rows."""
    code_values: int = 0
    """Places of the code that are numbers."""
    withstands: int = 0
    """Colluders that a code of this length is sure to name one of, where nothing was deleted."""
    canaries: tuple[Canary, ...] = ()
    refusals: tuple[str, ...] = ()
    """Why copies cannot be made: each with the key in `challenge.toml` and what to do."""


SPREAD_FILE = "spread.json"
"""Name, among a version's files, of what its copies do to the reference's metric."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantSpread:
    """The metric of the reference on hidden data, trained anew on copies."""

    whole: float
    """Trained on the table that copies are made of."""
    whole_score: float
    """Between the challenge's anchors, in [0, 1]; likewise the next but one."""
    copies: tuple[float, ...]
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What one kind of mark says of one copy."""

    kind: MarkKind
    places: int
    """How many were read."""
    score: float
    """In standard deviations of what copies that are no source have; for names and canaries, how many were found."""
    probability: float
    """Most that the probability is that any of all copies has this without being a source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A copy, and everything that speaks for its being a source."""

    number: int
    probability: float
    """Likewise, of the strongest sign, with how many were looked at."""
    signs: tuple[Sign, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What a leaked table says."""

    rows: int = 0
    """That were read."""
    recognised: int = 0
    """Rows that are rows of the challenge's table."""
    columns: tuple[str, ...] = ()
    """Columns that were recognised."""
    rounded: tuple[str, ...] = ()
    """Columns with fewer digits than the challenge's."""
    accused: tuple[Suspect, ...] = ()
    """Below the stated probability, the surest first."""
    next_best: Suspect | None = None
    """The first that is not accused."""
    refusals: tuple[str, ...] = ()
    """Why nothing can be said."""
