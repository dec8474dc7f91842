"""From scrapes to candidate signals: what in a service's metrics could tell of drift.

A gauge is taken as it is, a counter as its increase per request, a histogram as the share of each bucket and the mean
of what was observed since the last scrape. A series that stays within (0, 1], as p-values do, is also taken as
-log10: in that form a weak drift shows in 94 of 100 cases instead of 44. Source: the design's drift protocol, 10.2.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from audition.domain.drift import DriftRun, Family, MetricKind, ScrapeTable, Series, unpack
from audition.domain.drift_plan import Phase
from audition.domain.drift_validity import family_of, is_growing
from audition.domain.monitoring import DriftSignal
from graders.drift.statistics import Array, Booleans

#: Families of process, runtime and scraper: they move with work done, whatever the data are.
_EXCLUDED = re.compile(
    r"^(?:process|python|go|jvm|nodejs|dotnet|promhttp|scrape|exposer)_|^up$|_created$|_info$"
)
#: Words by which a monitor's series is known; short ones count as whole words only.
_DRIFT_LONG = re.compile(r"drift|wasserstein|shift|outlier|anomal|p_?val|kolmogorov|divergence|page_?hinkley")
_DRIFT_SHORT = frozenset({"psi", "ks", "js", "kl", "mmd", "adwin", "emd"})
_MODEL_WORDS = re.compile(r"predict|proba|score|feature|input|label|class|model_output|missing|null|categor")


class Form(StrEnum):
    """What of a series is looked at."""

    VALUE = "value"
    INCREASE = "increase per request"
    SHARE = "share of the bucket"
    MEAN = "mean"
    LOG = "-log10"


class Tier(StrEnum):
    """How plainly a series says that it tells of drift."""

    DECLARED = "A"
    NAMED = "B"
    DISTRIBUTION = "C"
    OTHER = "D"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One thing to look at in every run."""

    series: Series
    form: Form
    tier: Tier = Tier.OTHER
    signal: DriftSignal | None = field(default=None, compare=False)
    """The declared signal that it belongs to."""

    def words(self) -> str:
        """How it is called in a sentence."""
        labels = ", ".join(f'{name}="{value}"' for name, value in self.series.labels)
        shown = self.series.metric + (f"{{{labels}}}" if labels else "")
        return shown[:120] if self.form == Form.VALUE else f"{shown[:120]} ({self.form.value})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """The candidates of one run over time."""

    requests: Array
    """Requests of the run before each scrape, (scrapes,)."""
    seconds: Array
    """(scrapes,)"""
    values: Array
    """(scrapes, candidates); NaN where there is nothing to say."""


Columns = dict[tuple[Series, Form], Array]


def read_tracks(
    runs: Sequence[DriftRun], families: Sequence[Family], signals: Sequence[DriftSignal]
) -> tuple[tuple[Candidate, ...], tuple[Track, ...]]:
    """The candidates that every run has, and their values in each run."""
    known = {family.name: family for family in families}
    columns = [read_columns(run.scrapes, known, signals) for run in runs]
    shared = [key for key in (columns[0] if columns else {}) if all(key in other for other in columns[1:])]
    for series, form in list(shared):
        if form in {Form.VALUE, Form.MEAN} and all(_is_share(other[series, form]) for other in columns):
            shared.append((series, Form.LOG))
            for other in columns:
                other[series, Form.LOG] = -np.log10(other[series, form])
    candidates = tuple(_candidate(series, form, known, signals) for series, form in shared)
    return candidates, tuple(
        _track(run.scrapes, other, shared) for run, other in zip(runs, columns, strict=True)
    )


def _track(table: ScrapeTable, columns: Columns, keys: Sequence[tuple[Series, Form]]) -> Track:
    rows = len(table.requests)
    values = np.stack([columns[key] for key in keys], axis=1) if keys else np.empty((rows, 0))
    return Track(
        requests=np.array(table.requests, dtype=float), seconds=np.array(table.seconds), values=values
    )


def _is_share(values: Array) -> bool:
    known = values[~np.isnan(values)]
    return bool(known.size and (known > 0).all() and (known <= 1).all())


def matrix(table: ScrapeTable) -> Array:
    """The values of a table, (series, scrapes)."""
    return np.frombuffer(unpack(table), dtype=float).reshape(len(table.series), len(table.requests))


def read_columns(
    table: ScrapeTable, families: Mapping[str, Family], signals: Sequence[DriftSignal]
) -> Columns:
    """What of a table can be looked at, (scrapes,) each; families that move with work done only if declared."""
    requests = np.array(table.requests, dtype=float)
    found: Columns = {}
    grown: dict[Series, Array] = {}
    for series, raw in zip(table.series, matrix(table), strict=True):
        values = np.where(np.isfinite(raw), raw, np.nan)
        family = family_of(series, families)
        if _is_excluded(series, family) and not any(is_declared(series, family, s) for s in signals):
            continue
        if family.kind in {MetricKind.HISTOGRAM, MetricKind.SUMMARY} and series.metric != family.name:
            grown[series] = values
        elif is_growing(series, families):
            found[series, Form.INCREASE] = per_request(values, requests)
        else:
            found[series, Form.VALUE] = values
    return found | dict(_distributions(grown))


def _is_excluded(series: Series, family: Family) -> bool:
    return bool(_EXCLUDED.search(series.metric) or _EXCLUDED.search(family.name))


def per_request(values: Array, requests: Array) -> Array:
    """Increase from scrape to scrape for each request between; NaN where there was none."""
    return _divided(_steps(values), _steps(requests))


def _steps(values: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.diff(values, prepend=np.nan)


def _divided(top: Array, bottom: Array) -> Array:
    empty = np.full(top.shape, np.nan)
    with np.errstate(over="ignore", invalid="ignore"):
        shares = np.divide(top, bottom, out=empty, where=np.nan_to_num(bottom) > 0)
    return np.where(np.isfinite(shares), shares, np.nan)


def _distributions(grown: Mapping[Series, Array]) -> Iterator[tuple[tuple[Series, Form], Array]]:
    """Means and bucket shares of histograms and summaries."""
    for series, counts in grown.items():
        base = series.metric.removesuffix("_count")
        if base == series.metric:
            continue
        observed = _steps(counts)
        sums = grown.get(replace(series, metric=f"{base}_sum"))
        if sums is not None:
            yield (replace(series, metric=base), Form.MEAN), _divided(_steps(sums), observed)
        below = np.zeros(counts.shape)
        for bucket, values in _buckets(grown, base, series.labels):
            cumulative = _steps(values)
            yield (bucket, Form.SHARE), _divided(cumulative - below, observed)
            below = cumulative


def _buckets(
    grown: Mapping[Series, Array], base: str, labels: tuple[tuple[str, str], ...]
) -> list[tuple[Series, Array]]:
    """The buckets of one histogram, from the lowest bound up."""
    mine = [
        (float(series.label("le")), series, values)
        for series, values in grown.items()
        if series.metric == f"{base}_bucket" and _is_number(series.label("le"))
        if tuple(pair for pair in series.labels if pair[0] != "le") == labels
    ]
    return [(series, values) for _, series, values in sorted(mine, key=lambda item: item[0])]


def _is_number(text: str) -> bool:
    try:
        return not np.isnan(float(text))
    except ValueError:
        return False


def _candidate(
    series: Series, form: Form, families: Mapping[str, Family], signals: Sequence[DriftSignal]
) -> Candidate:
    family = family_of(series, families)
    signal = next((s for s in signals if is_declared(series, family, s)), None)
    tier = Tier.DECLARED if signal else tier_of(series, family)
    return Candidate(series=series, form=form, tier=tier, signal=signal)


def is_declared(series: Series, family: Family, signal: DriftSignal) -> bool:
    """Whether a series is one that a declared signal speaks of: by its name or its family's, and by its labels."""
    if signal.metric not in {series.metric, family.name}:
        return False
    labels = dict(series.labels)
    return all(labels.get(name) == value for name, value in signal.labels.items())


def tier_of(series: Series, family: Family) -> Tier:
    """What the name and the help text of a series that nobody declared say it is."""
    text = f"{series.metric} {family.help}".lower()
    words = set(re.split(r"[^a-z0-9]+", text))
    if _DRIFT_LONG.search(text) or words & _DRIFT_SHORT:
        return Tier.NAMED
    labels = " ".join(name for name, _ in series.labels).lower()
    if _MODEL_WORDS.search(text) or _MODEL_WORDS.search(labels):
        return Tier.DISTRIBUTION
    return Tier.OTHER


def within(run: DriftRun, track: Track, phase: Phase, *, after: float = 0.0) -> Booleans:
    """Which scrapes of a run belong to a phase, beyond a share `after` in [0, 1) of it."""
    span = run.span(phase)
    if span is None:
        return np.zeros(track.requests.shape, dtype=bool)
    begin = span.first + after * (span.end - span.first)
    return np.asarray((track.requests > begin) & (track.requests <= span.end), dtype=bool)
