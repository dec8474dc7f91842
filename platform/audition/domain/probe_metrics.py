"""What the prober saw on the metrics page: whether it parses, tells the truth and stays bounded (E1 to E4)."""

from dataclasses import dataclass

from audition.domain.probe_api import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilySeen:
    """A family of series on the metrics page; all text is a candidate's."""

    name: str
    kind: str
    help: str = ""
    labels: tuple[str, ...] = ()
    """Names of labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpositionEvidence:
    """The metrics page (E1)."""

    path: str
    status: int
    failure: Failure = Failure.NONE
    content_type: str = ""
    is_parsed: bool = False
    trouble: str = ""
    families: int = 0
    series: int = 0
    names: tuple[str, ...] = ()
    """Of the series, sorted; at most a thousand."""
    lint: tuple[str, ...] = ()
    own: tuple[FamilySeen, ...] = ()
    """Families that no library brings, as they stand on the page; at most two hundred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalSeen:
    """The series that came nearest to one of the golden signals."""

    signal: str
    """traffic, errors, latency_count or latency_sum."""
    series: str
    expected: float
    measured: float | None
    """None when nothing moved that could be it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalsEvidence:
    """Counters against the traffic that was sent (E2)."""

    good: int
    """Requests answered with 2xx; and the others that were answered."""
    bad: int
    client_seconds: float
    """Sum of what all requests took, by the prober's clock."""
    seen: tuple[SignalSeen, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardingEvidence:
    """Scrapes at rest (E3)."""

    scrapes: int
    is_sharded: bool
    series: str = ""
    """A counter that went back."""
    values: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CardinalityEvidence:
    """Series before and after requests that no other resembles (E4)."""

    requests: int
    series_before: int
    series_after: int
    grown_families: tuple[str, ...] = ()
