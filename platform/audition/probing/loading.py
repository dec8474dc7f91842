"""Probes under load: cost, capacity, latency, overload, health under load (D1 to D4, B7)."""

import asyncio
import math
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from audition.domain.probe import HealthEvidence
from audition.domain.probe_load import (
    CapacityEvidence,
    CostEvidence,
    LatencyEvidence,
    LoadSummary,
    OverloadEvidence,
)
from audition.domain.probe_plan import AskVerb
from audition.probing.client import Caps, Client, Reply, Request
from audition.probing.load import closed_loop, open_loop, quantile, summarize
from audition.probing.session import CannotProbeError, Session

_IDLE_SECONDS = 2.0
_LEVELS = (0.25, 0.5, 0.75)
#: Rates of the capacity search as shares of what a closed loop reached; it goes on until one is not held.
_STEPS = (0.5, 0.75, 1.0, 1.25, 1.5)
_MOST_ERRORS = 0.01
#: A queue grows when the last third of a step waits so much longer than the first. Factor, and milliseconds more.
_GROWTH, _GROWTH_MS = 3.0, 30.0
#: From here on the prober itself was late: the numbers say nothing. Source: the grader catalogue, D2.
_MOST_SLIP_MS = 20.0
_MOST_DRIFT = 2.0
#: Below this, twice is the grain of the clock and of the scheduler and not a change.
_CALIBRATION_FLOOR_MS = 2.0
_FEW = 20


async def probe_cost(session: Session) -> CostEvidence:
    """CPU time per answered request (D1): the runner reads the counter of the service's cgroup."""
    pace = session.plan.pace
    before = await _cpu(session)
    await asyncio.sleep(_IDLE_SECONDS)
    idle = max(0.0, (await _cpu(session) - before) / _IDLE_SECONDS)
    windows = []
    for _ in range(pace.cost_windows):
        began, first, good = time.perf_counter(), await _cpu(session), 0
        for number in range(pace.cost_requests):
            good += (await session.send_row(number)).is_good
        if good < pace.cost_requests * (1 - _MOST_ERRORS):
            msg = f"Only {good} of {pace.cost_requests} requests were answered well."
            raise CannotProbeError(msg)
        used = await _cpu(session) - first - idle * (time.perf_counter() - began)
        windows.append(max(0.0, used) * 1000 / good)
    return CostEvidence(
        windows_ms=tuple(windows),
        requests=pace.cost_requests,
        idle_share=idle,
        reference_ms=session.plan.reference.cpu_ms_per_request,
    )


async def _cpu(session: Session) -> float:
    answer = await session.runner.ask(AskVerb.CPU)
    if answer.cpu_seconds is None:
        raise CannotProbeError(f"The CPU time is not known. {answer.trouble}".strip(), is_ours=True)
    return answer.cpu_seconds


async def probe_capacity(session: Session) -> CapacityEvidence:
    """The highest rate with errors below one in a hundred and a queue that does not grow (D3)."""
    pace = session.plan.pace
    guess = await closed_loop(session.send_row, workers=8, seconds=2.0)
    if guess <= 0:
        msg = "No request was answered well."
        raise CannotProbeError(msg)
    steps: list[LoadSummary] = []
    held, failed, rate = 0.0, math.inf, min(guess * _STEPS[0], pace.most_rate)
    for number in range(pace.steps):
        summary = await _stretch(session, rate, pace.step_seconds)
        steps.append(summary)
        if _is_held(summary):
            held = max(held, rate)
            session.timeline.note("capacity step held", f"{rate:.0f}/s")
        else:
            failed = min(failed, rate)
        if held >= pace.most_rate:
            break
        if failed < math.inf:
            rate = math.sqrt(held * failed) if held else failed / 2
        else:
            rate = min(guess * _STEPS[min(number + 1, len(_STEPS) - 1)], pace.most_rate)
    session.capacity = held
    return CapacityEvidence(
        steps=tuple(steps),
        capacity_per_second=held,
        is_prober_bound=held >= pace.most_rate or any(s.slip_p99_ms > _MOST_SLIP_MS for s in steps),
        reference_per_second=session.plan.reference.capacity_per_second,
    )


async def _stretch(session: Session, rate: float, seconds: float) -> LoadSummary:
    count = max(_FEW, round(rate * seconds))
    return summarize(await open_loop(session.send_row, rate=rate, count=count), rate)


def _is_held(summary: LoadSummary) -> bool:
    if summary.good < summary.sent * (1 - _MOST_ERRORS):
        return False
    early, late = summary.early_p50_ms, summary.late_p50_ms
    return early is None or late is None or late <= early * _GROWTH + _GROWTH_MS


async def probe_latency(session: Session) -> LatencyEvidence:
    """Latency at a quarter, a half and three quarters of the capacity, and whether to believe it (D2)."""
    if not session.capacity:
        msg = "The capacity is not known."
        raise CannotProbeError(msg)
    before = await calibrate()
    levels = []
    for share in _LEVELS:
        session.timeline.note("latency level", f"{share:.0%} of capacity")
        levels.append(await _stretch(session, session.capacity * share, session.plan.pace.level_seconds))
    after = await calibrate()
    reason = _doubt(levels, before, after)
    slo = session.plan.slo
    return LatencyEvidence(
        levels=tuple(levels),
        calibration_before_p99_ms=before,
        calibration_after_p99_ms=after,
        is_valid=not reason,
        invalid_reason=reason,
        slo_p95_ms=slo.p95_ms if slo else None,
        slo_error_ratio=slo.error_rate if slo else None,
    )


def _doubt(levels: list[LoadSummary], before: float, after: float) -> str:
    """Why the numbers cannot be believed; empty when they can."""
    slip = max(level.slip_p99_ms for level in levels)
    if slip > _MOST_SLIP_MS:
        return f"The prober itself sent up to {slip:.0f} ms late."
    low, high = sorted((max(before, _CALIBRATION_FLOOR_MS), max(after, _CALIBRATION_FLOOR_MS)))
    if high > low * _MOST_DRIFT:
        return f"A server that does nothing answered within {before:.1f} ms before and {after:.1f} ms after."
    return ""


async def calibrate(*, rate: float = 100.0, count: int = 200) -> float:
    """The 99th percentile of latency, in milliseconds, of a server that does nothing, with the same generator.

    It listens on a Unix socket in a folder of the prober's own, so that nothing of ours listens where the candidate
    could connect to.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "null"))
        server = await asyncio.start_unix_server(_answer_nothing, path)
        client = Client(path, 0)

        async def send(_number: int) -> Reply:
            return await client.ask(Request(path="/"))

        try:
            samples = await open_loop(send, rate=rate, count=count)
        finally:
            client.close()
            server.close()
    return quantile(sorted(sample.latency_ms for sample in samples), 0.99) or 0.0


async def _answer_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()
    except (asyncio.IncompleteReadError, OSError):
        pass  # The client is done.
    finally:
        writer.close()


async def probe_overload(session: Session) -> OverloadEvidence:
    """Three times the capacity for a moment: the service may refuse, and must come back (D4)."""
    if not session.capacity:
        msg = "The capacity is not known."
        raise CannotProbeError(msg)
    pace = session.plan.pace
    normal = session.capacity * 0.3
    usual = await _stretch(session, normal, 2.0)
    rate = min(session.capacity * 3, pace.most_rate * 1.5)
    session.timeline.note("overload", f"{rate:.0f}/s")
    burst = await _stretch(session, rate, pace.burst_seconds)
    ended = time.perf_counter()
    most_ms = (usual.p50_ms or 0.0) * 2 + 10.0
    recovered: float | None = None
    while recovered is None and (waited := time.perf_counter() - ended) < pace.recovery_seconds:
        look = await _stretch(session, normal, 0.5)
        is_usual = look.p50_ms is not None and look.p50_ms <= most_ms
        if is_usual and look.good >= look.sent * (1 - _MOST_ERRORS):
            recovered = waited
    session.timeline.note("recovered" if recovered is not None else "not recovered")
    return OverloadEvidence(
        burst=burst,
        is_alive=recovered is not None or await session.is_answering(),
        recovery_seconds=recovered,
        waited_seconds=time.perf_counter() - ended,
    )


async def probe_health(session: Session) -> HealthEvidence:
    """Liveness keeps saying yes while the service works at half its capacity (B7)."""
    routes = session.routes
    base = HealthEvidence(
        live_asked=0,
        live_good=0,
        has_live_route=bool(routes.live),
        has_ready_route=bool(routes.ready),
        has_one_route=bool(routes.ready) and routes.ready == routes.live,
    )
    if not routes.live:
        return base
    rate = (session.capacity or await closed_loop(session.send_row, workers=4, seconds=1.0) or 2.0) * 0.5
    work = asyncio.create_task(_stretch(session, rate, session.plan.pace.step_seconds))
    asked, good = 0, 0
    while not work.done():
        # A liveness probe of Kubernetes gives up after a second.
        good += (await session.get(routes.live, caps=Caps(seconds=1.0), is_fresh=True)).is_good
        asked += 1
        await asyncio.sleep(0.2)
    await work
    return replace(base, live_asked=asked, live_good=good)
