"""Which rows a run sends and when: the same for the same plan, and drifting in the test phase only."""

import random
from dataclasses import replace
from itertools import pairwise

import pytest

from audition.domain.drift_plan import DriftKind, Phase, PlannedRun, full_plan
from audition.domain.drift_plan import Pace as ServicePace
from audition.probing.drift_run import draw_rows, due_times
from tests.probing.drift_small import SPEC, make_small_traffic, short_plan

TRAFFIC = make_small_traffic()
PLAN = short_plan()
DRIFTING = next(run for run in PLAN.runs if run.has_recovery)
PLACEBO = next(run for run in PLAN.runs if run.injection is None)


def test_the_traffic_of_the_family_is_in_shape_and_visible() -> None:
    assert TRAFFIC.refusals == ()
    assert TRAFFIC.problems() == []
    assert [found.injection.kind for found in TRAFFIC.calibrated if not found.is_visible] == []


def test_equal_runs_get_equal_rows_and_others_do_not() -> None:
    assert draw_rows(TRAFFIC, PLAN, PLACEBO) == draw_rows(TRAFFIC, PLAN, PLACEBO)
    other = replace(PLACEBO, seed=PLACEBO.seed + 1)
    assert draw_rows(TRAFFIC, PLAN, PLACEBO) != draw_rows(TRAFFIC, PLAN, other)


@pytest.mark.parametrize(
    "run", full_plan(SPEC.family, ServicePace(), seed=3).runs, ids=lambda run: str(run.number)
)
def test_only_the_test_phase_drifts_and_only_in_its_column(run: PlannedRun) -> None:
    rows = draw_rows(TRAFFIC, PLAN, run)
    quiet = draw_rows(TRAFFIC, PLAN, replace(run, injection=None, dose=0.0))
    lengths = PLAN.phases_of(run)
    first = lengths[Phase.WARM_UP] + lengths[Phase.CONTROL]
    test = slice(first, first + lengths[Phase.TEST])
    assert rows[:first] == quiet[:first]
    assert rows[test.stop :] == quiet[test.stop :]
    changed = {
        name
        for new, old in zip(rows[test], quiet[test], strict=True)
        for name in new
        if new[name] != old[name]
    }
    assert changed == ({run.injection.column} if run.injection else set())


def test_rows_are_not_repeated_while_there_are_enough() -> None:
    rows = draw_rows(TRAFFIC, PLAN, PLACEBO)
    assert len({tuple(row.values()) for row in rows}) == len(rows)
    few = replace(TRAFFIC, rows=TRAFFIC.rows[:20], drifted=())
    assert len(draw_rows(few, PLAN, PLACEBO)) == len(rows)


def test_a_whole_number_is_sent_as_one_though_it_drifts() -> None:
    scale = next(made for made in TRAFFIC.drifted if made.injection.kind == DriftKind.SCALE)
    assert all(isinstance(value, int) for value in scale.values)
    assert all(isinstance(row["income"], float) for row in draw_rows(TRAFFIC, PLAN, DRIFTING))


def test_a_run_without_rows_of_its_own_says_so() -> None:
    with pytest.raises(KeyError, match="mean_shift at dose 3"):
        draw_rows(TRAFFIC, PLAN, replace(DRIFTING, dose=3.0))


def test_shuffled_timing_keeps_the_mean_rate() -> None:
    shuffled = replace(PLACEBO, is_timing_shuffled=True)
    even = due_times(PLACEBO, 50, random.Random(1))
    times = due_times(shuffled, 50, random.Random(1))
    assert (times[0], times[-1]) == pytest.approx((even[0], even[-1]))
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert min(gaps) >= 0
    assert max(gaps) > 2 * max(later - earlier for earlier, later in pairwise(even))
    assert due_times(shuffled, 1, random.Random(1)) == [0.0]
