"""Looking at raw columns, and a first guess of what each of them is; a person confirms every one."""

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np

from audition.anonymize.columns import Column, Frame, Levels
from audition.anonymize.detectors import kinds_in
from audition.anonymize.policy import Role

_SAMPLE = 1000
_TEXT_LENGTH = 30
_MANY_HITS = 0.5
_NEARLY_ALL = 0.95
_HALF = 0.5
_FEW_LEVELS = 30
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([ T].*)?")
#: Words in a name that say what stands in the column.
_NAMES: tuple[tuple[Role, str], ...] = (
    (
        Role.IDENTIFIER,
        r"\bid\b|name|e?mail|phone|mobile|ssn|passport|iban|account|address|street|uuid|user|customer",
    ),
    (Role.TARGET, r"\btarget\b|\blabel\b|default|churn|fraud|outcome|subscribed|status"),
    (Role.SENSITIVE, r"diagnos|disease|religion|income|salary|debt|health|record|criminal|party"),
    (
        Role.QUASI_IDENTIFIER,
        r"\bage\b|birth|sex|gender|zip|post(code|al)|city|country|region|state|marital|race|job|occupation|educat|home",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """What one column looks like."""

    name: str
    rows: int
    missing_share: float
    distinct: int
    unique_share: float
    """Of rows that have a value, those that are alone with it, in [0, 1]."""
    entropy_bits: float
    """How much one value tells about which row it is; log2 of rows at most."""
    is_number: bool
    is_date: bool
    found: tuple[tuple[str, float], ...]
    """Detectors that hit, with the share of sampled values that they hit."""
    role: Role
    """A guess."""
    reason: str
    """Why."""


def profile_frame(frame: Frame) -> list[ColumnProfile]:
    """Profile every column of a raw table."""
    return [profile_column(name, column) for name, column in frame.items()]


def profile_column(name: str, column: Column) -> ColumnProfile:
    """Profile one column, and guess what it is."""
    if not isinstance(column, Levels):
        msg = "what is profiled is what was read"
        raise TypeError(msg)
    counts = column.counts()
    there = int(counts.sum())
    shares = counts[counts > 0] / max(there, 1)
    # An even draw over all distinct values, the same every time.
    sample = column.values[:: max(1, len(column.values) // _SAMPLE)][:_SAMPLE]
    hits = Counter(kind for text in sample for kind in kinds_in(text))
    facts = _Facts(
        unique_share=float((counts == 1).sum() / max(there, 1)),
        is_number=_share(sample, _NUMBER) > _NEARLY_ALL,
        is_date=_share(sample, _DATE) > _NEARLY_ALL,
        hits={kind: count / max(len(sample), 1) for kind, count in hits.items()},
        length=float(np.mean([len(text) for text in sample])) if sample else 0.0,
        distinct=int((counts > 0).sum()),
    )
    role, reason = _guess(name, facts)
    return ColumnProfile(
        name=name,
        rows=len(column),
        missing_share=1 - there / max(len(column), 1),
        distinct=facts.distinct,
        unique_share=facts.unique_share,
        entropy_bits=float(-(shares * np.log2(shares)).sum()),
        is_number=facts.is_number,
        is_date=facts.is_date,
        found=tuple(sorted(facts.hits.items())),
        role=role,
        reason=reason,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    unique_share: float
    is_number: bool
    is_date: bool
    hits: dict[str, float]
    length: float
    distinct: int


def _share(sample: tuple[str, ...], pattern: re.Pattern[str]) -> float:
    return sum(pattern.fullmatch(text) is not None for text in sample) / max(len(sample), 1)


def _guess(name: str, facts: _Facts) -> tuple[Role, str]:
    """The most careful role that fits, with the reason."""
    words = re.sub(r"[_\W]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)).lower()
    named = [(role, "its name says so") for role, pattern in _NAMES if re.search(pattern, words)]
    return _by_values(facts) or next(iter(named), None) or _by_counts(facts)


def _by_values(facts: _Facts) -> tuple[Role, str] | None:
    if facts.is_date:
        return Role.DATE, "its values are dates"
    kind, surest = max(facts.hits.items(), key=lambda item: item[1], default=("", 0.0))
    if surest > _MANY_HITS and facts.length < _TEXT_LENGTH * 2:
        return Role.IDENTIFIER, f"{surest:.0%} of its values are of the kind {kind}"
    if not facts.is_number and facts.length > _TEXT_LENGTH:
        return Role.TEXT, f"long texts, {facts.length:.0f} characters on average"
    return None


def _by_counts(facts: _Facts) -> tuple[Role, str]:
    if not facts.is_number and facts.unique_share > _HALF:
        return Role.IDENTIFIER, f"{facts.unique_share:.0%} of rows are alone with their value"
    if facts.is_number and facts.distinct > _FEW_LEVELS:
        return Role.LINKING_NUMBER, f"{facts.distinct:,} different numbers"
    return Role.QUASI_IDENTIFIER, "nothing says that others do not know it"
