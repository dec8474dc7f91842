"""A value that was found in a submission, before it is part of a contract."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A value, the dotted key it belongs to, and where it was read."""

    key: str
    value: object
    source: str
    """What it was read from, in words that follow "was found by"."""
    file: str = ""
    line: int | None = None
