"""Alert rules as data, and what became of them when a real Prometheus evaluated them against the running service.

Rules are read from hostile files inside a container; from then on they are names, expressions and numbers. They are
tried in *situations* that the prober makes: a quiet one, in which nothing may fire, and one for each kind of trouble.
Time is compressed: the service is scraped `factor` times as often as it says, and the ranges and waits of its rules
are shortened by the same factor, so that each looks at as many samples as it would in production.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum

MAX_RULES = 100
MAX_EXPRESSION = 2000
"""Characters of one expression."""
MAX_NAME = 120
SLOW_FACTOR = 2.0
"""So many times a threshold has to be exceeded for a client: about half of what it sees, the service sees as well."""
SHORTEST_RANGE_SECONDS = 4.0
"""In the slow situation a scrape comes each 2.2 s; a shorter range holds less than two."""
_THRESHOLD = re.compile(r">=?\s*(?:bool\s+)?(\d+(?:\.\d+)?)\s*\)?\s*$")
_OF_TIME = re.compile(r"second|duration|latency|_time|_ms(?:_|\b)|millis", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
#: Words of drift monitors. Source: the drift protocol's tiers.
DRIFT = re.compile(
    r"drift|psi|(?:^|_)ks(?:_|$)|wasserstein|(?:^|_)js(?:_|$)|(?:^|_)kl(?:_|$)|mmd|shift|outlier|anomaly|p_?value",
    re.IGNORECASE,
)
_MILLISECONDS = re.compile(r"_ms(?:_|\b)|millis", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """A rule that alerts, or one that records what others look at. All text is the candidate's."""

    name: str
    """Of the alert, or of the series that is recorded."""
    expression: str
    is_alert: bool = True
    for_seconds: float = 0.0
    keep_firing_seconds: float = 0.0
    labels: dict[str, str] = field(default_factory=dict)
    """Those that are plain text; templates are left out."""
    group: str = ""
    file: str = ""
    line: int | None = None


class Situation(StrEnum):
    """What the prober does to the service while rules are evaluated."""

    QUIET = "quiet"
    """Good requests at an easy rate: whatever fires now is a false alarm."""
    SLOW = "slow"
    """In pulses the service has hardly any processor time while it works at a request."""
    ERRORS = "errors"
    """Half of all requests cannot be answered well."""
    DOWN = "down"
    """The service was killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One situation as it was."""

    situation: Situation
    from_seconds: float
    """Since the server began to evaluate."""
    to_seconds: float
    good: int = 0
    refused: int = 0
    """Answers 4xx."""
    broken: int = 0
    """Answers 5xx."""
    lost: int = 0
    """Requests without an answer."""
    median_seconds: float | None = None
    """Of the answers that came; None when none did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FiringSpan:
    """An alert fired."""

    from_seconds: float
    to_seconds: float | None = None
    """None when it still did at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedRule:
    """An alert, and when it fired."""

    rule: AlertRule
    records: tuple[str, ...] = ()
    """Expressions of the recorded series that it looks at."""
    range_seconds: float = 0.0
    """Longest range, compressed."""
    needs_seconds: float = 0.0
    """Longest range and wait together, compressed: how long trouble has to last before it can fire."""
    firings: tuple[FiringSpan, ...] = ()
    untried: str = ""
    """Why it was not tried; empty when it was."""

    @property
    def text(self) -> str:
        """Everything that it looks at, as text to search."""
        return " ".join((self.rule.expression, *self.records))


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertingEvidence:
    """Rules against the live service (catalogue E7)."""

    version: str
    """Of Prometheus."""
    factor: float
    """By which time was compressed."""
    interval_seconds: float
    """Between two scrapes and between two evaluations, as it was."""
    stretches: tuple[Stretch, ...] = ()
    rules: tuple[TriedRule, ...] = ()
    scrapes: int = 0
    failed_scrapes: int = 0
    """Of those in the quiet situation."""

    def stretch(self, situation: Situation) -> Stretch | None:
        """A situation as it was; None when it did not come about."""
        return next((stretch for stretch in self.stretches if stretch.situation == situation), None)


def time_threshold(tried: TriedRule) -> float | None:
    """Seconds beyond which an alert on answering times fires; None when it is none or does not end with them."""
    match = _THRESHOLD.search(tried.rule.expression)
    if match is None or not _OF_TIME.search(tried.text):
        return None
    return float(match[1]) * (0.001 if _MILLISECONDS.search(tried.text) else 1.0)


def speaks_of_drift(expression: str, signals: Collection[str]) -> bool:
    """Whether a word in an expression is a metric that is declared to tell of drift, or called like one that does."""
    return any(word in signals or DRIFT.search(word) for word in _WORD.findall(expression))
