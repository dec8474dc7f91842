"""The probe of SIGTERM while requests are in flight (B4). It ends the service, so it comes last."""

import asyncio
import time
from collections import Counter

from audition.domain.probe import StopEvidence
from audition.domain.probe_api import Failure
from audition.domain.probe_plan import Answer, AskVerb
from audition.probing.client import Caps
from audition.probing.payloads import AnyRow
from audition.probing.session import CannotProbeError, Session

_BATCH = 200
_ONE_SECONDS = 0.1
#: Services have limits on bodies; below this one they seldom bite.
_MOST_BYTES = 256 << 10
_WORK_SECONDS = 1.5
_MOST = 64
_LEAST = 4
#: A host that stalls once makes a request look slow; the fastest of so many says what one takes.
_TIMES = 3
#: Requests of equal size that share the processor would all be answered at the same moment.
_SMALLEST_SHARE = 0.25
_POLL_SECONDS = 0.1
_POLL = Caps(seconds=1.0, body_bytes=64 << 10)


async def probe_stop(session: Session) -> StopEvidence:
    """Send about a second of work, ask for the signal at the first answer, and watch what becomes of both."""
    grace = session.serving.grace_seconds
    batch, one = await _batch(session)
    count = max(_LEAST, min(_MOST, round(_WORK_SECONDS / one)))
    caps = Caps(seconds=grace + 10.0)
    session.client.close()  # Connections that a stopping server may end while they are idle must not be used again.
    flight = [asyncio.create_task(session.predict(rows, caps=caps)) for rows in _staggered(batch, count)]
    # The first answer shows that the service is in the middle of it, and has long accepted the others.
    await asyncio.wait(flight, return_when=asyncio.FIRST_COMPLETED)
    answer = await session.runner.ask(AskVerb.TERMINATE)
    if answer.trouble:
        raise CannotProbeError(f"The signal was not sent. {answer.trouble}", is_ours=True)
    session.timeline.note("SIGTERM")
    in_flight = [task for task in flight if not task.done()]
    end = asyncio.create_task(session.runner.ask(AskVerb.EXIT))
    refused = await _watch_refusal(session, end, grace)
    exit_answer = await end
    replies = await asyncio.gather(*in_flight)
    session.timeline.note("ended", f"exit code {exit_answer.exit_code}")
    return StopEvidence(
        in_flight=len(replies),
        answered=sum(reply.is_good for reply in replies),
        refused_after=refused,
        exit_code=exit_answer.exit_code,
        exit_seconds=exit_answer.exit_seconds,
        grace_seconds=grace,
        in_flight_failures=dict(
            Counter(reply.outcome for reply in replies if not reply.is_good).most_common(10)
        ),
    )


async def _batch(session: Session) -> tuple[list[AnyRow], float]:
    """Rows for one request that takes a while, and how long it takes, in seconds."""
    rows: list[AnyRow] = list(session.plan.rows[:_BATCH]) if session.serving.accepts_batch else []
    rows = rows or [session.plan.rows[0]]
    seconds = await _fastest(session, rows)
    if not session.serving.accepts_batch or seconds is None:
        return [session.plan.rows[0]], seconds or 0.001
    each = len(session.prediction(rows).body) / len(rows)
    wanted = len(rows) * _ONE_SECONDS / seconds
    more = max(1, min(round(wanted), int(_MOST_BYTES / each)))
    larger = [rows[number % len(rows)] for number in range(more)]
    seconds = await _fastest(session, larger)
    return (larger, seconds) if seconds is not None else (rows[:1], 0.001)


async def _fastest(session: Session, rows: list[AnyRow]) -> float | None:
    """Seconds of the fastest of a few such requests; None if the first of them is not answered well."""
    fastest = None
    for _ in range(_TIMES):
        reply = await session.predict(rows)
        if not reply.is_good:
            break
        fastest = min(fastest or reply.seconds, max(0.001, reply.seconds))
        if reply.seconds > _WORK_SECONDS:
            break
    return fastest


def _staggered(batch: list[AnyRow], count: int) -> list[list[AnyRow]]:
    """So many requests, from a quarter of the batch to all of it: their answers come one after another."""
    shares = (_SMALLEST_SHARE + (1 - _SMALLEST_SHARE) * number / (count - 1) for number in range(count))
    return [batch[: max(1, round(len(batch) * share))] for share in shares]


async def _watch_refusal(session: Session, end: asyncio.Task[Answer], grace: float) -> bool:
    """Whether new connections were refused, or readiness said no, soon after the signal."""
    route = session.routes.ready or session.routes.live
    until = time.perf_counter() + grace + 10.0
    while time.perf_counter() < until:
        reply = await session.get(route or session.routes.predict, caps=_POLL, is_fresh=True)
        if reply.failure is Failure.REFUSED or (route and reply.status and not reply.is_good):
            return True
        if end.done():
            break
        await asyncio.sleep(_POLL_SECONDS)
    # It ended before anything could be refused: nothing was accepted and lost either.
    last = await session.get(route or session.routes.predict, caps=_POLL, is_fresh=True)
    return last.failure is Failure.REFUSED
