"""Probes of the start: live, ready and the first prediction (B1, half of B7), and where it listens."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

from audition.domain.probe import BindingEvidence, StartEvidence, StatusChange
from audition.domain.probe_api import Failure
from audition.domain.probe_plan import AskVerb
from audition.probing.client import Caps, Reply
from audition.probing.session import Session

_POLL_SECONDS = 0.1
_LOOK_SECONDS = 1.0
#: A service that predicts has this long to say that it is live and ready: either may have come between two looks.
_SAY_SECONDS = 2.0
#: A liveness probe of Kubernetes waits a second by default; on a busy start we are not that strict.
_POLL = Caps(seconds=3.0, body_bytes=64 << 10)
_MAX_CHANGES = 20
_MAX_PORTS = 20
TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LISTEN = "0A"


class _Watch:
    """One route, asked again and again; keeps what changed."""

    def __init__(self) -> None:
        self.changes: list[StatusChange] = []
        self.good_at: float | None = None
        self._last: tuple[int, Failure] | None = None

    def see(self, seconds: float, reply: Reply) -> None:
        now = (reply.status, reply.failure)
        if now != self._last and len(self.changes) < _MAX_CHANGES:
            self.changes.append(StatusChange(seconds=round(seconds, 3), status=now[0], failure=now[1]))
        self._last = now
        if reply.is_good and self.good_at is None:
            self.good_at = round(seconds, 3)


class _EndWatch:
    """Whether the first process has ended, asked of the runner now and then: nothing more is to be waited for."""

    def __init__(self) -> None:
        self._asked_at = 0.0

    async def look(self, session: Session) -> bool:
        now = session.timeline.seconds()
        if now - self._asked_at < _LOOK_SECONDS:
            return False
        self._asked_at = now
        answer = await session.runner.ask(AskVerb.STATE)
        has_ended = not answer.trouble and not answer.is_running
        if has_ended:
            session.timeline.note("ended", f"exit code {answer.exit_code}")
        return has_ended


async def probe_start(session: Session) -> StartEvidence:
    """Ask until the service predicts, or its time is over.

    A prediction is tried as soon as readiness says yes; without such a route, in every round.
    """
    live, ready, predict, has_ended = _Watch(), _Watch(), _Watch(), _EndWatch()
    routes, lies = session.routes, 0
    while (now := session.timeline.seconds()) < session.serving.startup_seconds and predict.good_at is None:
        if routes.live and live.good_at is None:
            live.see(now, await session.get(routes.live, caps=_POLL, is_fresh=True))
        says_ready = False
        if routes.ready:
            reply = await session.get(routes.ready, caps=_POLL, is_fresh=True)
            ready.see(session.timeline.seconds(), reply)
            says_ready = reply.is_good
        if says_ready or not routes.ready or ready.good_at is None:
            reply = await session.predict([session.plan.rows[0]], caps=_POLL)
            predict.see(session.timeline.seconds(), reply)
            lies += says_ready and not reply.is_good
        if await has_ended.look(session):
            break
        await asyncio.sleep(_POLL_SECONDS)
    if predict.good_at is not None:
        session.timeline.note("first prediction")
    patience = 0.0 if predict.good_at is None else _SAY_SECONDS
    await _ask_on(session, routes.live, live, patience)
    await _ask_on(session, routes.ready, ready, patience)
    return StartEvidence(
        live_seconds=live.good_at,
        ready_seconds=ready.good_at,
        predict_seconds=predict.good_at,
        waited_seconds=round(session.timeline.seconds(), 3),
        live_changes=tuple(live.changes),
        ready_changes=tuple(ready.changes),
        predict_changes=tuple(predict.changes),
        ready_lies=lies,
        has_one_route=bool(routes.ready) and routes.ready == routes.live,
    )


async def _ask_on(session: Session, route: str, watch: _Watch, seconds: float) -> None:
    """Ask a route that has not yet said yes: once, and on for a time."""
    ends_at = session.timeline.seconds() + seconds
    while route and watch.good_at is None:
        watch.see(session.timeline.seconds(), await session.get(route, caps=_POLL, is_fresh=True))
        if session.timeline.seconds() >= ends_at:
            return
        await asyncio.sleep(_POLL_SECONDS)


async def probe_binding(session: Session) -> BindingEvidence:
    """Which addresses the service listens on, from the kernel's own table.

    The prober shares the network namespace, where a service that listens on the loopback address only answers as
    well as any; in production nobody would reach it.
    """
    addresses = listening(session.serving.port, TABLES)
    return BindingEvidence(
        addresses=addresses,
        is_loopback_only=bool(addresses) and all(_is_loopback(address) for address in addresses),
    )


def listening(port: int, tables: tuple[Path, ...]) -> tuple[str, ...]:
    """Addresses with a listening TCP socket on a port, sorted."""
    return tuple(sorted({address for address, number in _listeners(tables) if number == port}))


def open_ports(tables: tuple[Path, ...]) -> tuple[int, ...]:
    """Ports with a listening TCP socket on more than the loopback, sorted; at most `_MAX_PORTS`."""
    found = {number for address, number in _listeners(tables) if not _is_loopback(address)}
    return tuple(sorted(found)[:_MAX_PORTS])


def _listeners(tables: tuple[Path, ...]) -> Iterator[tuple[str, int]]:
    """Address and port of each listening TCP socket."""
    for table in tables:
        if not table.exists():
            continue  # A kernel without IPv6 has no table of it.
        for line in table.read_text().splitlines()[1:]:
            fields = line.split()
            address, _, text = fields[1].rpartition(":")
            if fields[3] == _LISTEN:
                yield _address(address), int(text, 16)


def _address(text: str) -> str:
    """An address from the kernel's notation: 32-bit words, each in the machine's byte order (little-endian here)."""
    raw = bytes.fromhex(text)
    words = [raw[start : start + 4][::-1] for start in range(0, len(raw), 4)]
    return socket.inet_ntop(socket.AF_INET if len(words) == 1 else socket.AF_INET6, b"".join(words))


def _is_loopback(address: str) -> bool:
    return address.startswith(("127.", "::ffff:127.")) or address == "::1"
