"""Whether a run of the drift protocol can be used: one that cannot is repeated once, then left out."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from math import isnan

from audition.domain.drift import DriftRun, Family, MetricKind, ScrapeTable, Series, unpack
from audition.domain.drift_plan import DECISIVE_P, DriftKind, DriftPlan, smallest_p

MAX_ERROR_RATE = 0.02
"""Source: the design's drift protocol, 10.4."""
MAX_SLIP_MS = 100.0
"""Scrapes are 250 ms apart at the highest rate: requests later than this could be counted to another scrape."""
_SUFFIXES = ("_total", "_bucket", "_count", "_sum", "_created")
#: Suffixes of series that only ever grow; a sum may fall where observations are negative.
_GROWING = ("_total", "_bucket", "_count")


def invalid_reasons(run: DriftRun, families: Sequence[Family]) -> tuple[str, ...]:
    """Why a run cannot be used, a sentence each; empty when it can."""
    return tuple(_reasons(run, {family.name: family for family in families}))


def is_ours(run: DriftRun) -> bool:
    """Whether a run that cannot be used may be lost through the sender: then nobody knows what the service had done."""
    sent = run.answered + run.failed
    is_whole = sent >= max((span.end for span in run.spans), default=0)
    is_theirs = run.failed > MAX_ERROR_RATE * sent or bool(run.restarts) or is_whole
    return run.slip_p99_ms > MAX_SLIP_MS or not is_theirs


def _reasons(run: DriftRun, families: Mapping[str, Family]) -> Iterator[str]:
    sent = run.answered + run.failed
    planned = max((span.end for span in run.spans), default=0)
    if sent < planned:
        yield f"Only {sent:,} of {planned:,} requests were sent."
    if sent and run.failed / sent > MAX_ERROR_RATE:
        yield f"{run.failed:,} of {sent:,} requests failed, more than {MAX_ERROR_RATE:.0%}."
    if run.slip_p99_ms > MAX_SLIP_MS:
        yield f"Requests were sent up to {run.slip_p99_ms:.0f} ms late, more than {MAX_SLIP_MS:.0f} ms."
    if run.restarts:
        yield f"The service was started again {run.restarts} time(s) during the run."
    elif reason := sharded_reason(run.rest, families) or sharded_reason(run.scrapes, families):
        yield reason


def sharded_reason(table: ScrapeTable, families: Mapping[str, Family]) -> str:
    """What says that scrapes of one start of a service come from several registries, a sentence; else empty."""
    shards = sharded_series(table, families)
    if not shards:
        return ""
    return (
        f"The counter {shards[0].metric} went down while the service kept running: several processes answer"
        " /metrics, each with numbers of its own."
    )


def can_still_decide(plan: DriftPlan, lost: Collection[int]) -> bool:
    """Whether drift can be told from chance without some runs.

    Args:
        plan: All runs.
        lost: Numbers of those that cannot be used.
    """
    compared = [run for run in plan.runs if run.is_contrast and run.number not in lost]
    drifting = sum(run.kind != DriftKind.NONE for run in compared)
    return smallest_p(drifting, len(compared) - drifting) <= DECISIVE_P


def family_of(series: Series, families: Mapping[str, Family]) -> Family:
    """The family that a series belongs to; by its name alone when the service does not say."""
    for suffix in _SUFFIXES:
        family = families.get(series.metric.removesuffix(suffix))
        if family is not None and series.metric.endswith(suffix) and family.kind != MetricKind.GAUGE:
            return family
    found = families.get(series.metric)
    if found is not None:
        return found
    kind = MetricKind.COUNTER if series.metric.endswith("_total") else MetricKind.UNTYPED
    return Family(name=series.metric, kind=kind)


def is_growing(series: Series, families: Mapping[str, Family]) -> bool:
    """Whether a series may only grow while its process lives."""
    family = family_of(series, families)
    if family.kind == MetricKind.COUNTER:
        return not series.metric.endswith("_created")
    has_parts = family.kind in {MetricKind.HISTOGRAM, MetricKind.SUMMARY}
    return has_parts and series.metric.endswith(_GROWING)


def sharded_series(table: ScrapeTable, families: Mapping[str, Family]) -> tuple[Series, ...]:
    """Counters that fall from one scrape to the next.

    A counter falls when its process starts anew, or when another process answers: with three workers and 60 requests,
    scrapes in a row gave 26, 11, 11, 26, 23. Source: the design's measurements, finding 9.
    """
    rows, values = len(table.requests), unpack(table)
    return tuple(
        series
        for number, series in enumerate(table.series)
        if is_growing(series, families) and _falls(values[number * rows : (number + 1) * rows])
    )


def _falls(column: Sequence[float]) -> bool:
    known = [value for value in column if not isnan(value)]
    return any(later < earlier for earlier, later in pairwise(known))
