"""Open-loop traffic: requests leave on a schedule of their own, however long answers take.

Theory of operation. A closed loop waits for the answer before it sends again, so a server that stalls is asked
less, and the stall hardly shows in the percentiles (coordinated omission). Here request `i` is due at `i / rate`;
latency counts from then, not from when it was really sent. How late the prober sent is recorded as slip: with a
large slip the prober, not the service, was the slow one, and the numbers must not be used.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from audition.domain.probe_api import Failure
from audition.domain.probe_load import LATENCY_BOUNDS_MS, LoadSummary
from audition.probing.client import Reply

Send = Callable[[int], Awaitable[Reply]]
#: Requests that may wait for answers at once; it bounds the prober's memory and its open files.
MOST_WAITING = 256
_SERIES_SECONDS = 0.5
_MAX_SERIES = 240
_PART = 3


@dataclass(frozen=True, slots=True)
class Sample:
    """One request; times in seconds since the load began."""

    due: float
    sent: float
    done: float
    reply: str
    """"good", or what it ended in."""

    @property
    def latency_ms(self) -> float:
        """From when it was due."""
        return (self.done - self.due) * 1000

    @property
    def slip_ms(self) -> float:
        """How late it was sent."""
        return (self.sent - self.due) * 1000


async def open_loop(
    send: Send,
    *,
    rate: float,
    count: int,
    most_waiting: int = MOST_WAITING,
    dues: Sequence[float] | None = None,
) -> list[Sample]:
    """Send requests at a constant rate and wait for all answers.

    Args:
        send: Sends the request of a number and returns its reply; it must end by itself.
        rate: Requests per second.
        count: How many.
        most_waiting: Beyond it a request is not sent, which counts as a failure of the service.
        dues: When each is due, in seconds from now and in order, instead of at the constant rate.
    """
    samples: list[Sample] = []
    waiting: set[asyncio.Task[None]] = set()
    began = time.perf_counter()

    async def one(number: int, due: float) -> None:
        sent = time.perf_counter() - began
        reply = await send(number)
        done = time.perf_counter() - began
        samples.append(Sample(due, sent, done, "good" if reply.is_good else reply.outcome))

    try:
        for number in range(count):
            due = dues[number] if dues is not None else number / rate
            await asyncio.sleep(max(0.0, began + due - time.perf_counter()))
            if len(waiting) >= most_waiting:
                now = time.perf_counter() - began
                samples.append(Sample(due, now, now, Failure.NOT_SENT.value))
                continue
            task = asyncio.create_task(one(number, due))
            waiting.add(task)
            task.add_done_callback(waiting.discard)
        if waiting:
            await asyncio.gather(*waiting)
    finally:
        for task in waiting:
            task.cancel()  # Nobody waits for them any more when the time of the probe was over.
    return samples


async def closed_loop(send: Send, *, workers: int, seconds: float) -> float:
    """Good answers per second when every worker sends again as soon as it was answered: a first guess only."""
    began = time.perf_counter()
    good = 0

    async def work(first: int) -> None:
        nonlocal good
        number = first
        while time.perf_counter() - began < seconds:
            reply = await send(number)
            good += reply.is_good
            number += workers
            if not reply.is_good:
                await asyncio.sleep(
                    0.01
                )  # A service that refuses at once must not turn this into a busy loop.

    await asyncio.gather(*(work(number) for number in range(workers)))
    return good / (time.perf_counter() - began)


def summarize(samples: list[Sample], rate: float) -> LoadSummary:
    """What a stretch of traffic met."""
    good = sorted((s for s in samples if s.reply == "good"), key=lambda sample: sample.due)
    latencies = sorted(sample.latency_ms for sample in good)
    slips = sorted(sample.slip_ms for sample in samples if sample.reply != Failure.NOT_SENT.value)
    failures = Counter(sample.reply for sample in samples if sample.reply != "good")
    third = len(good) // _PART
    return LoadSummary(
        rate_per_second=rate,
        seconds=max((sample.done for sample in samples), default=0.0),
        sent=len(samples),
        good=len(good),
        failures=dict(failures.most_common(20)),
        p50_ms=quantile(latencies, 0.5),
        p95_ms=quantile(latencies, 0.95),
        p99_ms=quantile(latencies, 0.99),
        max_ms=latencies[-1] if latencies else None,
        slip_p99_ms=quantile(slips, 0.99) or 0.0,
        slip_max_ms=slips[-1] if slips else 0.0,
        early_p50_ms=quantile(sorted(s.latency_ms for s in good[:third]), 0.5),
        late_p50_ms=quantile(sorted(s.latency_ms for s in good[-third:] if third), 0.5),
        histogram=_histogram(latencies),
        series=_series(good),
    )


def quantile(ordered: list[float], share: float) -> float | None:
    """The nearest rank of sorted values; None when there are none."""
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _histogram(latencies: list[float]) -> tuple[int, ...]:
    counts = [0] * (len(LATENCY_BOUNDS_MS) + 1)
    for latency in latencies:
        place = next(
            (n for n, bound in enumerate(LATENCY_BOUNDS_MS) if latency <= bound), len(LATENCY_BOUNDS_MS)
        )
        counts[place] += 1
    return tuple(counts)


def _series(good: list[Sample]) -> tuple[int, ...]:
    bins = Counter(int(sample.done / _SERIES_SECONDS) for sample in good)
    return tuple(bins.get(n, 0) for n in range(min(max(bins, default=-1) + 1, _MAX_SERIES)))
