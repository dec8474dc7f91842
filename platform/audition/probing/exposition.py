"""Read a metrics page: text or OpenMetrics, bounded, as families of series. The page is hostile."""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from audition.domain.probe_metrics import FamilySeen

MAX_BYTES = 2 << 20
MAX_SERIES = 20_000
_MAX_LINE = 8 << 10
_MAX_NAMES, _MAX_NAME = 1000, 200
_MAX_FAMILIES, _MAX_LABELS, _MAX_LABEL = 200, 10, 60
#: How a Prometheus server asks. Source: Prometheus 2.42, scrape/scrape.go.
SCRAPE_HEADERS = {
    "Accept": "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
}
#: Families that a library brings and no candidate decided on.
LIBRARY = re.compile(r"^(process|python|go|promhttp|scrape)_|_created$")
#: Units that are not base units, in names. Source: promtool's linter, which follows the practices of Prometheus.
_UNITS = re.compile(
    r"_(milliseconds?|ms|microseconds?|us|minutes?|hours?|kilobytes|kb|megabytes|mb|gigabytes|percent)(_|$)"
)
_TYPE_IN_NAME = re.compile(r"_(counter|gauge|histogram|summary)(_|$)")
#: Endings of a family's series, by its type: a metric with labels has none before it was used.
_ENDINGS = {
    "counter": ("_total",),
    "histogram": ("_bucket", "_count", "_sum"),
    "summary": ("", "_count", "_sum"),
    "info": ("_info",),
}
_COUNTING = frozenset({"counter", "histogram", "summary"})
Labels = tuple[tuple[str, str], ...]


class UnreadableError(Exception):
    """The page does not parse, or is larger than the prober reads; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a scrape."""

    family: str
    kind: str
    """counter, gauge, histogram, summary, unknown, …"""
    name: str
    """With its suffix: `_total`, `_bucket`, `_sum`, `_count`."""
    labels: Labels
    value: float

    @property
    def key(self) -> str:
        """As it stands on the page."""
        inner = ",".join(f'{name}="{value}"' for name, value in self.labels)
        return f"{self.name}{{{inner}}}" if inner else self.name

    @property
    def is_counting(self) -> bool:
        """Whether it may only grow."""
        is_part = self.name.endswith(("_count", "_sum", "_bucket", "_total"))
        return self.kind in _COUNTING and is_part

    @property
    def is_library(self) -> bool:
        """Whether it speaks of the process, not of the service."""
        return bool(LIBRARY.search(self.family) or self.name.endswith("_created"))


@dataclass(frozen=True, slots=True)
class Page:
    """One scrape."""

    families: tuple[Metric, ...]
    series: tuple[Series, ...]
    is_openmetrics: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its series, and those that families without one would have; sorted, bounded."""
        found = {series.name for series in self.series}
        for family in self.families:
            if not family.samples:
                found.update(f"{family.name}{ending}" for ending in _ENDINGS.get(family.type, ("",)))
        return tuple(sorted(name[:_MAX_NAME] for name in found)[:_MAX_NAMES])

    def values(self) -> Mapping[str, float]:
        """Every series by its key."""
        return {series.key: series.value for series in self.series}


def own_families(page: Page) -> Iterator[FamilySeen]:
    """What no library brings, bounded."""
    own = (family for family in page.families if not LIBRARY.search(family.name))
    for family in itertools.islice(own, _MAX_FAMILIES):
        labels = sorted({name for sample in family.samples for name in sample.labels})
        yield FamilySeen(
            name=family.name[:_MAX_NAME],
            kind=family.type,
            help=family.documentation[:_MAX_NAME],
            labels=tuple(label[:_MAX_LABEL] for label in labels[:_MAX_LABELS]),
        )


def read_page(body: bytes, content_type: str) -> Page:
    """Parse a page as its content type says.

    Raises:
        UnreadableError: It does not parse, or there is too much of it.
    """
    is_openmetrics = "openmetrics" in content_type.lower()
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        msg = f"The page is not UTF-8 (byte {error.start})."
        raise UnreadableError(msg) from None
    lines = text.splitlines()
    if len(lines) > MAX_SERIES * 2 or any(len(line) > _MAX_LINE for line in lines):
        msg = (
            f"The page has more than {MAX_SERIES * 2:,} lines, or one of more than {_MAX_LINE:,} characters."
        )
        raise UnreadableError(msg)
    families = _parsed(parse_openmetrics if is_openmetrics else parse_text, text)
    series = tuple(_series(families))
    if len(series) > MAX_SERIES:
        msg = f"The page has more than {MAX_SERIES:,} series."
        raise UnreadableError(msg)
    return Page(families, series, is_openmetrics)


def _parsed(parse: Callable[[str], Iterable[Metric]], text: str) -> tuple[Metric, ...]:
    try:
        return tuple(parse(text))
    except (
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        AssertionError,
        RecursionError,
    ) as error:
        # The parser says what is wrong in whatever its code happened to stumble over.
        msg = f"The page does not parse: {str(error)[:200] or type(error).__name__}"
        raise UnreadableError(msg) from None


def _series(families: Iterable[Metric]) -> Iterable[Series]:
    for family in families:
        for sample in family.samples:
            labels = tuple(sorted((str(k), str(v)) for k, v in sample.labels.items()))
            yield Series(family.name, family.type, sample.name, labels, float(sample.value))


def lint(page: Page) -> tuple[str, ...]:
    """What promtool's linter would say of names, units and help, a line for each family."""
    found = []
    for family in page.families:
        if LIBRARY.search(family.name):
            continue
        if not family.documentation:
            found.append(f"{family.name}: no help text")
        if family.type in {"unknown", "untyped"}:
            found.append(f"{family.name}: no type")
        if _UNITS.search(family.name):
            found.append(f"{family.name}: use base units, such as seconds and bytes")
        if _TYPE_IN_NAME.search(family.name):
            found.append(f"{family.name}: the name says its type")
        if family.type == "gauge" and family.name.endswith("_total"):
            found.append(f"{family.name}: only counters end in _total")
    return tuple(line[:200] for line in found[:50])
