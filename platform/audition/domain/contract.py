"""`audition.toml`: what a submission says about itself. Parsed and checked inside a container only."""

from dataclasses import dataclass, field

from audition.domain.build import BuildPlan

DEFAULT_PREDICT = ("python", "predict.py")
CONTRACT_FILE = "audition.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """The checked contract file, or the defaults where there is none."""

    predict: tuple[str, ...] = DEFAULT_PREDICT
    """Argument vector; no shell is involved unless the candidate names one."""
    is_declared: bool = False
    """Whether the submission had a contract file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One unpacked file."""

    path: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What the unpack container reports: accepted with a contract, or refused with every reason found.

    Attributes:
        refusals: Why the submission is not accepted, each naming the entry or the key; empty when it is.
    """

    refusals: tuple[str, ...] = ()
    contract: Contract = field(default_factory=Contract)
    entries: tuple[Entry, ...] = ()
    total_bytes: int = 0
    build: BuildPlan | None = None
    """What is in the Dockerfile; None when the challenge builds none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedFile:
    """One file taken from /out; its bytes follow the document on the stream, in the same order."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """What was in /out after the candidate's container was dead: what is taken and what is refused, and why."""

    files: tuple[CollectedFile, ...] = ()
    refusals: tuple[str, ...] = ()
