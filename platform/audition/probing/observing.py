"""Probes of the metrics page: exposition, golden signals, sharding, cardinality (E1 to E4)."""

import asyncio
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from audition.domain.probe_metrics import (
    CardinalityEvidence,
    ExpositionEvidence,
    ShardingEvidence,
    SignalSeen,
    SignalsEvidence,
)
from audition.probing.client import Reply, Request
from audition.probing.exposition import Page, Series, UnreadableError, own_families, read_page
from audition.probing.linting import linted
from audition.probing.session import Session

_GOOD, _BAD = 100, 20
#: Which of several workers answers is the kernel's choice, and on a busy host it likes to choose the same again.
_SCRAPES = 24
_UNIQUE = 200
_IDLE_SECONDS = 1.0


async def probe_exposition(session: Session) -> ExpositionEvidence:
    """The page is there and parses as its content type says (E1)."""
    await session.predict(session.some_rows(1))
    reply = await session.scrape_reply()
    kind = reply.headers.get("content-type", "")
    page, trouble = None, f"The page does not answer ({reply.outcome})."
    if reply.is_good:
        try:
            page, trouble = read_page(reply.body, kind), ""
        except UnreadableError as error:
            trouble = str(error)
    return ExpositionEvidence(
        path=session.plan.metrics_path,
        status=reply.status,
        failure=reply.failure,
        content_type=kind[:120],
        is_parsed=page is not None and bool(page.families),
        trouble=trouble if page is None or page.families else "The page is empty.",
        families=len(page.families) if page else 0,
        series=len(page.series) if page else 0,
        names=page.names if page else (),
        lint=await linted(session, page) if page else (),
        own=tuple(own_families(page)) if page else (),
    )


@dataclass(frozen=True, slots=True)
class _Moves:
    """By how much counting series grew, what they grow by themselves taken off."""

    pages: tuple[Page, Page, Page]
    """At the start, after an idle moment, and after the traffic."""
    ratio: float
    """Length of the traffic over that of the idle moment."""

    def of(self) -> list[tuple[Series, float]]:
        start, idle, end = (page.values() for page in self.pages)
        moves = []
        for series in self.pages[2].series:
            if not series.is_counting or series.is_library:
                continue
            by_itself = (idle.get(series.key, 0.0) - start.get(series.key, 0.0)) * self.ratio
            moves.append((series, end[series.key] - idle.get(series.key, 0.0) - by_itself))
        return moves


async def probe_signals(session: Session) -> SignalsEvidence:
    """Counters move by exactly the traffic that was sent (E2)."""
    start = await session.scrape()
    began = session.timeline.seconds()
    await asyncio.sleep(_IDLE_SECONDS)
    idle = await session.scrape()
    idled = session.timeline.seconds() - began
    began = session.timeline.seconds()
    replies = [await session.client.ask(request) for request in _mixed(session)]
    end = await session.scrape()
    took = session.timeline.seconds() - began
    good = sum(reply.is_good for reply in replies)
    bad = sum(not reply.is_good and reply.status > 0 for reply in replies)
    seconds = sum(reply.seconds for reply in replies if reply.status)
    moves = _Moves((start, idle, end), took / idled).of()
    return SignalsEvidence(
        good=good,
        bad=bad,
        client_seconds=seconds,
        seen=tuple(_signals(moves, good, bad, _good_seconds(replies), seconds)),
    )


def _good_seconds(replies: Iterable[Reply]) -> float:
    return sum(reply.seconds for reply in replies if reply.is_good)


def _mixed(session: Session) -> list[Request]:
    """Good and bad requests in a seeded order."""
    rows = session.plan.rows
    good = [session.prediction([rows[number % len(rows)]]) for number in range(_GOOD)]
    broken = Request(
        path=session.routes.predict,
        method="POST",
        body=b'{"broken": ',
        headers={"Content-Type": "application/json"},
    )
    mixed = [*good, *([broken] * _BAD)]
    session.chance.shuffle(mixed)
    return mixed


def _signals(
    moves: list[tuple[Series, float]], good: int, bad: int, good_seconds: float, seconds: float
) -> Iterable[SignalSeen]:
    """For each signal the group of series that came nearest. Counting all answers is as right as the good ones only."""
    counts = [(series, move) for series, move in moves if series.name.endswith(("_total", "_count"))]
    groups = _groups(counts)
    yield _nearest("traffic", groups, [float(good + bad), float(good)])
    yield _nearest("errors", groups, [float(bad)])
    timed = _groups(
        [(s, m) for s, m in moves if s.kind in {"histogram", "summary"} and s.name.endswith("_count")]
    )
    found = _nearest("latency_count", timed, [float(good + bad), float(good)])
    yield found
    sums = _groups(
        [(s, m) for s, m in moves if s.kind in {"histogram", "summary"} and s.name.endswith("_sum")]
    )
    twin = found.series.replace("_count", "_sum", 1)
    is_all = found.expected > good
    measured = sums.get(twin) if found.measured is not None else None
    yield SignalSeen(
        signal="latency_sum",
        series=twin if measured is not None else "",
        expected=seconds if is_all else good_seconds,
        measured=measured,
    )


def _groups(moves: Iterable[tuple[Series, float]]) -> Mapping[str, float]:
    """Sums over a family, and over those of its series that share one label: a dashboard would sum like that."""
    sums: dict[str, float] = defaultdict(float)
    for series, move in moves:
        sums[series.name] += move
        for name, value in series.labels:
            sums[f'{series.name}{{{name}="{value[:60]}"}}'] += move
    return sums


def _nearest(signal: str, groups: Mapping[str, float], wanted: list[float]) -> SignalSeen:
    """The group that came nearest to one of the numbers; if none moved, the first number is what was expected."""
    moved = [
        (abs(move - goal) / max(goal, 1.0), name, goal, move)
        for name, move in groups.items()
        for goal in wanted
    ]
    moved = [item for item in moved if item[3] > 0]
    if not moved:
        return SignalSeen(signal=signal, series="", expected=wanted[0], measured=None)
    _, name, goal, move = min(moved)
    return SignalSeen(signal=signal, series=name[:300], expected=goal, measured=move)


async def probe_sharding(session: Session) -> ShardingEvidence:
    """Scrapes at rest tell one story: no counter goes back (E3).

    Each scrape is a connection of its own, so that every worker process gets its turn.
    """
    for number in range(_SCRAPES):
        await session.client.ask(
            session.prediction([session.plan.rows[number % len(session.plan.rows)]]), is_fresh=True
        )
    pages = [(await session.scrape(is_fresh=True)) for _ in range(_SCRAPES)]
    history: dict[str, list[float]] = defaultdict(list)
    for page in pages:
        values = page.values()
        for key in {s.key for p in pages for s in p.series if s.is_counting and not s.is_library}:
            history[key].append(values.get(key, 0.0))
    back = sorted(key for key, values in history.items() if any(b < a for a, b in itertools.pairwise(values)))
    # The plainest witness: a counter of requests rather than a bucket.
    witness = next((key for key in back if "_bucket" not in key), back[0] if back else "")
    return ShardingEvidence(
        scrapes=len(pages),
        is_sharded=bool(back),
        series=witness[:300],
        values=tuple(history.get(witness, ())),
    )


async def probe_cardinality(session: Session) -> CardinalityEvidence:
    """Requests that no other resembles make no series of their own (E4)."""
    await _unique(session, 2)  # One of each kind before, so that what is new about a status is there already.
    before = await session.scrape()
    await _unique(session, _UNIQUE)
    after = await session.scrape()
    had, has = (_per_family(page) for page in (before, after))
    grown = [
        f"{name}: {had.get(name, 0)} to {count}" for name, count in has.items() if count > had.get(name, 0)
    ]
    return CardinalityEvidence(
        requests=_UNIQUE,
        series_before=len(before.series),
        series_after=len(after.series),
        grown_families=tuple(line[:200] for line in grown[:20]),
    )


def _per_family(page: Page) -> Counter[str]:
    return Counter(series.family for series in page.series)


async def _unique(session: Session, count: int) -> None:
    """Alternate paths that do not exist and predictions with a header, a query and a value of their own."""
    for number in range(count):
        if number % 2:
            await session.get(session.odd_path())
            continue
        request = session.prediction([session.plan.rows[number % len(session.plan.rows)]])
        word = session.canary()
        await session.client.ask(
            Request(
                path=f"{request.path}?trace={word}",
                method="POST",
                body=request.body,
                headers={**request.headers, "X-Request-Id": word},
            )
        )
