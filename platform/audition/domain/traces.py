"""What of a submission can be compared with others: its code, its files and the last digits of its predictions.

For reviewers only, and never points: what two submissions share may have a good reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass

MAX_PRINTS, MAX_FILES, MAX_DIGITS = 4000, 300, 256
_LEAST_DIGITS = 64
"""Of fewer an agreement could be chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedFile:
    """A file that is the submission's own."""

    path: str
    digest: str
    """SHA-256 of its bytes."""
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """Everything of one submission that is compared; what the kit holds is left out."""

    prints: tuple[int, ...] = ()
    """Winnowed fingerprints of Python code, sorted, at most `MAX_PRINTS`: the smallest, which are a fair sample."""
    is_sample: bool = False
    """Whether there were more."""
    files: tuple[TracedFile, ...] = ()
    """The largest ones, at most `MAX_FILES`."""
    digits: str = ""
    """A 0 or 1 for the last digit of each of at most `MAX_DIGITS` predictions, of the same rows for all submissions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resemblance:
    """What two submissions share."""

    prints: int
    """Fingerprints that both have."""
    share: float
    """Of the fingerprints of the one with fewer, in [0, 1]."""
    files: tuple[TracedFile, ...] = ()
    """Of the first, those whose bytes the other has too."""
    digits: float | None = None
    """Share of last digits of predictions that agree: by chance one half; None where they cannot be compared."""


def together(several: Iterable[Traces]) -> Traces:
    """Traces that several graders left of one submission; each kind comes from one of them."""
    found = Traces()
    for traces in several:
        found = Traces(
            prints=found.prints or traces.prints,
            is_sample=found.is_sample or traces.is_sample,
            files=found.files or traces.files,
            digits=found.digits or traces.digits,
        )
    return found


def compare(one: Traces, other: Traces) -> Resemblance:
    """What two submissions share; the shared part of the smaller one, so that padding hides nothing."""
    mine, theirs = _comparable(one, other)
    shared = mine & theirs
    least = min(len(mine), len(theirs))
    digests = {file.digest for file in other.files}
    return Resemblance(
        prints=len(shared),
        share=len(shared) / least if least else 0.0,
        files=tuple(file for file in one.files if file.digest in digests),
        digits=_agreeing(one.digits, other.digits),
    )


def _agreeing(one: str, other: str) -> float | None:
    if len(one) != len(other) or len(one) < _LEAST_DIGITS:
        return None
    return sum(a == b for a, b in zip(one, other, strict=True)) / len(one)


def _comparable(one: Traces, other: Traces) -> tuple[frozenset[int], frozenset[int]]:
    """Fingerprints up to the largest that a sample still holds: beyond it the sample says nothing."""
    ends = [traces.prints[-1] for traces in (one, other) if traces.is_sample and traces.prints]
    end = min(ends) if ends else None
    first, second = (
        frozenset(value for value in traces.prints if end is None or value <= end) for traces in (one, other)
    )
    return first, second
