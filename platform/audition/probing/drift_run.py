"""One run of the drift protocol: a fresh service, rows at a constant rate, a scrape after every so many requests.

Theory of operation. Requests leave on a schedule, in blocks of `scrape_every_requests`. After a block its answers
are waited for and the metrics are read while nothing is in flight, so that a scrape stands for an exact number of
requests; the schedule goes on when the page was read. At the end of a phase comes the wait for what is computed in
the background, then the scrape. All phases use the same client, headers and connections.
"""

import asyncio
import random
from dataclasses import dataclass, field

from audition.domain.drift import MAX_BYTES, DriftRun, PhaseSpan
from audition.domain.drift_plan import DriftPlan, Phase, PlannedRun
from audition.domain.drift_traffic import DriftTraffic
from audition.domain.drift_validity import MAX_ERROR_RATE
from audition.domain.probe_plan import AskVerb, Row
from audition.probing.client import Reply
from audition.probing.drift_scrapes import Recorder
from audition.probing.load import Sample, open_loop, quantile
from audition.probing.session import CannotProbeError, Session
from audition.probing.sink import Sink
from audition.probing.starting import probe_start

#: With three processes and the traffic at one of them, so many scrapes in a row tell no tale in one of 1,700 runs.
_REST_SCRAPES = 20
_SERVER_ERROR = 500
#: Without so many scrapes in a row there is nothing to go by.
_MOST_LOST = 3
#: What is in the document besides the tables of its runs.
_OTHER_BYTES = 1 << 20


class UnusableRunError(Exception):
    """A run ended before its end; the message is a sentence.

    Attributes:
        is_ours: Whether the platform is the reason.
    """

    def __init__(self, reason: str, *, is_ours: bool = False) -> None:
        """Keep the reason as the message."""
        super().__init__(reason)
        self.is_ours = is_ours


def draw_rows(traffic: DriftTraffic, plan: DriftPlan, run: PlannedRun) -> list[Row]:
    """The rows of a run, one for each request: the same plan and run give the same rows.

    Drawn without replacement while there are enough; only those of the test phase drift.
    """
    chance = random.Random(f"{run.seed} rows")  # noqa: S311  repeatable on purpose
    lengths = plan.phases_of(run)
    total, count = sum(lengths.values()), len(traffic.rows)
    numbers = chance.sample(range(count), total) if total <= count else chance.choices(range(count), k=total)
    drifted = traffic.drifted_rows(run)
    rows: list[Row] = []
    for phase, length in lengths.items():
        for number in numbers[len(rows) : len(rows) + length]:
            drifts = phase == Phase.TEST and drifted is not None
            rows.append(traffic.drifted_row(drifted, number) if drifts and drifted else traffic.row(number))
    return rows


def due_times(run: PlannedRun, count: int, chance: random.Random) -> list[float]:
    """When the requests of a block are due, in seconds from its begin: evenly, or with drawn gaps of the same mean."""
    even = [number / run.rate_per_second for number in range(count)]
    if not run.is_timing_shuffled:
        return even
    times = [0.0]
    for _ in range(count - 1):
        times.append(times[-1] + chance.expovariate(run.rate_per_second))
    # Of the same length as an even block, so that rate and duration do not differ from other placebos.
    scale = even[-1] / times[-1] if times[-1] else 1.0
    return [time * scale for time in times]


@dataclass(slots=True)
class _Sent:
    """What became of the requests."""

    answered: int = 0
    failed: int = 0
    slips_ms: list[float] = field(default_factory=list)

    def add(self, samples: list[Sample]) -> None:
        for sample in samples:
            is_failed = sample.reply != "good" and not _is_refusal(sample.reply)
            self.failed += is_failed
            self.answered += not is_failed
            self.slips_ms.append(sample.slip_ms)


def _is_refusal(outcome: str) -> bool:
    """Whether the service answered that it does not want the request, which is an answer."""
    return outcome.isdigit() and int(outcome) < _SERVER_ERROR


class RunInProgress:
    """One run on its way."""

    def __init__(  # noqa: PLR0913  a run and everything it works with
        self,
        session: Session,
        plan: DriftPlan,
        run: PlannedRun,
        rows: list[Row],
        recorder: Recorder,
        sink: Sink | None = None,
    ) -> None:
        """Nothing was sent yet; `sink` is where the service posts when it wants a new training."""
        self._sink = sink
        self._session = session
        self._plan = plan
        self._run = run
        self._rows = rows
        self._recorder = recorder
        self._chance = random.Random(f"{run.seed} times")  # noqa: S311  repeatable on purpose
        self._sent = _Sent()
        self._requests = 0
        self._lost = 0
        self._memory: list[int | None] = []
        self._began = 0.0

    async def do(self, repeat: int) -> DriftRun:
        """Start the service and send everything.

        Raises:
            UnusableRunError: There is no service to send to, it fails too often, its metrics cannot be read, or they
                are sharded.
        """
        if self._sink is not None:
            self._sink.reset()
        await self._start()
        self._began = self._session.timeline.seconds()
        await self._scrape()
        spans = []
        for phase, length in self._plan.phases_of(self._run).items():
            first = self._requests
            await self._phase(length)
            spans.append(PhaseSpan(phase=phase, first=first, end=self._requests))
            if phase == Phase.WARM_UP:
                await self._rest()
        state = await self._session.runner.ask(AskVerb.STATE)
        table, rest = self._recorder.tables((MAX_BYTES - _OTHER_BYTES) // len(self._plan.runs))
        return DriftRun(
            plan=self._run,
            spans=tuple(spans),
            scrapes=table,
            rest=rest,
            answered=self._sent.answered,
            failed=self._sent.failed,
            slip_p99_ms=round(quantile(sorted(self._sent.slips_ms), 0.99) or 0.0, 3),
            memory_bytes=tuple(self._memory),
            triggers=tuple(self._sink.calls) if self._sink is not None else None,
            restarts=self._recorder.restarts + (not state.trouble and not state.is_running),
            repeat=repeat,
        )

    async def _start(self) -> None:
        answer = await self._session.runner.ask(AskVerb.START)
        if answer.trouble:
            reason = f"The service was not started. {answer.trouble}"[:300]
            raise UnusableRunError(reason, is_ours=True)
        start = await probe_start(self._session)
        if start.predict_seconds is None:
            raise UnusableRunError(f"The service gave no prediction within {start.waited_seconds:.0f} s.")

    async def _phase(self, length: int) -> None:
        end = self._requests + length
        while self._requests < end:
            count = min(self._plan.scrape_every_requests, end - self._requests)
            await self._block(count)
            if self._requests == end and self._plan.settle_seconds:
                await asyncio.sleep(self._plan.settle_seconds)
            await self._scrape()

    async def _block(self, count: int) -> None:
        rows = self._rows[self._requests : self._requests + count]
        dues = due_times(self._run, count, self._chance)
        if self._sink is not None:
            self._sink.sent = self._requests + count

        async def send(number: int) -> Reply:
            return await self._session.predict([rows[number]])

        self._sent.add(await open_loop(send, rate=self._run.rate_per_second, count=count, dues=dues))
        self._requests += count
        planned = sum(self._plan.phases_of(self._run).values())
        if self._sent.failed > MAX_ERROR_RATE * planned:
            # Nothing that follows can make it a valid one, and each request may take as long as a client waits.
            raise UnusableRunError(f"{self._sent.failed:,} of {self._requests:,} requests failed.")

    async def _scrape(self) -> None:
        try:
            page = await self._session.scrape()
        except CannotProbeError as error:
            self._lost += 1
            if self._lost >= _MOST_LOST or not self._requests:
                raise UnusableRunError(str(error)[:300], is_ours=error.is_ours) from None
            return
        self._lost = 0
        self._recorder.take(page, self._requests, self._seconds())
        state = await self._session.runner.ask(AskVerb.STATE)
        self._memory.append(state.memory_bytes)

    async def _rest(self) -> None:
        """Scrapes in a row, each on a connection of its own, so that every worker process gets its turn."""
        for _ in range(_REST_SCRAPES):
            try:
                page = await self._session.scrape(is_fresh=True)
            except CannotProbeError as error:
                raise UnusableRunError(str(error)[:300], is_ours=error.is_ours) from None
            self._recorder.take_rest(page, self._requests, self._seconds())
        if reason := self._recorder.sharded():
            raise UnusableRunError(reason)

    def _seconds(self) -> float:
        return round(self._session.timeline.seconds() - self._began, 4)
