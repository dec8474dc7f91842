"""Whom a service wants to reach beyond itself (B2): names that it looks up, and connections that lead nowhere.

Theory of operation. There is no network but the loopback, and the name server of both containers is 127.0.0.1. The
prober listens there, answers that no name exists, and remembers what was asked. Connections to bare addresses fail in
the kernel, which counts them for the network namespace: how many, not where to. The prober itself does neither.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from audition.domain.probe_runtime import NetworkEvidence

DNS = ("127.0.0.1", 53)
COUNTERS = (Path("/proc/net/snmp"), Path("/proc/net/snmp6"))
_NO_ROUTE = frozenset({"IpOutNoRoutes", "Ip6OutNoRoutes"})
_MOST_NAMES, _MOST_ASKED = 50, 10_000
_HEADER = 12
_MOST_LABEL = 63
_NO_SUCH_NAME = b"\x81\x83"
"""A response, recursion desired and available, code 3. Source: RFC 1035, section 4.1.1."""
_ONE_QUESTION = b"\x00\x01\x00\x00\x00\x00\x00\x00"


class Reaching(asyncio.DatagramProtocol):
    """A context in which lookups are heard; without the right to listen there, only connections are counted."""

    def __init__(self, address: tuple[str, int] = DNS, counters: tuple[Path, ...] = COUNTERS) -> None:
        """Listen to nothing yet."""
        self.address = address
        self._counters = counters
        self._names: dict[str, int] = {}
        self._asked = 0
        self._before = 0
        self._transport: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> Self:
        """Begin."""
        self._before = sum(_lost(self._counters))
        with contextlib.suppress(OSError):
            loop = asyncio.get_running_loop()
            self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=self.address)
            self.address = self._transport.get_extra_info("sockname")[:2]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Say that the name does not exist, and remember it."""
        found = _question(data)
        self._asked += 1
        if found is None or self._transport is None or self._asked > _MOST_ASKED:
            return
        name, question = found
        if name in self._names or len(self._names) < _MOST_NAMES:
            self._names[name] = self._names.get(name, 0) + 1
        self._transport.sendto(data[:2] + _NO_SUCH_NAME + _ONE_QUESTION + question, addr)

    def seen(self) -> NetworkEvidence:
        """So far."""
        unreachable = sum(_lost(self._counters)) - self._before
        return NetworkEvidence(
            names=tuple(self._names), unreachable=max(0, unreachable), is_heard=self._transport is not None
        )


def _question(data: bytes) -> tuple[str, bytes] | None:
    """The name that is asked for, and the question as it was put; None for what is none. The bytes are hostile."""
    labels, place = [], _HEADER
    while place < len(data) and 0 < data[place] <= _MOST_LABEL:
        labels.append(data[place + 1 : place + 1 + data[place]])
        place += 1 + data[place]
    if not labels or place + 5 > len(data) or data[place] != 0:
        return None
    text = b".".join(labels).decode("ascii", "replace").lower()
    return "".join(c if c.isprintable() else "?" for c in text)[:253], data[_HEADER : place + 5]


def _lost(counters: tuple[Path, ...]) -> Iterator[int]:
    """Packets for which there was no route, since the namespace was made; other lines than ours are passed over."""
    for file in counters:
        try:
            lines = file.read_text().splitlines()
        except OSError:
            continue
        for line, after in zip(lines, (*lines[1:], ""), strict=False):
            name, _, rest = line.partition(":")
            # A protocol's names, and its numbers on the next line; for IPv6, a counter a line.
            keys = [f"{name}{key}" for key in rest.split()] or line.split()[:1]
            numbers = after.partition(":")[2].split() if rest else line.split()[1:2]
            pairs = zip(keys, numbers, strict=False)
            yield from (int(number) for key, number in pairs if key in _NO_ROUTE and number.isdigit())
