"""Scrapes of one run, kept within bounds: a service may expose series without end, under names without end."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from audition.domain.drift import (
    MAX_NAME,
    MAX_RUN_SERIES,
    Family,
    MetricKind,
    Scrape,
    ScrapeTable,
    Series,
    tabulate,
)
from audition.domain.drift_validity import is_growing, sharded_reason
from audition.domain.monitoring import DriftSignal
from audition.probing import exposition

MAX_SEEN = 2000
"""Different series of a run that are followed, those of declared signals first."""
MAX_FAMILIES = 400
_MAX_HELP = 200
_MAX_LABELS = 16
#: All scrapes at rest are compared; these are shown, for where one differs the run is not used at all.
_KEPT_AT_REST = 5
#: A packed value; see `audition.domain.drift`.
_VALUE_BYTES = 11
_KINDS = {kind.value: kind for kind in MetricKind} | {
    "unknown": MetricKind.UNTYPED,
    "info": MetricKind.GAUGE,
    "stateset": MetricKind.GAUGE,
}
_START_TIME = "process_start_time_seconds"


@dataclass(slots=True)
class Families:
    """What the service says its metrics are, over all runs."""

    known: dict[str, Family] = field(default_factory=dict)

    def see(self, page: exposition.Page) -> None:
        """Note families that are new."""
        for family in page.families:
            is_short = len(family.name) <= MAX_NAME
            if family.name not in self.known and is_short and len(self.known) < MAX_FAMILIES:
                kind = _KINDS.get(family.type, MetricKind.UNTYPED)
                made = Family(name=family.name, kind=kind, help=family.documentation[:_MAX_HELP])
                self.known[family.name] = made


class Recorder:
    """The scrapes of one run on their way into tables."""

    def __init__(self, families: Families, signals: Sequence[DriftSignal]) -> None:
        """Nothing was scraped yet."""
        self._families = families
        self._signals = signals
        self._declared: dict[Series, None] = {}
        self._others: dict[Series, None] = {}
        self._refused: set[Series] = set()
        self._scrapes: list[Scrape] = []
        self._rest: list[Scrape] = []
        self._starts: dict[Series, set[float]] = {}

    @property
    def restarts(self) -> int:
        """How often a process began anew, by the start times that were exposed."""
        return max((len(times) - 1 for times in self._starts.values()), default=0)

    def take(self, page: exposition.Page, requests: int, seconds: float) -> None:
        """Keep a scrape."""
        self._families.see(page)
        values = dict(self._kept(page))
        for series, value in values.items():
            if series.metric == _START_TIME:
                self._starts.setdefault(series, set()).add(value)
        self._scrapes.append(Scrape(requests=requests, seconds=seconds, values=values))

    def take_rest(self, page: exposition.Page, requests: int, seconds: float) -> None:
        """Keep a scrape that was made while no request was sent: counters only, for they tell of several registries."""
        growing = {s: v for s, v in self._kept(page) if is_growing(s, self._families.known)}
        self._rest.append(Scrape(requests=requests, seconds=seconds, values=growing))

    def _kept(self, page: exposition.Page) -> Iterator[tuple[Series, float]]:
        for line in page.series:
            series = Series(metric=line.name, labels=line.labels)
            if series in self._declared or series in self._others or self._admits(series, line.family):
                yield series, line.value

    def _admits(self, series: Series, family: str) -> bool:
        texts = [series.metric, *(text for pair in series.labels for text in pair)]
        if len(series.labels) > _MAX_LABELS or any(len(text) > MAX_NAME for text in texts):
            return self._refuse(series)
        kind = self._declared if self._is_declared(series, family) else self._others
        if len(kind) >= MAX_SEEN:
            return self._refuse(series)
        kind[series] = None
        return True

    def _refuse(self, series: Series) -> bool:
        if len(self._refused) < MAX_SEEN:
            self._refused.add(series)
        return False

    def _is_declared(self, series: Series, family: str) -> bool:
        labels = dict(series.labels)
        return any(
            signal.metric in {series.metric, family}
            and all(labels.get(name) == value for name, value in signal.labels.items())
            for signal in self._signals
        )

    def tables(self, most_bytes: int) -> tuple[ScrapeTable, ScrapeTable]:
        """The scrapes under load and those at rest, as large as there is room.

        Args:
            most_bytes: Of both tables in the document.
        """
        every = (*self._declared, *self._others)
        chosen = list(_fitting(every, len(self._scrapes) + _KEPT_AT_REST, most_bytes))
        table = tabulate(self._scrapes, first=chosen, most=len(chosen))
        room = frozenset(chosen)
        kept = self._rest[:_KEPT_AT_REST]
        rest = [replace(s, values={k: v for k, v in s.values.items() if k in room}) for s in kept]
        return replace(table, dropped=table.dropped + len(self._refused)), tabulate(rest, first=chosen)

    def sharded(self) -> str:
        """What says that the scrapes at rest come from several registries, a sentence; empty when nothing does."""
        return sharded_reason(tabulate(self._rest), self._families.known)


def _fitting(every: Sequence[Series], scrapes: int, most_bytes: int) -> Iterator[Series]:
    left = most_bytes
    for series in every[:MAX_RUN_SERIES]:
        # Each name is in both tables at most, and escapes make it no longer than this.
        left -= 2 * len(json.dumps([series.metric, *series.labels])) + 64 + scrapes * _VALUE_BYTES
        if left < 0:
            return
        yield series
