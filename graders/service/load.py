"""Checks under load: cost, latency, capacity, overload (D1 to D4)."""

import math

from audition.domain.grade import Dimension
from audition.domain.probe_load import LatencyEvidence, LoadSummary
from audition.grading import Result, Workspace, check, not_assessed
from graders.chain import missing
from graders.probed import part_of, plural, scored, service_of, why_missing

_COST_RANGE = 10.0
_CAPACITY_RANGE = 8.0
_RECOVERY_SECONDS = 10.0
#: A plateau here with an idle processor is an artefact of delayed acknowledgements. Source: the grader catalogue, D2.
_ACK_LOW_MS, _ACK_HIGH_MS = 38.0, 48.0


@check(
    "service.load.cost",
    "A request costs little processor time",
    points=2,
    why="Processor time is what a service costs to run, and the one number that a busy host does not blur.",
    fix="Load the model once, avoid building tables for single rows, and predict a batch in one call.",
)
def cost(workspace: Workspace) -> Result:
    """Log-linear against the reference solution: 1 at its cost or less, 0 at ten times (D1)."""
    service = service_of(workspace)
    found = service.cost if service else None
    if found is None or not found.windows_ms:
        return why_missing(workspace, "cost")
    mean = sum(found.windows_ms) / len(found.windows_ms)
    sentence = f"A request takes {mean:.1f} ms of processor time."
    if not found.reference_ms:
        return not_assessed(f"{sentence} This challenge has no reference to compare with.")
    ratio = max(mean, 1e-6) / found.reference_ms
    spread = (max(found.windows_ms) - min(found.windows_ms)) / mean if mean else 0.0
    share = 1 - math.log(max(1.0, ratio)) / math.log(_COST_RANGE)
    return scored(
        share, f"{sentence} The reference takes {found.reference_ms:.1f} ms.", note=f"Spread {spread:.0%}."
    )


@check(
    "service.load.latency",
    "It keeps the latency that it promises",
    points=1.5,
    why="A promise that nobody measured is broken under the first real load.",
    fix="Measure with constant arrivals at half and three quarters of what the service can take; promise that.",
)
def latency(workspace: Workspace) -> Result:
    """Share of the declared objectives met at 25, 50 and 75 % of capacity; not assessed when not valid (D2)."""
    service = service_of(workspace)
    found = service.latency if service else None
    if found is None or not found.levels:
        return why_missing(workspace, "latency")
    if not found.is_valid:
        return not_assessed(f"The measurement is not valid. {found.invalid_reason}")
    if found.slo_p95_ms is None and found.slo_error_ratio is None:
        return missing(workspace, Dimension.SERVING, "The contract promises no latency.")
    met = [_met(found, level) for level in found.levels]
    goals = [goal for level in met for goal in level]
    said = ", ".join(_p95(level) for level in found.levels)
    sentence = (
        f"{sum(goals)} of {plural(len(goals), 'objective')} were met; 95 of 100 answers came within {said}."
    )
    return scored(sum(goals) / len(goals), sentence, note=_artefact(found))


def _met(found: LatencyEvidence, level: LoadSummary) -> list[bool]:
    goals = []
    if found.slo_p95_ms is not None:
        goals.append(level.p95_ms is not None and level.p95_ms <= found.slo_p95_ms)
    if found.slo_error_ratio is not None:
        goals.append(level.sent > 0 and 1 - level.good / level.sent <= found.slo_error_ratio)
    return goals


def _p95(level: LoadSummary) -> str:
    return "no time" if level.p95_ms is None else f"{level.p95_ms:.0f} ms at {level.rate_per_second:.0f}/s"


def _artefact(found: LatencyEvidence) -> str:
    low = found.levels[0].p50_ms
    if low is not None and _ACK_LOW_MS <= low <= _ACK_HIGH_MS:
        return f"The median of {low:.0f} ms at a quarter of the capacity looks like delayed acknowledgements."
    return ""


@check(
    "service.load.capacity",
    "It takes a fair number of requests per second",
    points=1,
    why="Capacity says how many copies have to run.",
    fix="Use the processors that the container has: more workers, or a server that does not wait.",
)
def capacity(workspace: Workspace) -> Result:
    """Log2 against the reference solution: 1 at its capacity or more, 0 at an eighth (D3)."""
    found = part_of(workspace, "capacity", lambda service: service.capacity)
    if isinstance(found, Result):
        return found
    rate = found.capacity_per_second
    most = "at least " if found.is_prober_bound else ""
    sentence = f"It holds {most}{rate:.0f} requests per second."
    if found.reference_per_second is None:
        return not_assessed(f"{sentence} This challenge has no reference to compare with.")
    if rate <= 0:
        return scored(0.0, "It holds no rate without errors or a growing queue.")
    if found.is_prober_bound and rate < found.reference_per_second:
        return not_assessed(f"{sentence} The prober could not send faster.")
    share = 1 - math.log(max(1.0, found.reference_per_second / rate)) / math.log(_CAPACITY_RANGE)
    return scored(share, f"{sentence} The reference holds {found.reference_per_second:.0f}.")


@check(
    "service.load.overload",
    "It survives three times its capacity",
    points=1.5,
    why="Every service is overloaded once; what counts is that it sheds load and comes back.",
    fix="Bound the queue, refuse with 503 beyond it, and set timeouts.",
)
def overload(workspace: Workspace) -> Result:
    """0.5 if it lives + 0.5 x exp(-recovery / 10 s) (D4)."""
    found = part_of(workspace, "overload", lambda service: service.overload)
    if isinstance(found, Result):
        return found
    answered = f"{found.burst.good} of {plural(found.burst.sent, 'request')} of the burst were answered"
    if not found.is_alive:
        return scored(0.0, f"{answered}; after it the service was gone.")
    if found.recovery_seconds is None:
        return scored(
            0.5, f"{answered}; it lives, but was not as quick as before within {found.waited_seconds:.0f} s."
        )
    share = 0.5 + 0.5 * math.exp(-found.recovery_seconds / _RECOVERY_SECONDS)
    return scored(share, f"{answered}; it was as quick as before after {found.recovery_seconds:.1f} s.")
