"""From scrapes to candidates: increases, shares, means, -log10, and what is left out."""

import math
from dataclasses import replace

import numpy as np
import pytest

from audition.domain.drift import DriftRun, Family, MetricKind, PhaseSpan, ScrapeTable, Series, pack
from audition.domain.drift_plan import Phase
from audition.domain.monitoring import DriftSignal
from graders.drift.series import Candidate, Form, Tier, Track, read_tracks, tier_of, within
from tests.graders.drift_world import LEAN

NAN = math.nan
FAMILIES = (
    Family(name="http_requests", kind=MetricKind.COUNTER, help="Requests answered."),
    Family(name="score", kind=MetricKind.HISTOGRAM, help="Probability of default."),
    Family(name="drift_p_value", kind=MetricKind.GAUGE, help="Two-sample test."),
    Family(name="latency_seconds", kind=MetricKind.SUMMARY, help=""),
)


def run_of(columns: dict[Series, list[float]], requests: tuple[int, ...] = (50, 100, 100, 150)) -> DriftRun:
    return DriftRun(
        plan=LEAN.runs[0],
        spans=(
            PhaseSpan(phase=Phase.WARM_UP, first=0, end=50),
            PhaseSpan(phase=Phase.CONTROL, first=50, end=100),
            PhaseSpan(phase=Phase.TEST, first=100, end=150),
        ),
        scrapes=ScrapeTable(
            requests=requests,
            seconds=tuple(n / 100 for n in requests),
            series=tuple(columns),
            values=pack(list(columns.values())),
        ),
    )


def read(*runs: DriftRun, signals: tuple[DriftSignal, ...] = ()) -> tuple[dict[str, Candidate], list[Track]]:
    candidates, tracks = read_tracks(runs, FAMILIES, signals)
    return {candidate.words(): candidate for candidate in candidates}, list(tracks)


def values_of(columns: dict[Series, list[float]]) -> dict[str, list[float]]:
    candidates, tracks = read(run_of(columns))
    return {name: tracks[0].values[:, n].tolist() for n, name in enumerate(candidates)}


def same(found: list[float], expected: list[float]) -> bool:
    return np.allclose(found, expected, equal_nan=True)


def test_a_counter_is_its_increase_per_request_and_says_nothing_where_none_was_sent() -> None:
    found = values_of({Series(metric="http_requests_total"): [40, 90, 90, 115]})
    assert same(found["http_requests_total (increase per request)"], [NAN, 1, NAN, 0.5])


def test_a_gauge_is_taken_as_it_is_and_infinity_says_nothing() -> None:
    found = values_of({Series(metric="queue"): [1, math.inf, NAN, -4]})
    assert same(found["queue"], [1, NAN, NAN, -4])


def test_what_stays_in_the_unit_interval_is_also_taken_as_log() -> None:
    found = values_of(
        {Series(metric="drift_p_value"): [1, 0.1, 0.01, 0.5], Series(metric="other"): [1, 0, 0.5, 0.5]}
    )
    assert same(found["drift_p_value (-log10)"], [0, 1, 2, 0.30103])
    assert list(found) == ["drift_p_value", "other", "drift_p_value (-log10)"]


def test_one_run_outside_the_unit_interval_is_enough_to_leave_the_log_out() -> None:
    one, two = (
        run_of({Series(metric="drift_p_value"): values}) for values in ([0.1] * 4, [0.1, 0.0, 0.1, 0.1])
    )
    assert list(read(one, two)[0]) == ["drift_p_value"]


def test_a_histogram_is_the_share_of_each_bucket_and_the_mean() -> None:
    found = values_of(
        {
            Series(metric="score_bucket", labels=(("le", "+Inf"),)): [10, 20, 20, 40],
            Series(metric="score_bucket", labels=(("le", "0.5"),)): [5, 7, 7, 22],
            Series(metric="score_count"): [10, 20, 20, 40],
            Series(metric="score_sum"): [5, 10, 10, 14],
        }
    )
    assert same(found["score (mean)"], [NAN, 0.5, NAN, 0.2])
    assert same(found['score_bucket{le="0.5"} (share of the bucket)'], [NAN, 0.2, NAN, 0.75])
    assert same(found['score_bucket{le="+Inf"} (share of the bucket)'], [NAN, 0.8, NAN, 0.25])
    assert "score (-log10)" in found


def test_histograms_with_other_labels_are_kept_apart() -> None:
    def labelled(route: str, counts: list[float]) -> dict[Series, list[float]]:
        labels = (("route", route),)
        return {
            Series(metric="score_bucket", labels=(("le", "1"), *labels)): counts,
            Series(metric="score_count", labels=labels): [10, 20, 20, 30],
        }

    found = values_of(labelled("/a", [0, 10, 10, 20]) | labelled("/b", [0, 0, 0, 5]))
    assert same(
        found['score_bucket{le="1", route="/a"} (share of the bucket)'],
        [
            NAN,
            1,
            NAN,
            1,
        ],
    )
    assert same(found['score_bucket{le="1", route="/b"} (share of the bucket)'], [NAN, 0, NAN, 0.5])


@pytest.mark.parametrize(
    "metric",
    [
        "process_cpu_seconds_total",
        "python_gc_objects_collected_total",
        "go_goroutines",
        "jvm_threads",
        "up",
        "scrape_duration_seconds",
        "http_requests_created",
        "model_info",
    ],
)
def test_families_of_process_runtime_and_scraper_are_left_out(metric: str) -> None:
    assert values_of({Series(metric=metric): [1, 2, 3, 4]}) == {}


def test_what_is_declared_is_looked_at_whatever_its_name_is() -> None:
    run = run_of({Series(metric="process_drift"): [1, 2, 3, 4], Series(metric="process_other"): [1, 2, 3, 4]})
    assert list(read(run, signals=(DriftSignal(metric="process_drift"),))[0]) == ["process_drift"]


def test_only_what_every_run_exposes_can_be_compared() -> None:
    both, once = Series(metric="both"), Series(metric="once")
    candidates, tracks = read(run_of({both: [1, 2, 3, 4], once: [1, 1, 1, 1]}), run_of({both: [9, 9, 9, 9]}))
    assert list(candidates) == ["both"]
    assert [track.values.shape for track in tracks] == [(4, 1), (4, 1)]


@pytest.mark.parametrize(
    ("metric", "help_text", "labels", "tier"),
    [
        ("feature_drift_score", "", (), Tier.NAMED),
        ("input_psi", "", (), Tier.NAMED),
        ("tasks_total", "", (), Tier.OTHER),
        ("json_errors", "", (), Tier.OTHER),
        ("monitor_value", "Wasserstein distance to the training data.", (), Tier.NAMED),
        ("monitor_value", "KS test", (), Tier.NAMED),
        ("model_output_mean", "", (), Tier.DISTRIBUTION),
        ("predictions_total", "", (), Tier.DISTRIBUTION),
        ("rolling_mean", "", (("feature", "age"),), Tier.DISTRIBUTION),
        ("queue_depth", "", (("worker", "1"),), Tier.OTHER),
    ],
)
def test_a_name_says_how_plainly_a_series_tells_of_drift(
    metric: str, help_text: str, labels: tuple[tuple[str, str], ...], tier: Tier
) -> None:
    family = Family(name=metric, kind=MetricKind.GAUGE, help=help_text)
    assert tier_of(Series(metric=metric, labels=labels), family) == tier


@pytest.mark.parametrize(
    ("signal", "expected"),
    [
        (DriftSignal(metric="mean", labels={"feature": "a"}), ['mean{feature="a"}']),
        (DriftSignal(metric="mean"), ['mean{feature="a"}', 'mean{feature="b"}']),
        (DriftSignal(metric="score"), ["score (mean)"]),
        (DriftSignal(metric="http_requests"), ["http_requests_total (increase per request)"]),
        (DriftSignal(metric="other"), []),
    ],
)
def test_a_declared_signal_speaks_of_its_series(signal: DriftSignal, expected: list[str]) -> None:
    run = run_of(
        {
            Series(metric="mean", labels=(("feature", "a"),)): [1, 2, 3, 4],
            Series(metric="mean", labels=(("feature", "b"),)): [1, 2, 3, 4],
            Series(metric="score_count"): [1, 2, 3, 4],
            Series(metric="score_sum"): [1, 2, 2, 9],
            Series(metric="http_requests_total"): [1, 2, 3, 4],
        }
    )
    candidates, _ = read(run, signals=(signal,))
    declared = [name for name, candidate in candidates.items() if candidate.tier == Tier.DECLARED]
    assert declared == expected


def test_a_scrape_belongs_to_the_phase_whose_requests_it_has_seen() -> None:
    run = run_of({Series(metric="queue"): [1, 2, 3, 4]})
    _, tracks = read(run)
    assert within(run, tracks[0], Phase.WARM_UP).tolist() == [True, False, False, False]
    assert within(run, tracks[0], Phase.CONTROL).tolist() == [False, True, True, False]
    assert within(run, tracks[0], Phase.TEST, after=0.9).tolist() == [False, False, False, True]
    assert not within(run, tracks[0], Phase.RECOVERY).any()


def test_a_name_that_is_too_long_for_a_sentence_is_cut() -> None:
    candidate = Candidate(series=Series(metric="x" * 300), form=Form.VALUE)
    assert len(candidate.words()) == 120
    assert replace(candidate, form=Form.LOG).words().endswith("(-log10)")
