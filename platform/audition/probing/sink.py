"""A listener that takes what a service posts when it wants a new training, and writes down when. Bounded and polite.

What arrives is hostile like all else: lengths are capped, nothing is parsed beyond the request line and the length of
the body, and nobody can hold a connection for long or open many.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from audition.domain.drift import MOST_TRIGGERS
from audition.domain.sink import SINK_PATH

_MOST_HEAD = 16 << 10
_MOST_BODY = 256 << 10
_PATIENCE_SECONDS = 5.0
_MOST_OPEN = 16
_OK = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_REFUSED = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Sink:
    """What arrived in the present run."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.sent = 0
        """Requests of the run that were sent by the end of the present block; whoever sends says so."""
        self.calls: list[int] = []
        """The number of requests at each post, at most 100."""
        self._open = 0

    def reset(self) -> None:
        """A new run begins."""
        self.sent, self.calls = 0, []

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request and answer it."""
        self._open += 1
        try:
            if self._open <= _MOST_OPEN:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    is_post = await _is_post(reader)
                    if is_post and len(self.calls) < MOST_TRIGGERS:
                        self.calls.append(self.sent)
                    writer.write(_OK if is_post else _REFUSED)
                    await writer.drain()
        except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # Whoever sends half a request has said nothing.
        finally:
            self._open -= 1
            writer.close()


async def _is_post(reader: asyncio.StreamReader) -> bool:
    """Whether a whole request arrived that posts something to the right path."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, _, target = head[0].partition(" ")
    lengths = [line.partition(":")[2] for line in head[1:] if line.lower().startswith("content-length:")]
    length = int(lengths[0]) if lengths else 0
    if method != "POST" or target.partition(" ")[0] != SINK_PATH or not 0 < length <= _MOST_BODY:
        return False
    await reader.readexactly(length)
    return True


@asynccontextmanager
async def listening(port: int) -> AsyncIterator[Sink | None]:
    """Listen on the loopback while the block lasts; None when the port is taken, which is our limit."""
    sink = Sink()
    try:
        server = await asyncio.start_server(sink.take, "127.0.0.1", port, limit=_MOST_HEAD)
    except OSError:
        yield None
        return
    try:
        yield sink
    finally:
        server.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await server.wait_closed()
