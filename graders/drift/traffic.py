"""The rows and the times of a run's requests, from its plan: the same plan and slice give the same traffic."""

from dataclasses import dataclass

import numpy as np

from audition.domain.drift_plan import DriftKind, DriftPlan, Phase, PlannedRun
from audition.domain.errors import InvalidError
from graders.drift.injections import inject, resample_prior
from graders.drift.statistics import Array
from graders.drift.table import Rows, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Held-out rows, exchangeable with the training data."""

    table: Table
    labels: Array | None = None
    """0 or 1, (rows,); what a drift of the class mix needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTraffic:
    """What is sent in one run."""

    table: Table
    """One row for each request."""
    phases: tuple[Phase, ...]
    """The phase of each request."""
    send_seconds: Array
    """When each request is due, from the start of the run, (requests,)."""


def run_traffic(plan: DriftPlan, run: PlannedRun, held_out: Slice, reference: Table) -> RunTraffic:
    """Draw the rows of one run and make its test phase drift.

    Args:
        plan: Lengths of the phases.
        run: Seed, injection, dose, rate.
        held_out: Where rows are drawn from.
        reference: The training data.

    Raises:
        InvalidError: The slice is empty, or does not fit the injection.
    """
    random = np.random.default_rng(run.seed)
    lengths = plan.phases_of(run)
    total = sum(lengths.values())
    drawn = draw(held_out.table.rows, total, random)
    phases = tuple(phase for phase, length in lengths.items() for _ in range(length))
    in_test = np.array([phase == Phase.TEST for phase in phases])
    if run.injection and run.kind == DriftKind.PRIOR:
        if held_out.labels is None:
            msg = "A drift of the class mix needs the labels of the slice."
            raise InvalidError(msg, code="unfit-injection")
        chosen = resample_prior(held_out.labels, run.injection, run.dose, random, int(in_test.sum()))
        drawn[in_test] = chosen
    table = held_out.table.take(drawn)
    if run.injection and run.kind not in {DriftKind.PRIOR, DriftKind.LABEL_SWAP}:
        changed = inject(table.take(in_test), run.injection, run.dose, random, reference=reference)
        table = _with_rows(table, np.flatnonzero(in_test), changed)
    return RunTraffic(table=table, phases=phases, send_seconds=send_times(run, total, random))


def draw(available: int, wanted: int, random: np.random.Generator) -> Rows:
    """Numbers of rows, without replacement when there are enough, else with.

    Raises:
        InvalidError: There are no rows.
    """
    if available == 0:
        msg = "The held-out slice has no rows to send."
        raise InvalidError(msg, code="empty-slice")
    return np.asarray(random.choice(available, size=wanted, replace=wanted > available), dtype=np.intp)


def send_times(run: PlannedRun, requests: int, random: np.random.Generator) -> Array:
    """When requests are due: evenly, or with gaps drawn from an exponential distribution of the same mean."""
    even = np.arange(requests) / run.rate_per_second
    if not run.is_timing_shuffled or requests == 0:
        return even
    gaps = random.exponential(1 / run.rate_per_second, size=requests)
    times = np.cumsum(gaps) - gaps[0]
    # Of the same length as an even run, so that rate and duration do not differ from other placebos.
    return np.asarray(times * (even[-1] / times[-1] if times[-1] else 1.0), dtype=float)


def _with_rows(table: Table, rows: Rows, changed: Table) -> Table:
    """The table with some of its rows replaced."""
    for name, values in changed.numeric.items():
        column = table.numeric[name].copy()
        column[rows] = values
        table = table.replaced(name, column)
    for name, texts in changed.categorical.items():
        merged = table.categorical[name].astype(object)
        merged[rows] = texts
        table = table.replaced(name, merged.astype(np.str_))
    return table
