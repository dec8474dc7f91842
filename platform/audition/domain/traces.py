"""What of a submission can be compared with others: fingerprints of its code and digests of its files.

For reviewers only, and never points: what two submissions share may have a good reason.
"""

from dataclasses import dataclass

MAX_PRINTS, MAX_FILES = 4000, 300


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Resemblance:
    """What two submissions share."""

    prints: int
    """Fingerprints that both have."""
    share: float
    """Of the fingerprints of the one with fewer, in [0, 1]."""
    files: tuple[TracedFile, ...] = ()
    """Of the first, those whose bytes the other has too."""


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
    )


def _comparable(one: Traces, other: Traces) -> tuple[frozenset[int], frozenset[int]]:
    """Fingerprints up to the largest that a sample still holds: beyond it the sample says nothing."""
    ends = [traces.prints[-1] for traces in (one, other) if traces.is_sample and traces.prints]
    end = min(ends) if ends else None
    first, second = (
        frozenset(value for value in traces.prints if end is None or value <= end) for traces in (one, other)
    )
    return first, second
