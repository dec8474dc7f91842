"""Try the candidate's alert rules on the running service: do they fire when they should, and only then (E7)?

The service is given a quiet time and then trouble of every kind that we can make, while a real Prometheus scrapes it
and evaluates the rules in compressed time. What fired when is evidence; nothing is judged here.
"""

import asyncio
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from audition.domain.alerting import (
    SLOW_FACTOR,
    AlertingEvidence,
    AlertRule,
    Situation,
    Stretch,
    TriedRule,
    time_threshold,
)
from audition.domain.probe import NO_RULES, UNTRIED_RULES
from audition.domain.probe_plan import AskVerb
from audition.probing.client import Caps, Reply, Request
from audition.probing.compress import cannot_compress, longest_range_seconds
from audition.probing.evaluator import Evaluator
from audition.probing.load import open_loop
from audition.probing.prometheus_files import OURS, Recorded, Target
from audition.probing.promtool import HOME, EvaluatorError
from audition.probing.session import CannotProbeError, Session

#: Intervals of scraping, each with the longest scrape for which it is used.
_INTERVALS = ((0.5, 0.2), (1.0, 0.5))
_MOST_NEEDED_SECONDS = 30.0
_LEAST_STRETCH, _BEYOND_SECONDS = 8.0, 6.0
#: The server takes five seconds to its first scrape. Source: Prometheus 2.42, discovery/manager.go.
_WARM_SECONDS = 7.0
_MOST_RATE, _SHARE_OF_RATE = 10.0, 0.3
_MOST_WAITING = 32
#: A pulse, and the time for a scrape after it.
_PULSE_SECONDS, _BETWEEN_PULSES = 1.5, 0.7
_BATCHES = (1, 5, 25, 100)
#: What is left of a processor in a pulse; see `AskVerb.SLOW`.
_SLOW_CPUS = 0.01
_LONGEST_THRESHOLD, _USUAL_SLOW = 1.0, 0.3
_LONG = Caps(seconds=20.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long and how fast the trial is; made by `pace_of`."""

    interval_seconds: float
    factor: float
    stretch_seconds: float
    rate_per_second: float
    slow_seconds: float
    """How long an answer has to take to be slow."""


async def probe_alerting(session: Session, rules: Sequence[AlertRule], home: Path = HOME) -> AlertingEvidence:
    """Evaluate rules against the service of a session, which must be running; it is killed at the end.

    Args:
        session: With a service that answers.
        rules: The candidate's, alerts and records.
        home: Where the programs of Prometheus are.

    Raises:
        CannotProbeError: There is nothing to try, or the server could not do its work.
    """
    pace, tried = await _prepare(session, rules)
    usable = [rule for rule in rules if not rule.is_alert or _untried(rule) == ""]
    target = Target(
        host=session.plan.host,
        port=session.plan.metrics_port or session.serving.port,
        path=session.plan.metrics_path,
        interval_seconds=pace.interval_seconds,
        factor=pace.factor,
    )
    evaluator = Evaluator(target, usable, home)
    try:
        version = await evaluator.version()
        await evaluator.start()
        stretches = await _Trial(session, evaluator, pace).run()
        found = await evaluator.stop()
    except EvaluatorError as error:
        raise CannotProbeError(str(error), is_ours=True) from None
    finally:
        await evaluator.close()
    return _evidence(version, pace, stretches, _with_firings(tried, usable, found), found)


async def _prepare(session: Session, rules: Sequence[AlertRule]) -> tuple[Pace, tuple[TriedRule, ...]]:
    if not any(rule.is_alert for rule in rules):
        raise CannotProbeError(NO_RULES)
    interval = _interval(await _scrape_seconds(session))
    factor = max(1.0, session.plan.scrape_interval_seconds / interval)
    tried = tuple(_tried(rule, rules, factor) for rule in rules if rule.is_alert)
    needed = [item.needs_seconds for item in tried if not item.untried]
    if not needed:
        msg = f"{UNTRIED_RULES}{tried[0].rule.name}: {tried[0].untried}."
        raise CannotProbeError(msg, is_ours=True)
    return Pace(
        interval_seconds=interval,
        factor=factor,
        stretch_seconds=max(_LEAST_STRETCH, max(needed) + _BEYOND_SECONDS),
        rate_per_second=await _easy_rate(session),
        slow_seconds=_slow_seconds(tried),
    ), tried


async def _scrape_seconds(session: Session) -> float:
    """The longest of some scrapes."""
    replies = [await session.scrape_reply() for _ in range(5)]
    if not all(reply.is_good for reply in replies):
        msg = f"The metrics page {session.plan.metrics_path} does not answer."
        raise CannotProbeError(msg)
    return max(reply.seconds for reply in replies)


def _interval(scrape_seconds: float) -> float:
    found = next((interval for interval, most in _INTERVALS if scrape_seconds <= most), None)
    if found is None:
        msg = f"A scrape takes {scrape_seconds:.1f} s: too long for one each second."
        raise CannotProbeError(msg)
    return found


async def _easy_rate(session: Session) -> float:
    """Requests a second that leave the service idle most of the time."""
    replies = [await session.send_row(number) for number in range(10)]
    return min(_MOST_RATE, _SHARE_OF_RATE / max(0.001, statistics.median(reply.seconds for reply in replies)))


def _slow_seconds(tried: Sequence[TriedRule]) -> float:
    """How long answers have to take: longer than every threshold of an alert that looks at times."""
    thresholds = [found for item in tried if (found := time_threshold(item)) is not None]
    return max(
        (value * SLOW_FACTOR for value in thresholds if value <= _LONGEST_THRESHOLD), default=_USUAL_SLOW
    )


async def _large_request(session: Session, slow_seconds: float) -> Request:
    """The smallest batch that takes so long with hardly any processor; the largest when none does."""
    rows = session.plan.rows
    sizes = _BATCHES if session.serving.accepts_batch else _BATCHES[:1]
    request = session.prediction([rows[0]])
    for size in sizes:
        request = session.prediction([rows[number % len(rows)] for number in range(size)])
        replies = [await session.client.ask(request) for _ in range(3)]
        if statistics.median(reply.seconds for reply in replies) >= slow_seconds * _SLOW_CPUS:
            break
    return request


def _tried(rule: AlertRule, rules: Sequence[AlertRule], factor: float) -> TriedRule:
    looked_at = [other for other in rules if not other.is_alert and other.name in rule.expression]
    span = max(longest_range_seconds(each.expression) for each in (rule, *looked_at))
    needs = (span + rule.for_seconds) / factor
    why = _untried(rule) or next((words for each in looked_at if (words := _untried(each))), "")
    if not why and needs > _MOST_NEEDED_SECONDS:
        most = _MOST_NEEDED_SECONDS * factor / 60
        why = f"it needs {(span + rule.for_seconds) / 60:.0f} minutes of trouble; {most:.0f} are made"
    records = tuple(each.expression for each in looked_at)
    return TriedRule(
        rule=rule,
        records=records,
        range_seconds=round(span / factor, 3),
        needs_seconds=round(needs, 3),
        untried=why,
    )


def _untried(rule: AlertRule) -> str:
    if not rule.is_alert and OURS.fullmatch(rule.name):
        return "it records a series that only Prometheus makes"
    return cannot_compress(rule.expression)


class _Trial:
    """The situations, one after the other."""

    def __init__(self, session: Session, evaluator: Evaluator, pace: Pace) -> None:
        self._session = session
        self._evaluator = evaluator
        self._pace = pace
        self._replies: list[Reply] = []
        self._stretches: list[Stretch] = []
        self._large = self._good(0)

    async def run(self) -> tuple[Stretch, ...]:
        await self._good_requests(_WARM_SECONDS)
        with self._stretch(Situation.QUIET):
            await self._good_requests(self._pace.stretch_seconds)
        self._large = await _large_request(self._session, self._pace.slow_seconds)
        with self._stretch(Situation.SLOW):
            await self._slow()
        with self._stretch(Situation.ERRORS):
            await self._errors()
        with self._stretch(Situation.DOWN):
            await self._session.runner.ask(AskVerb.KILL)
            await asyncio.sleep(self._pace.stretch_seconds)
        return tuple(self._stretches)

    @contextmanager
    def _stretch(self, situation: Situation) -> Iterator[None]:
        began, self._replies = self._evaluator.seconds(), []
        self._session.timeline.note("alerting", situation.value)
        yield
        answered = [reply.seconds for reply in self._replies if reply.status]
        self._stretches.append(
            Stretch(
                situation=situation,
                from_seconds=round(began, 3),
                to_seconds=round(self._evaluator.seconds(), 3),
                good=sum(reply.is_good for reply in self._replies),
                refused=sum(reply.status // 100 == 4 for reply in self._replies),  # noqa: PLR2004
                broken=sum(reply.status // 100 == 5 for reply in self._replies),  # noqa: PLR2004
                lost=sum(not reply.status for reply in self._replies),
                median_seconds=round(statistics.median(answered), 4) if answered else None,
            )
        )

    async def _send(self, request: Request, caps: Caps | None = None) -> Reply:
        reply = await self._session.client.ask(request, caps=caps)
        self._replies.append(reply)
        return reply

    def _good(self, number: int) -> Request:
        rows = self._session.plan.rows
        return self._session.prediction([rows[number % len(rows)]])

    async def _good_requests(self, seconds: float) -> None:
        rate = self._pace.rate_per_second
        count = max(1, round(rate * seconds))
        await open_loop(
            lambda n: self._send(self._good(n)), rate=rate, count=count, most_waiting=_MOST_WAITING
        )

    async def _errors(self) -> None:
        """Every second request has a body that is no document."""
        rate = self._pace.rate_per_second
        count = max(1, round(rate * self._pace.stretch_seconds))

        async def send(number: int) -> Reply:
            good = self._good(number)
            return await self._send(replace(good, body=b'{"broken": ') if number % 2 else good)

        await open_loop(send, rate=rate, count=count, most_waiting=_MOST_WAITING)

    async def _slow(self) -> None:
        """Pulses without a processor, in which one request after the other is worked at; between them comes a scrape.

        One at a time, for what waits in a queue is not slow by the service's own clock.
        """
        until = time.monotonic() + self._pace.stretch_seconds
        while time.monotonic() < until:
            await self._ask(AskVerb.SLOW)
            ends_at = time.monotonic() + _PULSE_SECONDS
            sent: asyncio.Task[Reply] | None = None
            try:
                while (left := ends_at - time.monotonic()) > 0:
                    sent = asyncio.create_task(self._send(self._large, _LONG))
                    await asyncio.wait([sent], timeout=left)
            finally:
                await self._ask(AskVerb.FAST)
            if sent is not None:
                await sent
            await asyncio.sleep(_BETWEEN_PULSES)

    async def _ask(self, verb: AskVerb) -> None:
        answer = await self._session.runner.ask(verb)
        if answer.trouble:
            raise CannotProbeError(f"The service could not be slowed down: {answer.trouble}", is_ours=True)


def _with_firings(
    tried: tuple[TriedRule, ...], usable: Sequence[AlertRule], found: Recorded
) -> tuple[TriedRule, ...]:
    places = {id(rule): place for place, rule in enumerate(usable)}
    return tuple(item if item.untried else _as_found(item, places[id(item.rule)], found) for item in tried)


def _as_found(item: TriedRule, place: int, found: Recorded) -> TriedRule:
    if place in found.refused:
        return replace(item, untried="Prometheus cannot load it")
    return replace(item, firings=found.firings.get(place, ()))


def _evidence(
    version: str, pace: Pace, stretches: tuple[Stretch, ...], rules: tuple[TriedRule, ...], found: Recorded
) -> AlertingEvidence:
    quiet = stretches[0]
    scrapes = [good for at, good in found.scrapes if quiet.from_seconds <= at <= quiet.to_seconds]
    return AlertingEvidence(
        version=version,
        factor=pace.factor,
        interval_seconds=pace.interval_seconds,
        stretches=stretches,
        rules=rules,
        scrapes=len(scrapes),
        failed_scrapes=sum(not good for good in scrapes),
    )
