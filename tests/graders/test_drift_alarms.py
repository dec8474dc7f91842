"""Alarms: two scrapes in a row, events, alert rules; what is missed, late and false."""

from dataclasses import replace
from math import exp, nan

import numpy as np
import pytest

from audition.domain.drift import DriftRun, Family, Firing, MetricKind, PhaseSpan, ScrapeTable, Series, pack
from audition.domain.drift_plan import DriftKind, Injection, Phase, PlannedRun
from audition.domain.monitoring import DriftSignal, SignalDirection
from graders.drift.alarms import (
    Alarms,
    alarms_of,
    can_alarm,
    crossed,
    false_alarms,
    in_a_row,
    mean_time_ratio,
    notices,
)

GAUGE, EVENTS = Series(metric="drift"), Series(metric="events_total")
FAMILIES = (Family(name="drift", kind=MetricKind.GAUGE), Family(name="events", kind=MetricKind.COUNTER))
SIGNAL = DriftSignal(metric="drift", threshold=0.2)
PLACEBO = PlannedRun(injection=None, dose=0.0, rate_per_second=200.0)
SPANS = (
    PhaseSpan(phase=Phase.WARM_UP, first=0, end=100),
    PhaseSpan(phase=Phase.CONTROL, first=100, end=300),
    PhaseSpan(phase=Phase.TEST, first=300, end=500),
)
LOW, HIGH = 0.1, 0.3


def drifting(kind: DriftKind = DriftKind.MEAN_SHIFT, dose: float = 1.0) -> PlannedRun:
    return replace(PLACEBO, injection=Injection(kind=kind), dose=dose)


def run_of(
    values: list[float], plan: PlannedRun = PLACEBO, series: Series = GAUGE, firings: tuple[Firing, ...] = ()
) -> DriftRun:
    """Ten scrapes, one for each fifty requests: two of warm-up, four of control, four of test."""
    return DriftRun(
        plan=plan,
        spans=SPANS,
        scrapes=ScrapeTable(
            requests=tuple(range(50, 550, 50)),
            seconds=tuple(n / 4 for n in range(10)),
            series=(series,),
            values=pack([values]),
        ),
        firings=firings,
    )


def alarms(values: list[float], plan: PlannedRun = PLACEBO, signal: DriftSignal = SIGNAL) -> Alarms:
    return alarms_of(run_of(values, plan), FAMILIES, (signal,))


def test_one_scrape_above_the_threshold_is_no_alarm_and_two_are() -> None:
    found = alarms([LOW, HIGH, LOW, HIGH, HIGH, HIGH, LOW, LOW, HIGH, LOW])
    assert found.is_on.tolist() == [False] * 4 + [True] * 2 + [False] * 4


@pytest.mark.parametrize(
    ("direction", "on"),
    [(SignalDirection.UP, [2.0]), (SignalDirection.DOWN, [-2.0, 0.5]), (SignalDirection.BOTH, [-2.0, 2.0])],
)
def test_a_signal_is_crossed_in_its_own_direction(direction: SignalDirection, on: list[float]) -> None:
    values = np.array([-2.0, 0.5, 1.0, 2.0, nan])
    assert values[crossed(values, 1.0, direction)].tolist() == on


def test_an_event_alarms_at_once_and_only_then() -> None:
    run = run_of([0, 0, 0, 1, 1, 1, 1, 3, 3, 3], series=EVENTS)
    one = alarms_of(run, FAMILIES, (DriftSignal(metric="events_total", threshold=0),))
    assert np.flatnonzero(one.is_on).tolist() == [3, 7]
    two = alarms_of(run, FAMILIES, (DriftSignal(metric="events_total", threshold=1),))
    assert np.flatnonzero(two.is_on).tolist() == [7]


def test_a_histogram_alarms_by_its_mean_since_the_last_scrape() -> None:
    sums, counts = Series(metric="distance_sum"), Series(metric="distance_count")
    bucket = Series(metric="distance_bucket", labels=(("le", "+Inf"),))
    run = run_of([0] * 10)
    count = [50 * n for n in range(10)]
    table = replace(
        run.scrapes,
        series=(sums, counts, bucket),
        values=pack([[0, 5, 10, 15, 35, 55, 75, 80, 85, 90], count, count]),
    )
    families = (Family(name="distance", kind=MetricKind.HISTOGRAM),)
    signal = DriftSignal(metric="distance", threshold=0.2)
    found = alarms_of(replace(run, scrapes=table), families, (signal,))
    assert np.flatnonzero(found.is_on).tolist() == [5, 6]


def test_an_alert_alarms_while_it_fires() -> None:
    firings = (Firing(alert="a", from_request=120, to_request=200), Firing(alert="b", from_request=460))
    found = alarms_of(run_of([LOW] * 10, firings=firings), FAMILIES, ())
    assert found.requests[found.is_on].tolist() == [150, 500]


def test_a_signal_without_a_threshold_or_with_other_labels_never_alarms() -> None:
    for signal in (replace(SIGNAL, threshold=None), replace(SIGNAL, labels={"feature": "x"})):
        assert not alarms([HIGH] * 10, signal=signal).is_on.any()
    assert not can_alarm((replace(SIGNAL, threshold=None),), ())
    assert can_alarm((SIGNAL,), ())
    assert can_alarm((), ("rule",))


def test_in_a_row_looks_one_back() -> None:
    assert in_a_row(np.array([True, True, False, True])).tolist() == [False, True, False, False]
    assert in_a_row(np.array([], dtype=bool)).size == 0


RINGS_IN_TEST = [LOW] * 6 + [LOW, HIGH, HIGH, HIGH]


def test_the_delay_is_counted_from_the_beginning_of_the_drift() -> None:
    found = alarms(RINGS_IN_TEST, drifting())
    assert found.delay() == 150
    assert (found.onsets(Phase.TEST), found.share(Phase.TEST)) == (1, 0.5)
    assert alarms([LOW] * 10).delay() is None


def test_false_alarms_are_counted_over_controls_and_placebos_only() -> None:
    every = [
        alarms(RINGS_IN_TEST, drifting()),
        alarms([HIGH] * 4 + [LOW] * 6),
        alarms(RINGS_IN_TEST),
        alarms([LOW] * 10),
    ]
    found = false_alarms(every)
    assert found.requests == 4 * 200 + 3 * 200
    assert found.onsets == 1  # The one that was on since warm-up began before the count.
    assert found.share == pytest.approx((2 + 2) / 28)
    assert found.per_thousand == pytest.approx(1000 / 1400)
    assert found.score == pytest.approx(exp(-2 * found.per_thousand) * (1 - found.share))


def test_no_false_alarm_in_14_000_requests_means_at_least_4_700_between_them() -> None:
    run = replace(run_of([LOW] * 10), spans=(PhaseSpan(phase=Phase.CONTROL, first=0, end=14_000),))
    found = false_alarms([alarms_of(run, FAMILIES, (SIGNAL,))])
    assert (found.onsets, found.share, found.score) == (0, 0, 1)
    assert found.requests_between == pytest.approx(4673, abs=1)


def test_an_alarm_that_is_always_on_earns_nothing() -> None:
    every = [alarms([HIGH] * 10, drifting()), alarms([HIGH] * 10)]
    assert false_alarms(every).score == 0
    seen = notices(every)
    assert (seen.missed_share, seen.promptness, seen.mean_delay) == (1, 0, None)
    assert mean_time_ratio(false_alarms(every), seen) is None


def test_missed_runs_are_averaged_over_kinds_with_an_interval_over_runs() -> None:
    every = [
        *(alarms(RINGS_IN_TEST, drifting()) for _ in range(4)),
        alarms([LOW] * 10, drifting(DriftKind.SCALE)),
        alarms([LOW] * 10, drifting(DriftKind.CORRELATION)),
        alarms([LOW] * 10, drifting(dose=0.5)),
        alarms([LOW] * 10),
    ]
    seen = notices(every)
    assert seen.by_kind() == {DriftKind.MEAN_SHIFT: 0, DriftKind.SCALE: 1}
    assert seen.missed_share == 0.5
    assert seen.interval == pytest.approx((0.005, 0.716), abs=0.001)
    assert seen.promptness == pytest.approx(4 / 5 * (1 - 150 / 200))
    assert [n.kind for n in notices(every, is_bonus=True).runs] == [DriftKind.CORRELATION]
    false = false_alarms(every)
    assert mean_time_ratio(false, seen) == pytest.approx(false.requests_between / 150 * 0.5)


def test_nothing_to_look_at_is_no_division_by_zero() -> None:
    assert false_alarms([]).score == 1
    assert notices([]).missed_share == 1
    assert notices([]).promptness == 0
    bare = replace(run_of([LOW] * 10), spans=())
    found = alarms_of(bare, FAMILIES, (SIGNAL,))
    assert (found.length(Phase.TEST), found.share(Phase.TEST), found.delay()) == (0, 0, None)
