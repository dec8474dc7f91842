"""Drift evidence: what a service's metrics did while rows were sent to it. Bounded and columnar.

What a scrape showed is kept as it was exposed: every family that fits, those of process and runtime included, with
the request and the second at which it was made. So whoever wants to ask a rule of this service again, at any virtual
time, finds the samples here and needs no service.

A full plan is 17 runs of 70 scrapes with some hundred series. Values are therefore packed: each table holds one text
with all of them, eight bytes a value, and stays exact. `pack` and `unpack` are the only ones to know the form.
"""

import sys
from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import nan

from audition.domain.drift_plan import DriftPlan, Phase, PlannedRun
from audition.domain.monitoring import DriftSignal

MAX_BYTES = 8 << 20
"""Largest evidence document."""
MAX_CELLS = 700_000
"""Values in all tables together; packed, each takes 10.7 bytes of the document."""
MAX_RUN_SERIES = 500
"""Series that a recorder keeps of each run, so that a full plan with recovery fits."""
MAX_SERIES = 2000
MAX_SCRAPES = 1000
MAX_RUNS = 64
MOST_TRIGGERS = 100
"""Posts to the address for new trainings that are written down in one run."""
MAX_NAME = 300
"""Characters in a metric's name, a label's name or a label's value."""
_VALUE_BYTES = 8


class MetricKind(StrEnum):
    """What a metric's TYPE line says."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    SUMMARY = "summary"
    UNTYPED = "untyped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric family as the service exposes it. All text is the candidate's."""

    name: str
    """Without `_total`, `_bucket`, `_sum`, `_count` where the kind adds them to its series."""
    kind: MetricKind
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line of a scrape: a sample's name and its labels, sorted by name."""

    metric: str
    """As written, e.g. "http_requests_total" or "latency_seconds_bucket"."""
    labels: tuple[tuple[str, str], ...] = ()

    def label(self, name: str) -> str:
        """A label's value; empty when it has none of this name."""
        return dict(self.labels).get(name, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeTable:
    """Some scrapes of one service: rows are scrapes in order, columns are series."""

    requests: tuple[int, ...] = ()
    """Requests of the run that were sent before each scrape."""
    seconds: tuple[float, ...] = ()
    """When each scrape was made, from the first request of the run."""
    series: tuple[Series, ...] = ()
    values: str = ""
    """Packed, series after series; NaN where a series was not exposed."""
    dropped: int = 0
    """Series that were exposed and not kept, for lack of room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrape:
    """One scrape, before it is part of a table."""

    requests: int
    """Requests of the run that were sent before."""
    seconds: float
    """From the first request of the run."""
    values: Mapping[Series, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseSpan:
    """Which requests of a run belong to a phase: `first` <= request < `end`, 0-based."""

    phase: Phase
    first: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """One of the candidate's alert rules fired, as a real Prometheus evaluated it."""

    alert: str
    from_request: int
    """Requests of the run that were sent when it began."""
    to_request: int | None = None
    """The same for its end; None when it still fired at the end of the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftRun:
    """One run as it was done."""

    plan: PlannedRun
    spans: tuple[PhaseSpan, ...]
    scrapes: ScrapeTable
    rest: ScrapeTable = field(default_factory=ScrapeTable)
    """Scrapes in a row while no request was sent: what differs between them says that the registry is sharded."""
    firings: tuple[Firing, ...] = ()
    answered: int = 0
    failed: int = 0
    """Requests without an answer, or with one that says that the service failed (5xx)."""
    slip_p99_ms: float = 0.0
    """How late requests were sent, 99th percentile."""
    memory_bytes: tuple[int | None, ...] = ()
    """Of all processes of the service at each scrape, by the kernel; None where it was not known."""
    restarts: int = 0
    triggers: tuple[int, ...] | None = None
    """Requests that were sent when the service posted to the address for new trainings; None when nobody listened."""
    repeat: int = 0
    """0 for the first try, 1 when it is the repetition of an invalid one."""

    def span(self, phase: Phase) -> PhaseSpan | None:
        """The requests of a phase, when the run has it."""
        return next((span for span in self.spans if span.phase == phase), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidRun:
    """A run that cannot be used, after it was repeated once."""

    number: int
    reasons: tuple[str, ...]
    is_ours: bool = True
    """Whether it was lost for a reason that the service cannot help: no time, a late sender, a run before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftEvidence:
    """Everything that the drift grader looks at."""

    plan: DriftPlan
    runs: tuple[DriftRun, ...] = ()
    """The valid ones."""
    invalid: tuple[InvalidRun, ...] = ()
    families: tuple[Family, ...] = ()
    signals: tuple[DriftSignal, ...] = ()
    """What the contract file declares; empty when it declares none."""
    drift_alerts: tuple[str, ...] = ()
    """Names of the candidate's alert rules that could be evaluated; empty when there are none."""
    columns: tuple[str, ...] = ()
    """Names of the columns that are sent: what a signal may be about."""
    obstacle: str = ""
    """Why there is nothing that could tell of drift, for the candidate; then nothing was sent. Empty as a rule."""


def pack(columns: Sequence[Sequence[float]]) -> str:
    """Pack columns of equal length, IEEE 754 doubles in little-endian order, as text."""
    values = array("d")
    for column in columns:
        values.extend(column)
    if sys.byteorder == "big":
        values.byteswap()
    return b64encode(values.tobytes()).decode()


def tabulate(
    scrapes: Sequence[Scrape], *, first: Sequence[Series] = (), most: int = MAX_RUN_SERIES
) -> ScrapeTable:
    """Turn the scrapes of a run into a table.

    Args:
        scrapes: In the order in which they were made.
        first: Series to keep before others, e.g. those of declared signals.
        most: Series to keep; the others are counted and dropped, latest seen first.
    """
    seen = dict.fromkeys(series for scrape in scrapes for series in scrape.values)
    wanted = dict.fromkeys([*(series for series in first if series in seen), *seen])
    kept = tuple(wanted)[:most]
    return ScrapeTable(
        requests=tuple(scrape.requests for scrape in scrapes),
        seconds=tuple(round(scrape.seconds, 3) for scrape in scrapes),
        series=kept,
        values=pack([[scrape.values.get(series, nan) for scrape in scrapes] for series in kept]),
        dropped=len(wanted) - len(kept),
    )


def unpack(table: ScrapeTable) -> "array[float]":
    """The values of a table, series after series.

    Raises:
        ValueError: The text is not packed values; `problems` would have said so.
    """
    values = array("d")
    values.frombytes(b64decode(table.values, validate=True))
    if sys.byteorder == "big":
        values.byteswap()
    return values


def problems(evidence: DriftEvidence) -> list[str]:
    """What is wrong with the shape of evidence that came from a container, a sentence each."""
    found = []
    if len(evidence.runs) > MAX_RUNS:
        found.append(f"There are {len(evidence.runs)} runs; at most {MAX_RUNS} are accepted.")
    tables = [(run, table) for run in evidence.runs for table in (run.scrapes, run.rest)]
    cells = sum(len(table.requests) * len(table.series) for _, table in tables)
    if cells > MAX_CELLS:
        found.append(f"There are {cells:,} values; at most {MAX_CELLS:,} are accepted.")
    for run, table in tables:
        found += [f"Run {run.plan.number}: {problem}" for problem in _table_problems(table)]
    for run in evidence.runs:
        if any(span.first > span.end for span in run.spans):
            found.append(f"Run {run.plan.number}: a phase ends before it begins.")
        if len(run.triggers or ()) > MOST_TRIGGERS:
            found.append(f"Run {run.plan.number}: more than {MOST_TRIGGERS} posts are written down.")
        if len(run.memory_bytes) not in {0, len(run.scrapes.requests)}:
            found.append(f"Run {run.plan.number}: memory was not read once at each scrape.")
    return found


def _table_problems(table: ScrapeTable) -> Iterator[str]:
    rows, columns = len(table.requests), len(table.series)
    if rows > MAX_SCRAPES or columns > MAX_SERIES:
        yield (
            f"{rows:,} scrapes of {columns:,} series; at most {MAX_SCRAPES:,} of {MAX_SERIES:,} are accepted."
        )
    if len(table.seconds) != rows:
        yield f"{rows} scrapes have {len(table.seconds)} times."
    if list(table.requests) != sorted(table.requests):
        yield "scrapes are not in order."
    if len(set(table.series)) != columns:
        yield "a series is there twice."
    if any(len(text) > MAX_NAME for series in table.series for text in _texts(series)):
        yield f"a name is longer than {MAX_NAME} characters."
    # Four characters stand for three bytes; checked before anything is decoded.
    if len(table.values) != -(-rows * columns * _VALUE_BYTES // 3) * 4:
        yield f"{rows} scrapes of {columns} series do not fit their packed values."
    elif not _is_base64(table.values):
        yield "the packed values are not base64."


def _texts(series: Series) -> Iterator[str]:
    yield series.metric
    for name, value in series.labels:
        yield name
        yield value


def _is_base64(text: str) -> bool:
    try:
        b64decode(text, validate=True)
    except ValueError:
        return False
    return True
