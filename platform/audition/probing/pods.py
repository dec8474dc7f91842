"""The start of a service as its manifests have it: their own probes, a prediction within their own limits.

Probes are asked more often than a kubelet would, and when each began to be answered is written down; at which of its
own times the kubelet would have seen it follows from that (`audition.domain.pod_fate`). So nobody waits for delays.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from http import HTTPStatus

from audition.domain.pod import (
    Pod,
    PodEvidence,
    PodProbe,
    ProbeMeans,
    ProbeSeen,
    Reading,
    ScrapeSeen,
    ScrapeTarget,
    unfit_user,
)
from audition.domain.probe_plan import AskVerb, ProbePlan, Start
from audition.probing.client import Caps, Client, Reply, Request
from audition.probing.exposition import MAX_BYTES, SCRAPE_HEADERS, UnreadableError, read_page
from audition.probing.load import closed_loop
from audition.probing.session import CannotProbeError, Runner, Session
from audition.probing.starting import TABLES, open_ports

_POLL_SECONDS = 0.25
_LONGEST_WAIT_SECONDS = 120.0
#: What comes after the start: load, scrapes, the last questions.
_REST_SECONDS = 20.0
_LOAD_SECONDS = 4.0
_LOAD_WORKERS = 4
_SAMPLE_SECONDS = 0.5
_LONGEST_TIMEOUT_SECONDS = 5.0
_MOST_READINGS = 20
#: As a kubelet calls itself. Source: Kubernetes, pkg/probe/http.
_KUBELET = {"User-Agent": "kube-probe/1.31", "Accept": "*/*"}


async def look_at_pod(pod: Pod, plan: ProbePlan, runner: Runner) -> PodEvidence:
    """Start the service as the pod has it, and look.

    Args:
        pod: What the manifests say.
        plan: A session without probes; requests go to the port that the pod gets them at.
        runner: Who starts it.

    Raises:
        CannotProbeError: It could not be started, which may be ours.
    """
    answer = await runner.ask(AskVerb.START, Start(is_as_manifest=True))
    if answer.trouble:
        raise CannotProbeError(answer.trouble, is_ours=True)
    if refused := unfit_user(pod, answer.user):
        await runner.ask(AskVerb.KILL)
        return PodEvidence(refused=refused)
    serving = replace(plan.serving, port=pod.traffic_port or plan.serving.port)
    session = Session(replace(plan, serving=serving), runner)
    look = _Look(pod, session)
    try:
        await look.wait()
        await look.load()
        return await look.evidence()
    finally:
        look.close()


class _Watch:
    """One question that is asked again and again; keeps where the answer changed."""

    def __init__(self, ask: Callable[[], Awaitable[tuple[str, bool]]]) -> None:
        self._ask = ask
        self.readings: list[Reading] = []
        self.asked = self.good = self.longest_bad = self._bad = 0

    @property
    def is_good(self) -> bool:
        return bool(self.readings) and self.readings[-1].is_good

    async def look(self, began: float) -> None:
        outcome, is_good = await self._ask()
        is_news = not self.readings or self.readings[-1].outcome != outcome
        if is_news and len(self.readings) < _MOST_READINGS:
            seconds = round(time.monotonic() - began, 3)
            self.readings.append(Reading(seconds=seconds, outcome=outcome, is_good=is_good))

    async def count(self) -> None:
        _, is_good = await self._ask()
        self.asked, self.good = self.asked + 1, self.good + is_good
        self._bad = 0 if is_good else self._bad + 1
        self.longest_bad = max(self.longest_bad, self._bad)


class _Look:
    """One start of the pod."""

    def __init__(self, pod: Pod, session: Session) -> None:
        self._pod, self._session = pod, session
        self._began = time.monotonic()
        self._clients = {probe.kind: Client(session.plan.host, probe.port) for probe in pod.probes}
        self._probes = {
            probe.kind: _Watch(partial(self._asked, probe))
            for probe in pod.probes
            if probe.means != ProbeMeans.OTHER
        }
        self._predict = _Watch(self._predicted)
        self._waited = 0.0
        self._memory = 0
        self._cpus: float | None = None
        self._load_asked = self._load_good = 0

    async def wait(self) -> None:
        """Until everything answers, it has ended, or nobody waits any longer."""
        plan = self._session.plan
        most = min(
            plan.serving.startup_seconds, _LONGEST_WAIT_SECONDS, max(1.0, plan.most_seconds - _REST_SECONDS)
        )
        watches = (*self._probes.values(), self._predict)
        looked_at = 0.0
        while (now := time.monotonic() - self._began) < most:
            await asyncio.gather(*(watch.look(self._began) for watch in watches if not watch.is_good))
            if all(watch.is_good for watch in watches):
                break
            if now - looked_at > 1:
                looked_at = now
                if await self._has_ended():
                    break
            await asyncio.sleep(_POLL_SECONDS)
        self._waited = round(time.monotonic() - self._began, 3)

    async def load(self) -> None:
        """Some seconds of predictions, when it gives any, while probes and counters are asked."""
        before, began = await self._used(), time.monotonic()
        until = began + _LOAD_SECONDS
        tasks = [asyncio.create_task(self._count_probes(until)), asyncio.create_task(self._sample(until))]
        if self._predict.is_good:
            await closed_loop(self._send, workers=_LOAD_WORKERS, seconds=_LOAD_SECONDS)
        await asyncio.gather(*tasks)
        after = await self._used()
        if before is not None and after is not None and self._predict.is_good:
            self._cpus = round(max(0.0, after - before) / (time.monotonic() - began), 3)

    async def evidence(self) -> PodEvidence:
        """What there is to say."""
        scrapes = [await self._scraped(target) for target in self._pod.scrapes]
        ports = open_ports(TABLES)
        state = await self._session.runner.ask(AskVerb.STATE)
        return PodEvidence(
            waited_seconds=self._waited,
            probes=tuple(
                ProbeSeen(
                    kind=kind,
                    readings=tuple(watch.readings),
                    asked=watch.asked,
                    good=watch.good,
                    longest_bad=watch.longest_bad,
                )
                for kind, watch in self._probes.items()
            ),
            predict_seconds=next((r.seconds for r in self._predict.readings if r.is_good), None),
            asked=self._load_asked,
            good=self._load_good,
            is_running=state.is_running,
            exit_code=state.exit_code,
            is_out_of_memory=state.is_out_of_memory,
            memory_bytes=self._memory or None,
            cpus=self._cpus,
            listening=ports,
            scrapes=tuple(scrapes),
        )

    def close(self) -> None:
        """Drop the connections."""
        self._session.close()
        for client in self._clients.values():
            client.close()

    async def _has_ended(self) -> bool:
        answer = await self._session.runner.ask(AskVerb.STATE)
        self._see(answer.memory_bytes, answer.peak_memory_bytes)
        return not answer.trouble and not answer.is_running

    async def _used(self) -> float | None:
        answer = await self._session.runner.ask(AskVerb.CPU)
        self._see(answer.memory_bytes, answer.peak_memory_bytes)
        return answer.cpu_seconds

    def _see(self, *sizes: int | None) -> None:
        self._memory = max(self._memory, *(size or 0 for size in sizes))

    async def _sample(self, until: float) -> None:
        while time.monotonic() < until:
            await self._used()
            await asyncio.sleep(_SAMPLE_SECONDS)

    async def _count_probes(self, until: float) -> None:
        while time.monotonic() < until:
            await asyncio.gather(*(watch.count() for watch in self._probes.values()))
            await asyncio.sleep(1.0)

    async def _send(self, number: int) -> Reply:
        reply = await self._session.send_row(number)
        self._load_asked, self._load_good = self._load_asked + 1, self._load_good + reply.is_good
        return reply

    async def _predicted(self) -> tuple[str, bool]:
        predictions = await self._session.predictions([self._session.plan.rows[0]])
        return ("good", True) if predictions is not None else ("none", False)

    async def _asked(self, probe: PodProbe) -> tuple[str, bool]:
        """As a kubelet would ask; anything from 200 to 399 is good."""
        if not probe.port:
            return "no such port", False
        seconds = min(_LONGEST_TIMEOUT_SECONDS, probe.timeout_seconds)
        if probe.means == ProbeMeans.TCP:
            return await _connected(self._session.plan.host, probe.port, seconds)
        request = Request(path=probe.path, headers={**_KUBELET, **probe.headers})
        reply = await self._clients[probe.kind].ask(request, caps=Caps(seconds=seconds), is_fresh=True)
        is_answered = reply.outcome == str(reply.status)
        return reply.outcome, is_answered and HTTPStatus.OK <= reply.status < HTTPStatus.BAD_REQUEST

    async def _scraped(self, target: ScrapeTarget) -> ScrapeSeen:
        caps = Caps(seconds=_LONGEST_TIMEOUT_SECONDS, body_bytes=MAX_BYTES)
        client = Client(self._session.plan.host, target.port, caps)
        reply = await client.ask(Request(path=target.path, headers=SCRAPE_HEADERS), is_fresh=True)
        is_readable = reply.is_good
        try:
            is_readable = is_readable and bool(
                read_page(reply.body, reply.headers.get("content-type", "")).series
            )
        except UnreadableError:
            is_readable = False
        return ScrapeSeen(target=target, outcome=reply.outcome, is_readable=is_readable)


async def _connected(host: str, port: int, seconds: float) -> tuple[str, bool]:
    """Whether somebody listens."""
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return "refused", False
    writer.transport.abort()
    return "connected", True
