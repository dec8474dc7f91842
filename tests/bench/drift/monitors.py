"""Monitors of known quality, as what a scrape of each would show. All runs of an experiment are computed at once."""

from collections.abc import Callable

import numpy as np

from audition.domain.drift import Family, MetricKind, Series
from graders.drift.statistics import Array, ks_p_value, ks_statistic, psi
from tests.bench.drift.traffic import FEATURES, SCRAPE_EVERY, Traffic

Exposed = dict[Series, Array]
"""What scrapes show: values, (runs, scrapes), by series."""

BINS = 10
_KS_WINDOW = 200
_BATCH = 500
_MEAN_WINDOW = 200
_LATENCY_BOUNDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25)
_SCORE_BOUNDS = tuple(n / 10 for n in range(1, 10))
#: Page and Hinkley's two numbers: the change that is tolerated, and the sum of deviations that is one event.
_TOLERATED = 0.005
_EVENT = 5.0


def _per_feature(metric: str, values: Array) -> Exposed:
    """One gauge for each feature from values (runs, scrapes, features)."""
    return {
        Series(metric=metric, labels=(("feature", f"f{number}"),)): values[:, :, number]
        for number in range(FEATURES)
    }


def _block_counts(traffic: Traffic) -> Array:
    """How many rows fell into each bin since the last scrape: (runs, scrapes, features, bins)."""
    edges = np.quantile(traffic.reference, np.arange(1, BINS) / BINS, axis=0)
    runs, requests, _ = traffic.rows.shape
    bins = np.stack(
        [np.searchsorted(edges[:, n], traffic.rows[:, :, n]) for n in range(FEATURES)], axis=-1
    ).reshape(runs, traffic.scrapes, SCRAPE_EVERY, FEATURES)
    counts = [(bins == number).sum(axis=2) for number in range(BINS)]
    assert requests == traffic.scrapes * SCRAPE_EVERY
    return np.stack(counts, axis=-1).astype(float)


def _window_sums(blocks: Array, window: int) -> Array:
    """Sums over the last `window` requests at each scrape; fewer at the beginning."""
    sums = np.cumsum(blocks, axis=1)
    behind = window // SCRAPE_EVERY
    sums[:, behind:] = sums[:, behind:] - sums[:, :-behind].copy()
    return sums


def psi_values(traffic: Traffic, window: int) -> Array:
    """The index of each feature over a sliding window, (runs, scrapes, features)."""
    expected = np.full(BINS, traffic.reference.shape[0] / BINS)
    return psi(expected, _window_sums(_block_counts(traffic), window))


def sliding_psi(window: int) -> Callable[[Traffic], Exposed]:
    """An honest PSI monitor."""
    return lambda traffic: _per_feature(f"feature_psi_{window}", psi_values(traffic, window))


def tumbling_psi(traffic: Traffic) -> Exposed:
    """PSI of the last whole batch: between batches the gauge stands still."""
    sliding = psi_values(traffic, _BATCH)
    every = _BATCH // SCRAPE_EVERY
    last = (np.arange(traffic.scrapes) + 1) // every * every - 1
    values = np.where((last >= 0)[:, np.newaxis], sliding[:, np.maximum(last, 0)], 0.0)
    return _per_feature("feature_batch_psi", values)


def ks_p_values(traffic: Traffic) -> Array:
    """p-value of each feature's last 200 rows, (runs, scrapes, features); 1 before there are that many."""
    values = np.ones((traffic.rows.shape[0], traffic.scrapes, FEATURES))
    for number in range(FEATURES):
        ordered = np.sort(traffic.reference[:, number])
        column = traffic.rows[:, :, number]
        windows = np.lib.stride_tricks.sliding_window_view(column, _KS_WINDOW, axis=1)[:, ::SCRAPE_EVERY]
        statistic = ks_statistic(ordered, windows)
        first = _KS_WINDOW // SCRAPE_EVERY - 1
        values[:, first:, number] = ks_p_value(statistic, _KS_WINDOW, ordered.size)
    return np.maximum(values, 1e-300)


def ks_monitor(traffic: Traffic) -> Exposed:
    """A gauge of p-values."""
    return _per_feature("feature_ks_p_value", ks_p_values(traffic))


def rolling_means(traffic: Traffic) -> Exposed:
    """Mean of each feature over the last 200 rows."""
    runs = traffic.rows.shape[0]
    blocks = traffic.rows.reshape(runs, traffic.scrapes, SCRAPE_EVERY, FEATURES).sum(axis=2)
    rows = np.minimum(traffic.requests, _MEAN_WINDOW)[:, np.newaxis]
    return _per_feature("feature_rolling_mean", _window_sums(blocks, _MEAN_WINDOW) / rows)


def _histogram(metric: str, values: Array, bounds: tuple[float, ...]) -> Exposed:
    """A cumulative histogram as a client library exposes it, from values (runs, scrapes, rows)."""
    found = {
        Series(metric=f"{metric}_bucket", labels=(("le", str(bound)),)): (values <= bound).sum(axis=2)
        for bound in (*bounds, float("inf"))
    }
    found[Series(metric=f"{metric}_count")] = np.full(values.shape[:2], values.shape[2])
    found[Series(metric=f"{metric}_sum")] = values.sum(axis=2)
    return {series: np.cumsum(counts, axis=1).astype(float) for series, counts in found.items()}


def prediction_histogram(traffic: Traffic) -> Exposed:
    """What the model says, in ten buckets."""
    shape = (traffic.rows.shape[0], traffic.scrapes, SCRAPE_EVERY)
    return _histogram("prediction", traffic.predictions.reshape(shape), _SCORE_BOUNDS)


def page_hinkley(traffic: Traffic) -> Exposed:
    """Events of a Page-Hinkley detector on the prediction, as a counter."""
    runs, requests = traffic.predictions.shape
    mean, total, least, events = (np.zeros(runs) for _ in range(4))
    seen = np.zeros(runs)
    shown = []
    for number in range(requests):
        value = traffic.predictions[:, number]
        seen += 1
        mean += (value - mean) / seen
        total += value - mean - _TOLERATED
        least = np.minimum(least, total)
        fires = total - least > _EVENT
        events += fires
        for state in (mean, total, least, seen):
            state[fires] = 0.0
        if (number + 1) % SCRAPE_EVERY == 0:
            shown.append(events.copy())
    return {Series(metric="drift_events_total"): np.stack(shown, axis=1)}


def fakes(traffic: Traffic, random: np.random.Generator) -> dict[str, Exposed]:
    """Gauges that have never seen a row."""
    shape = (traffic.rows.shape[0], traffic.scrapes)
    time = np.broadcast_to(np.arange(traffic.scrapes) / traffic.scrapes, shape)
    phase = random.uniform(0, 2 * np.pi, size=(shape[0], 1))
    drawn = {
        "constant": np.full(shape, 0.05),
        "random": random.uniform(size=shape),
        "ramp": 0.1 + 0.4 * time,
        "sine": 0.3 + 0.2 * np.sin(2 * np.pi * time + phase),
    }
    return {name: {Series(metric=f"fake_drift_{name}"): np.array(values)} for name, values in drawn.items()}


def service(traffic: Traffic, random: np.random.Generator) -> Exposed:
    """Eighteen ordinary things that any service shows: they know requests, not rows."""
    runs, scrapes = traffic.rows.shape[0], traffic.scrapes
    shape = (runs, scrapes)
    bad = random.binomial(SCRAPE_EVERY, 0.01, size=shape)
    speed = random.lognormal(0, 0.1, size=(runs, 1, 1))
    latency = speed * random.lognormal(np.log(0.006), 0.5, size=(*shape, SCRAPE_EVERY))
    counters = {
        ("http_requests_total", "200"): SCRAPE_EVERY - bad,
        ("http_requests_total", "422"): bad,
        ("cache_hits_total", ""): random.binomial(SCRAPE_EVERY, 0.3, size=shape),
        ("sent_bytes_total", ""): random.normal(90, 4, size=(*shape, SCRAPE_EVERY)).sum(axis=2),
        ("log_lines_total", ""): SCRAPE_EVERY + random.poisson(1.0, size=shape),
    }
    gauges = {
        "requests_in_progress": random.poisson(1.5, size=shape),
        "queue_depth": random.poisson(0.3, size=shape),
        "uptime_seconds": traffic.requests / 200 + random.uniform(1, 3, size=(runs, 1)),
        "memory_used_bytes": 9e7 + np.cumsum(random.normal(2e3, 2e4, size=shape), axis=1),
    }
    found = {
        Series(metric=name, labels=(("code", code),) if code else ()): np.cumsum(steps, axis=1).astype(float)
        for (name, code), steps in counters.items()
    }
    found |= {Series(metric=name): np.array(values, dtype=float) for name, values in gauges.items()}
    return found | _histogram("request_duration_seconds", latency, _LATENCY_BOUNDS)


FAMILIES = (
    Family(name="prediction", kind=MetricKind.HISTOGRAM, help="Probability of default."),
    Family(name="request_duration_seconds", kind=MetricKind.HISTOGRAM, help="Time to answer."),
)
