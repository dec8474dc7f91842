"""The plan of the drift protocol: how many runs, how long, in which order."""

from collections import Counter

import pytest

from audition.domain.drift_plan import (
    DriftFamily,
    DriftKind,
    DriftPlan,
    Injection,
    Pace,
    Phase,
    full_plan,
    lean_plan,
    pace_of,
)
from audition.domain.monitoring import DriftSignal

SHIFT = Injection(kind=DriftKind.MEAN_SHIFT, column="income")
OTHERS = (DriftKind.SCALE, DriftKind.UNIT_ERROR, DriftKind.MISSING, DriftKind.CATEGORY, DriftKind.PRIOR)
FAMILY = DriftFamily(primary=SHIFT, others=tuple(Injection(kind=kind) for kind in OTHERS))


def without_recovery(plan: DriftPlan) -> int:
    return plan.total_requests() - sum(run.has_recovery for run in plan.runs) * plan.recovery_requests


def test_the_lean_plan_is_four_placebos_and_four_drifts_in_28_000_requests() -> None:
    plan = lean_plan(FAMILY, Pace(), seed=1)
    assert Counter(run.kind for run in plan.runs) == {DriftKind.NONE: 4, DriftKind.MEAN_SHIFT: 4}
    assert without_recovery(plan) == 28_000
    assert sum(run.has_recovery for run in plan.runs if run.injection) == 2
    assert all(run.is_contrast for run in plan.runs)


def test_the_full_plan_has_17_runs_and_59_500_requests() -> None:
    plan = full_plan(FAMILY, Pace(), seed=1)
    assert len(plan.runs) == 17
    assert without_recovery(plan) == 59_500
    assert Counter(run.kind for run in plan.runs) == {
        DriftKind.NONE: 6,
        DriftKind.MEAN_SHIFT: 6,
        **dict.fromkeys(OTHERS, 1),
    }
    assert sorted(run.dose for run in plan.runs if run.kind == DriftKind.MEAN_SHIFT) == [0.5, 1, 1, 1, 1, 2]
    odd = [run for run in plan.runs if run.kind == DriftKind.NONE and not run.is_contrast]
    assert sorted((run.rate_per_second, run.is_timing_shuffled) for run in odd) == [
        (200, True),
        (400, False),
    ]


def test_runs_are_numbered_in_order_and_have_seeds_of_their_own() -> None:
    plan = full_plan(FAMILY, Pace(), seed=3)
    assert [run.number for run in plan.runs] == list(range(1, 18))
    assert len({run.seed for run in plan.runs}) == 17
    assert plan == full_plan(FAMILY, Pace(), seed=3)
    assert plan != full_plan(FAMILY, Pace(), seed=4)


def test_every_order_of_placebo_and_drift_comes_about_equally_often() -> None:
    """70 orders, 7,000 draws: 100 expected of each, standard deviation 9.9; the bounds are five of them."""
    orders = Counter(
        tuple(run.injection is None for run in lean_plan(FAMILY, Pace(), seed=seed).runs)
        for seed in range(7000)
    )
    assert len(orders) == 70
    assert 50 < min(orders.values()) <= max(orders.values()) < 150


@pytest.mark.parametrize(
    ("window", "phases"),
    [(1, (1000, 1000, 1500, 3)), (500, (1000, 1000, 1500, 1500)), (800, (1600, 1000, 2400, 2400))],
)
def test_phases_are_long_enough_for_the_declared_window(window: int, phases: tuple[int, ...]) -> None:
    plan = lean_plan(FAMILY, Pace(window_requests=window), seed=1)
    recovering = next(run for run in plan.runs if run.has_recovery)
    assert tuple(plan.phases_of(recovering).values()) == phases
    assert list(plan.phases_of(recovering)) == list(Phase)
    placebo = next(run for run in plan.runs if run.injection is None)
    assert Phase.RECOVERY not in plan.phases_of(placebo)


def test_an_endless_window_is_cut_and_so_is_an_endless_refresh() -> None:
    plan = lean_plan(FAMILY, Pace(window_requests=10**9, refresh_seconds=3600), seed=1)
    assert (plan.window_requests, plan.test_requests, plan.settle_seconds) == (1000, 3000, 15)


@pytest.mark.parametrize(("capacity", "rate"), [(None, 200), (10_000, 200), (400, 120)])
def test_the_rate_leaves_room_in_the_service(capacity: float | None, rate: float) -> None:
    plan = lean_plan(FAMILY, Pace(capacity_per_second=capacity), seed=1)
    assert {run.rate_per_second for run in plan.runs} == {rate}


def test_the_pace_follows_the_slowest_signal() -> None:
    signals = (
        DriftSignal(metric="a", window_requests=200, refresh_seconds=5),
        DriftSignal(metric="b", window_requests=800),
        DriftSignal(metric="c"),
    )
    assert pace_of(signals, 400) == Pace(window_requests=800, refresh_seconds=5, capacity_per_second=400)
    assert pace_of(()) == pace_of(signals[2:]) == Pace()
