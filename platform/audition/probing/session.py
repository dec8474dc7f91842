"""What all probes of one session share: the plan, the clients, the runner, the timeline, seeded chance."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote

from audition.domain.probe import Event
from audition.domain.probe_plan import Answer, AskVerb, Prediction, ProbePlan, Start
from audition.domain.serving import Routes
from audition.probing import payloads
from audition.probing.client import Caps, Client, Reply, Request
from audition.probing.exposition import MAX_BYTES, SCRAPE_HEADERS, Page, UnreadableError, read_page
from audition.probing.payloads import AnyRow

_MAX_EVENTS = 300
_SCRAPE = Caps(seconds=10.0, body_bytes=MAX_BYTES)
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


class CannotProbeError(Exception):
    """A probe has nothing to look at; the message is a sentence.

    Attributes:
        is_ours: Whether the platform is the reason.
    """

    def __init__(self, reason: str, *, is_ours: bool = False) -> None:
        """Keep the reason as the message."""
        super().__init__(reason)
        self.is_ours = is_ours


class Runner(Protocol):
    """Whoever started the service and the prober."""

    async def ask(self, verb: AskVerb, start: Start | None = None) -> Answer:
        """Ask for what only the runner can know or do."""
        ...


@dataclass(slots=True)
class Timeline:
    """What happened when, bounded."""

    clock: Callable[[], float] = time.perf_counter
    began: float = field(default=0.0)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin now."""
        self.began = self.clock()

    def seconds(self) -> float:
        """Since the session began."""
        return self.clock() - self.began

    def note(self, name: str, detail: str = "") -> None:
        """Write something down, unless there is too much already."""
        if len(self.events) < _MAX_EVENTS:
            self.events.append(Event(seconds=round(self.seconds(), 4), name=name, detail=detail[:200]))


class Session:
    """One session with one start of the service."""

    def __init__(self, plan: ProbePlan, runner: Runner) -> None:
        """Connect to nothing yet."""
        self.plan = plan
        self.serving = plan.serving
        self.runner = runner
        self.timeline = Timeline()
        self.chance = random.Random(plan.seed)  # noqa: S311  repeatable on purpose
        self.client = Client(plan.host, plan.serving.port)
        self.metrics = Client(plan.host, plan.metrics_port or plan.serving.port, _SCRAPE)
        self.canaries: list[str] = []
        self.capacity: float | None = None
        self.is_gone = False

    @property
    def routes(self) -> Routes:
        """Routes of the service, with the model's name in them."""
        routes, path = self.serving.routes, self.serving.path
        return Routes(
            live=path(routes.live),
            ready=path(routes.ready),
            predict=path(routes.predict),
            metadata=path(routes.metadata),
            openapi=path(routes.openapi),
        )

    def prediction(self, rows: Sequence[AnyRow]) -> Request:
        """The request for some rows."""
        body = payloads.body_of(self.serving.payload, rows)
        return Request(path=self.routes.predict, method="POST", body=body.data, headers=body.headers)

    async def predict(self, rows: Sequence[AnyRow], *, caps: Caps | None = None) -> Reply:
        """Ask for predictions of some rows."""
        return await self.client.ask(self.prediction(rows), caps=caps)

    async def predictions(self, rows: Sequence[AnyRow]) -> tuple[Prediction, ...] | None:
        """Predictions of some rows, however they must be sent; None when one request was not answered well."""
        if not self.serving.accepts_batch and len(rows) > 1:
            found = [await self.predictions([row]) for row in rows]
            return None if any(one is None for one in found) else tuple(one[0] for one in found if one)
        reply = await self.predict(rows)
        if not reply.is_good:
            return None
        try:
            return payloads.read_answer(self.serving.payload, reply.body, len(rows)).predictions
        except payloads.UnreadableError:
            return None

    async def send_row(self, number: int) -> Reply:
        """Ask for one row of the plan, by a number that may be any; what load is made of."""
        return await self.predict([self.plan.rows[number % len(self.plan.rows)]])

    async def get(self, path: str, *, caps: Caps | None = None, is_fresh: bool = False) -> Reply:
        """Ask a route."""
        return await self.client.ask(Request(path=path), caps=caps, is_fresh=is_fresh)

    async def scrape_reply(self, *, is_fresh: bool = False) -> Reply:
        """Ask for the metrics page as Prometheus does.

        Raises:
            CannotProbeError: The contract has no metrics.
        """
        if not self.plan.metrics_path:
            msg = "The contract names no metrics page."
            raise CannotProbeError(msg)
        request = Request(path=self.plan.metrics_path, headers=SCRAPE_HEADERS)
        return await self.metrics.ask(request, is_fresh=is_fresh)

    async def scrape(self, *, is_fresh: bool = False) -> Page:
        """Ask for the metrics page and read it.

        Raises:
            CannotProbeError: There is no page that can be read.
        """
        reply = await self.scrape_reply(is_fresh=is_fresh)
        if not reply.is_good:
            raise CannotProbeError(
                f"The metrics page {self.plan.metrics_path} does not answer ({reply.outcome})."
            )
        try:
            return read_page(reply.body, reply.headers.get("content-type", ""))
        except UnreadableError as error:
            raise CannotProbeError(str(error)) from None

    def some_rows(self, count: int) -> list[AnyRow]:
        """Rows of the plan, drawn without replacement; fewer when there are fewer."""
        return list(self.chance.sample(list(self.plan.rows), min(count, len(self.plan.rows))))

    def canary(self) -> str:
        """A value that nobody else would write, noted so that logs can be searched for it."""
        word = "".join(self.chance.choices(_LETTERS, k=16))
        self.canaries.append(word)
        return word

    def odd_path(self) -> str:
        """A path that nobody asked for before."""
        return "/" + quote("".join(self.chance.choices(_LETTERS, k=12)))

    async def is_answering(self) -> bool:
        """Whether a good request gets a good answer, now or a moment later."""
        for _ in range(5):
            if (await self.predict([self.plan.rows[0]], caps=Caps(seconds=5.0))).is_good:
                return True
            await asyncio.sleep(0.3)
        return False

    def close(self) -> None:
        """Drop the connections."""
        self.client.close()
        self.metrics.close()
