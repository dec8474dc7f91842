"""What a submission says about its monitoring: where metrics are, which of them tell of drift, which rules alert."""

from dataclasses import dataclass, field
from enum import StrEnum

SCRAPE_INTERVAL_SECONDS = 15.0
"""Assumed between two scrapes where nothing is declared. Source: Prometheus' own example configuration."""


class SignalDirection(StrEnum):
    """Where a signal goes when data drifts."""

    UP = "up"
    DOWN = "down"
    BOTH = "both"


class SignalScope(StrEnum):
    """What a signal watches."""

    FEATURE = "feature"
    PREDICTION = "prediction"
    GLOBAL = "global"


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftSignal:
    """A metric that is said to tell of drift."""

    metric: str
    """Name of the metric as it is exposed."""
    labels: dict[str, str] = field(default_factory=dict)
    """Only series with these labels; empty takes every series of the metric."""
    direction: SignalDirection = SignalDirection.UP
    threshold: float | None = None
    """Beyond it (in the signal's direction) the signal alarms; None when an alert rule decides."""
    window_requests: int | None = None
    """How many requests the signal looks back on; None when it is not said."""
    refresh_seconds: float = 0.0
    """How long after a request the signal may be old; 0 when each request updates it."""
    scope: SignalScope = SignalScope.GLOBAL
    feature: str = ""
    """The column it watches."""
    feature_label: str = ""
    """The label whose value names the column, when one metric watches many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitoring:
    """Metrics, rules and dashboards."""

    path: str = "/metrics"
    """Route of the metrics; empty when there are none."""
    port: int | None = None
    """None means the service's own port."""
    scrape_interval_seconds: float = SCRAPE_INTERVAL_SECONDS
    signals: tuple[DriftSignal, ...] = ()
    rules: tuple[str, ...] = ()
    """Prometheus rule files in the submission."""
    rule_tests: tuple[str, ...] = ()
    """Unit tests of those rules, in promtool's form."""
    dashboards: tuple[str, ...] = ()
    """Grafana dashboards (JSON) in the submission."""
    reference: str = ""
    """File with the training data's statistics that drift is measured against."""
    trigger_variable: str = ""
    """Variable in which the service finds the address that it posts to when it wants a new training; empty for none."""
