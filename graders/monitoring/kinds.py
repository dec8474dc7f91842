"""What an alert watches, by its name and the metrics that it looks at."""

import re
from collections.abc import Collection
from enum import StrEnum

from audition.domain.alerting import DRIFT

LATENCY = re.compile(r"latency|duration|response_time|_seconds_(?:bucket|sum)|request_time", re.IGNORECASE)
ERRORS = re.compile(r"error|exception|fail|5\.\.|5xx|\b50\d\b|\bup\b", re.IGNORECASE)
_PRESENCE = re.compile(r"\bup\b|\babsent(?:_over_time)?\s*\(")
_STATUS_5 = re.compile(r"\b5\.[.*+]|\b5xx|\b5\[|\b5\\\\d|\b50\d\b", re.IGNORECASE)
_STATUS_4 = re.compile(r"4\.[.*+]|\b4xx|\b4\[|\[45\]|\b4\d\d\b|!~?\s*\"2", re.IGNORECASE)


class AlertKind(StrEnum):
    """The trouble that an alert speaks of."""

    LATENCY = "latency"
    ERRORS = "errors"
    DRIFT = "drift"
    AVAILABILITY = "availability"
    OTHER = "other"


def tells_of_drift(metrics: Collection[str], signals: Collection[str]) -> bool:
    """Whether metrics are those of a drift monitor: declared to be one, or called like one."""
    return not set(metrics).isdisjoint(signals) or any(DRIFT.search(metric) for metric in metrics)


def kind_of(name: str, expression: str, metrics: Collection[str], signals: Collection[str]) -> AlertKind:
    """The one kind that an alert is first of all.

    Args:
        name: Of the alert.
        expression: Its PromQL.
        metrics: That it looks at, those of the recording rules it looks at included.
        signals: Metrics that the contract declares to tell of drift.
    """
    if tells_of_drift(metrics, signals):
        return AlertKind.DRIFT
    text = " ".join((name, expression, *metrics))
    if LATENCY.search(expression) or any(map(LATENCY.search, metrics)):
        return AlertKind.LATENCY
    if _PRESENCE.search(expression):
        return AlertKind.AVAILABILITY
    return AlertKind.ERRORS if ERRORS.search(text) else AlertKind.OTHER


def looks_at_server_errors_alone(expression: str) -> bool:
    """Whether refused requests (4xx) cannot make it fire."""
    return bool(_STATUS_5.search(expression)) and not _STATUS_4.search(expression)
