"""A small, seeded slice of the simulation behind docs/drift.md: the method finds what it should and little else."""

from functools import cache

import pytest

from tests.bench.drift.experiments import FAKES, MONITORS, Naive, Outcome, detections, series_of
from tests.bench.drift.table import report
from tests.bench.drift.thresholds import rows
from tests.bench.drift.traffic import Change

SEED = 11
QUIET_TIMES, TIMES = 24, 5


@cache
def results(change: Change) -> list[tuple[dict[str, Outcome], Naive]]:
    times = QUIET_TIMES if change == Change.NONE else TIMES
    return list(series_of(SEED, change, arm=4, times=times))


def share(monitor: str, change: Change) -> tuple[float, float]:
    declared, found = detections([outcomes[monitor] for outcomes, _ in results(change)])
    return declared or 0.0, found


@pytest.mark.parametrize("monitor", MONITORS)
def test_without_drift_hardly_anything_is_detected(monitor: str) -> None:
    """24 experiments at 3 %: 0.7 expected, standard deviation 0.8; the bound is four of them."""
    declared, found = share(monitor, Change.NONE)
    assert declared <= 4 / QUIET_TIMES
    assert found <= 4 / QUIET_TIMES


@pytest.mark.parametrize("monitor", FAKES)
def test_a_fake_is_no_better_when_there_is_drift(monitor: str) -> None:
    """20 experiments in all: 0.6 expected; the bound is three standard deviations beyond."""
    hits = sum(
        outcomes[monitor].declared_p is not None and (outcomes[monitor].declared_p or 0) <= 0.03
        for change in (Change.HALF, Change.ONE, Change.ALL, Change.SPREAD)
        for outcomes, _ in results(change)
    )
    assert hits <= 3


@pytest.mark.parametrize(
    "monitor", ["PSI, window 100", "PSI, window 500", "KS p-values with -log10 copy", "tumbling batch of 500"]
)
@pytest.mark.parametrize("change", [Change.ONE, Change.ALL, Change.SPREAD])
def test_honest_monitors_are_found_declared_or_not(monitor: str, change: Change) -> None:
    declared, found = share(monitor, change)
    assert declared >= 0.8
    assert found >= 0.6


def test_the_log_copy_is_what_makes_p_values_work() -> None:
    raw, copy = (
        share(name, Change.SPREAD)[0]
        for name in ("KS p-values, window 200, raw", "KS p-values with -log10 copy")
    )
    assert copy > raw


def test_means_do_not_see_spread_and_single_columns_do_not_see_correlation() -> None:
    assert share("rolling feature means", Change.SPREAD)[0] <= 0.4
    assert share("rolling feature means", Change.HALF)[0] == 1
    assert share("PSI, window 500", Change.CORRELATION)[0] <= 0.4


def test_a_before_and_after_rule_is_fooled_where_the_protocol_is_not() -> None:
    naive = [found for _, found in results(Change.NONE)]
    assert all(found.ramp for found in naive)
    assert all(found.any_series for found in naive)
    assert share("fake: ramp", Change.NONE)[0] <= 4 / QUIET_TIMES


def test_a_small_window_rings_all_day_and_a_large_one_comes_late() -> None:
    by_window = {row.window: row for row in rows(SEED)}
    assert by_window[50].share > 0.9
    assert 0.02 < by_window[100].share < 0.3
    assert all(by_window[window].share < 0.02 for window in (200, 500, 1000))
    delays = [by_window[window].delays[Change.HALF] for window in (100, 200, 500, 1000)]
    assert delays == sorted(delays)
    assert delays[-1] > 3 * delays[0]
    assert by_window[200].missed == 0


def test_the_report_has_every_monitor_and_every_window() -> None:
    said: list[str] = []
    text = report(said.append, quiet=1, times=1)
    assert all(f"| {name} |" in text for name in MONITORS)
    assert all(f"\n| {window} |" in text for window in (50, 100, 200, 500, 1000))
    assert len(said) == len(Change) + 1
