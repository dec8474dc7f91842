"""One session from the first connection to the evidence: which probes run, in which order, and what stops them."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from audition.domain.probe import (
    GONE,
    NEVER_PREDICTED,
    UNREADABLE,
    ServiceEvidence,
    StartEvidence,
    Unfinished,
)
from audition.domain.probe_plan import Probe, ProbePlan
from audition.probing import bad_input, loading, observing, openapi, predicting, starting, stopping
from audition.probing.session import CannotProbeError, Runner, Session

Look = Callable[[Session], Awaitable[Any]]

PROBES: dict[Probe, Look] = {
    Probe.BINDING: starting.probe_binding,
    Probe.CONTRACT: predicting.probe_contract,
    Probe.PARITY: predicting.probe_parity,
    Probe.INVARIANCE: predicting.probe_invariance,
    Probe.TRACE: predicting.probe_trace,
    Probe.CONCURRENCY: predicting.probe_concurrency,
    Probe.EXPOSITION: observing.probe_exposition,
    Probe.SIGNALS: observing.probe_signals,
    Probe.SHARDING: observing.probe_sharding,
    Probe.COST: loading.probe_cost,
    Probe.CAPACITY: loading.probe_capacity,
    Probe.LATENCY: loading.probe_latency,
    Probe.HEALTH: loading.probe_health,
    Probe.CARDINALITY: observing.probe_cardinality,
    Probe.BAD_INPUT: bad_input.probe_bad_input,
    Probe.OPENAPI: openapi.probe_openapi,
    Probe.OVERLOAD: loading.probe_overload,
    Probe.STOP: stopping.probe_stop,
}
#: Shuffled within a group, as a service could know us by our order; groups stay, as later ones leave traces.
GROUPS: tuple[tuple[Probe, ...], ...] = (
    (
        Probe.PARITY,
        Probe.INVARIANCE,
        Probe.TRACE,
        Probe.CONCURRENCY,
        Probe.EXPOSITION,
        Probe.SIGNALS,
        Probe.SHARDING,
        Probe.COST,
    ),
    (Probe.CAPACITY,),
    (Probe.LATENCY, Probe.HEALTH),
    (Probe.CARDINALITY, Probe.BAD_INPUT, Probe.OPENAPI, Probe.OVERLOAD),
)
_FIRST = (Probe.BINDING, Probe.CONTRACT)
_NO_TIME = "The time of the stage was over."
#: What the stop takes besides the service's grace.
_STOP_SECONDS = 15.0
#: What can be looked at although no prediction can be read.
_WITHOUT_CONTRACT = frozenset({Probe.BINDING, Probe.CONTRACT, Probe.EXPOSITION, Probe.STOP})


def order_of(plan: ProbePlan) -> tuple[Probe, ...]:
    """The probes of a plan in the order of this seed, after the start."""
    chance = random.Random(f"{plan.seed} order")  # noqa: S311  repeatable on purpose
    ordered = list(_FIRST)
    for group in GROUPS:
        ordered += chance.sample(group, len(group))
    return tuple(probe for probe in (*ordered, Probe.STOP) if probe in plan.probes)


async def probe_service(plan: ProbePlan, runner: Runner) -> ServiceEvidence:
    """Do one session. What the service does never raises; what a probe could not see is `unfinished`."""
    session = Session(plan, runner)
    try:
        return await _probe(session)
    finally:
        session.close()


async def _probe(session: Session) -> ServiceEvidence:
    order = order_of(session.plan)
    start = await starting.probe_start(session)
    parts: dict[str, Any] = {}
    unfinished: list[Unfinished] = []
    done = [Probe.START.value]
    for probe in order:
        session.timeline.note("probe", probe.value)
        seconds = _time_for(session, probe)
        obstacle = await _obstacle(session, probe, start, parts) if seconds > 0 else _NO_TIME
        if obstacle:
            unfinished.append(Unfinished(probe=probe.value, reason=obstacle, is_ours=obstacle == _NO_TIME))
            continue
        try:
            async with asyncio.timeout(seconds):
                parts[probe.value] = await PROBES[probe](session)
            done.append(probe.value)
        except TimeoutError:
            unfinished.append(Unfinished(probe=probe.value, reason=_NO_TIME, is_ours=True))
        except CannotProbeError as error:
            unfinished.append(Unfinished(probe=probe.value, reason=str(error)[:300], is_ours=error.is_ours))
    session.timeline.note("end")
    evidence = ServiceEvidence(seed=session.plan.seed, starts=(start,), order=tuple(done), **parts)
    return replace(
        evidence,
        events=tuple(session.timeline.events),
        unfinished=tuple(unfinished),
        canaries=tuple(session.canaries),
        requests=session.client.requests + session.metrics.requests,
    )


def _time_for(session: Session, probe: Probe) -> float:
    """Seconds that a probe may take: what is left, less what the stop at the end needs."""
    left = session.plan.most_seconds - session.timeline.seconds()
    wait = session.serving.grace_seconds + _STOP_SECONDS
    # The stop keeps its own time, so that even a late session ends with it.
    return wait * 2 if probe is Probe.STOP else max(0.0, left - wait)


async def _obstacle(session: Session, probe: Probe, start: StartEvidence, parts: dict[str, Any]) -> str:
    """Why a probe has nothing to look at; empty when it has."""
    if start.predict_seconds is None and probe not in _WITHOUT_CONTRACT:
        return NEVER_PREDICTED
    contract = parts.get(Probe.CONTRACT.value)
    if contract is not None and not contract.is_usable and probe not in _WITHOUT_CONTRACT:
        return UNREADABLE
    if start.predict_seconds is not None and not session.is_gone and not await session.is_answering():
        # Asked once only: a service that hangs would take its time each time.
        session.is_gone = True
        session.timeline.note("died", f"before {probe.value}")
    return GONE if session.is_gone else ""
