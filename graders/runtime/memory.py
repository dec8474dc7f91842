"""Check over the drift runs: does memory grow with every request (B9)?

Each valid run gives one slope over all its scrapes after the warm-up, when windows and caches are full. The slopes of
the runs, fresh containers all, give the interval.
"""

from itertools import pairwise
from math import sqrt
from statistics import linear_regression, mean, stdev

from audition.domain.drift import DriftRun
from audition.domain.drift_plan import Phase
from audition.domain.run import Stage
from audition.grading import Result, Workspace, blocked, check, not_applicable
from graders.chain import PAGE, no_service
from graders.probed import scored

#: Growth per 1,000 requests as a share of what is in use: full score up to the first, nothing from the second on.
#: Source: the grader catalogue, B9; the end of the line is ours.
_STEADY, _LEAKING = 0.01, 0.1
_LEAST_SCRAPES, _LEAST_RUNS = 10, 4
#: Two-sided 95 % quantiles of Student's t by degrees of freedom; beyond the last they are below it.
_STUDENT = {
    3: 3.182,
    4: 2.776,
    5: 2.571,
    6: 2.447,
    7: 2.365,
    8: 2.306,
    10: 2.228,
    15: 2.131,
    20: 2.086,
    30: 2.042,
}


@check(
    "runtime.memory.steady",
    "Memory does not grow with the requests",
    points=1,
    why="A service that leaks is killed at its limit, at the hour with the most traffic.",
    fix="Keep no request, row or result beyond a window of fixed size; look for lists and labels that only grow.",
)
def steady(workspace: Workspace) -> Result:
    """1 when growth may be below 1 % per 1,000 requests, 0 when it is surely above 10 % (B9)."""
    runs = workspace.drift.runs if workspace.drift else ()
    growths = [growth for run in runs if (growth := growth_of(run)) is not None]
    if len(growths) < _LEAST_RUNS:
        return _not_watched(workspace)
    low, high = interval(growths)
    share = 1 - (low - _STEADY) / (_LEAKING - _STEADY)
    sentence = (
        f"Over {len(growths)} runs of traffic memory changed by {mean(growths):+.2%} per 1,000 requests"
        f" (95 % interval {low:+.2%} to {high:+.2%})."
    )
    return scored(share, sentence)


def _not_watched(workspace: Workspace) -> Result:
    """Whose fault it is that no traffic went over it."""
    if Stage.DRIFT in workspace.manifest.stages and workspace.drift is None and (no := no_service(workspace)):
        return no
    if workspace.drift is not None and workspace.drift.obstacle:
        return blocked(workspace.drift.obstacle, PAGE)
    return not_applicable("Memory was not watched over enough traffic in this run.")


def growth_of(run: DriftRun) -> float | None:
    """Growth per 1,000 requests as a share of the run's mean; None when it was not seen often enough."""
    warm = run.span(Phase.WARM_UP)
    seen = [
        (requests / 1000, float(memory))
        for requests, memory in zip(run.scrapes.requests, run.memory_bytes, strict=False)
        if memory and requests >= (warm.end if warm else 0)
    ]
    if len(seen) < _LEAST_SCRAPES or all(later[0] == first[0] for first, later in pairwise(seen)):
        return None
    memory = [used for _, used in seen]
    return float(linear_regression([requests for requests, _ in seen], memory).slope) / mean(memory)


def interval(values: list[float]) -> tuple[float, float]:
    """95 % interval of the mean of at least four values, by Student's t."""
    freedom = max(known for known in _STUDENT if known < len(values))
    reach = _STUDENT[freedom] * stdev(values) / sqrt(len(values))
    return mean(values) - reach, mean(values) + reach
