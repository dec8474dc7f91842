"""An HTTP client for a server that may be hostile: everything that it sends is capped.

Theory of operation. The service may answer never, slowly, without end, with gigabytes packed into kilobytes, with
headers without end, with lengths that are not true, or not in HTTP at all. So there is one deadline for a whole
exchange, from connecting to the last byte; headers and bodies stop at a cap; packed bodies are unpacked up to the
same cap; redirects are never followed; and whatever goes wrong is a value (`Failure`), never an exception. One
exchange holds at most the header cap, the body cap and one block in memory.
"""

import asyncio
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import h11

from audition.domain.probe_api import Failure

_BLOCK = 64 << 10
_MAX_INTERIM = 8
#: What a common client sends. Probes must look alike, and like anybody: a service could treat a known prober otherwise.
_HEADERS = {"User-Agent": "python-requests/2.32.5", "Accept": "*/*", "Accept-Encoding": "identity"}
#: Zlib's own notation for "gzip or zlib, by its header".
_ANY_HEADER = 47
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """Where an exchange ends."""

    seconds: float = 10.0
    header_bytes: int = 32 << 10
    body_bytes: int = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to send."""

    path: str
    method: str = "GET"
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back; hostile. With a failure there may still be a status, and no body."""

    status: int = 0
    failure: Failure = Failure.NONE
    headers: Mapping[str, str] = field(default_factory=dict)
    """By lower-case name; of a repeated header the last."""
    body: bytes = b""
    seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        """Complete, and 2xx."""
        return self.failure is Failure.NONE and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def outcome(self) -> str:
        """The status, or what went wrong, as one word to count by."""
        return str(self.status) if self.failure is Failure.NONE else self.failure.value


class _Broken(Exception):  # noqa: N818  it never leaves this module
    """The exchange ended before its end."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure


class _Connection:
    """One TCP connection with the state of its protocol."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, caps: Caps) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=caps.header_bytes)
        self.status = 0
        self.headers: dict[str, str] = {}
        self.has_answered = False
        self._has_seen_end = False

    @property
    def is_reusable(self) -> bool:
        return not self._reader.at_eof() and self._http.our_state is h11.IDLE

    async def exchange(self, request: Request, host: str, caps: Caps) -> bytes:
        """Send a request and read the whole answer; `status` and `headers` hold as much of it as came."""
        self.status, self.headers, self.has_answered = 0, {}, False
        sender = asyncio.ensure_future(self._send(self._encode(request, host)))
        try:
            body = await self._receive(caps)
        finally:
            # An answer may come before the request was read: what is left of it is not sent any more.
            is_sent = sender.done()
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
        is_complete = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        # Bytes behind the announced end would be taken for the answer to the next request.
        if is_sent and is_complete and not self._http.trailing_data[0]:
            self._http.start_next_cycle()
        return _unpacked(body, self.headers.get("content-encoding", ""), caps.body_bytes)

    def _encode(self, request: Request, host: str) -> bytes:
        headers = {"Host": host, **_HEADERS, **request.headers}
        if request.body or request.method in {"POST", "PUT", "PATCH"}:
            headers["Content-Length"] = str(len(request.body))
        head = h11.Request(method=request.method, target=request.path, headers=list(headers.items()))
        events = (head, h11.Data(data=request.body), h11.EndOfMessage())
        return b"".join(self._http.send(event) or b"" for event in events)

    async def _send(self, data: bytes) -> None:
        try:
            for start in range(0, len(data), _BLOCK):
                self._writer.write(data[start : start + _BLOCK])
                await self._writer.drain()
        except OSError:
            return  # Whether an answer came nevertheless is for the reading side to say.

    async def _receive(self, caps: Caps) -> bytes:
        chunks: list[bytes] = []
        size, interim = 0, 0
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                data = await self._reader.read(_BLOCK)
                self._has_seen_end = not data
                self._http.receive_data(data)
                continue
            self.has_answered = self.has_answered or not isinstance(event, h11.ConnectionClosed)
            if isinstance(event, h11.Response):
                self.status = event.status_code
                self.headers = {_text(name).lower(): _text(value) for name, value in event.headers}
            elif isinstance(event, h11.InformationalResponse):
                interim += 1
                if interim > _MAX_INTERIM:
                    raise _Broken(Failure.NOT_HTTP)
            elif isinstance(event, h11.Data):
                size += len(event.data)
                if size > caps.body_bytes:
                    raise _Broken(Failure.TOO_LARGE)
                chunks.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                return b"".join(chunks)
            else:
                raise _Broken(Failure.CLOSED)

    def failure_of(self, error: h11.RemoteProtocolError) -> Failure:
        """What a breach of protocol amounts to."""
        # Not whether the end is there already, behind what broke the protocol, but whether it is what broke it.
        if self._has_seen_end:
            return Failure.CLOSED
        is_size = error.error_status_hint == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        return Failure.TOO_LARGE if is_size else Failure.NOT_HTTP

    def close(self) -> None:
        # Not waited for: the other side may not want to close.
        self._writer.transport.abort()


class Client:
    """A bounded client of one server, with connections that are kept open between requests."""

    def __init__(self, host: str, port: int, caps: Caps | None = None) -> None:
        """Connect to nothing yet.

        Args:
            host: An address, or the path of a Unix socket when it begins with a slash.
            port: TCP; of no meaning for a Unix socket.
            caps: Ends of each exchange; the defaults when None.
        """
        self._host, self._port = host, port
        self._caps = caps or Caps()
        self._idle: list[_Connection] = []
        self.requests = 0

    async def ask(self, request: Request, *, caps: Caps | None = None, is_fresh: bool = False) -> Reply:
        """Send a request.

        Args:
            request: What to send.
            caps: Other ends than the client's.
            is_fresh: Use a new connection and close it after.
        """
        self.requests += 1
        caps = caps or self._caps
        began = time.perf_counter()
        used = None if is_fresh else self._take()
        try:
            async with asyncio.timeout(caps.seconds):
                reply = await self._through(used, request, caps) if used else None
                if reply is None or _is_stale(used, reply):
                    used = None
                    reply = await self._anew(request, caps, is_fresh=is_fresh)
        except TimeoutError:
            reply = Reply(failure=Failure.TIMEOUT)
        return Reply(
            status=reply.status,
            failure=reply.failure,
            headers=reply.headers,
            body=reply.body,
            seconds=time.perf_counter() - began,
        )

    async def _anew(self, request: Request, caps: Caps, *, is_fresh: bool) -> Reply:
        """One exchange on a connection of its own."""
        try:
            if self._host.startswith("/"):
                streams = await asyncio.open_unix_connection(self._host, limit=_BLOCK)
            else:
                streams = await asyncio.open_connection(self._host, self._port, limit=_BLOCK)
        except OSError:
            return Reply(failure=Failure.REFUSED)
        return await self._through(_Connection(*streams, caps), request, caps, is_kept=not is_fresh)

    async def _through(
        self, connection: _Connection, request: Request, caps: Caps, *, is_kept: bool = True
    ) -> Reply:
        """One exchange on this connection, which is kept for the next if it can be, else closed."""
        host = "localhost" if self._host.startswith("/") else f"{self._host}:{self._port}"
        body, failure, is_done = b"", Failure.NONE, False
        try:
            body = await connection.exchange(request, host, caps)
            is_done = True
        except _Broken as error:
            failure = error.failure
        except h11.RemoteProtocolError as error:
            failure = connection.failure_of(error)
        except h11.LocalProtocolError:
            failure = Failure.NOT_HTTP  # What a contract names is no path.
        except OSError:
            failure = Failure.CLOSED
        finally:
            # Also when time ran out: then nothing above was caught.
            if is_done and is_kept and connection.is_reusable:
                self._idle.append(connection)
            else:
                connection.close()
        return Reply(status=connection.status, failure=failure, headers=connection.headers, body=body)

    def _take(self) -> _Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_reusable:
                return connection
            connection.close()
        return None

    def close(self) -> None:
        """Drop the idle connections."""
        while self._idle:
            self._idle.pop().close()


def _is_stale(used: _Connection | None, reply: Reply) -> bool:
    """Whether a server ended an idle connection while a request was on its way: that is no answer to it."""
    return used is not None and not used.has_answered and reply.failure is Failure.CLOSED


def _unpacked(body: bytes, encoding: str, most: int) -> bytes:
    """The body without its compression, which was not asked for."""
    if encoding.strip().lower() not in _PACKED:
        return body
    unpacker = zlib.decompressobj(_ANY_HEADER)
    try:
        plain = unpacker.decompress(body, most + 1)
    except zlib.error:
        raise _Broken(Failure.NOT_HTTP) from None
    if len(plain) > most:
        raise _Broken(Failure.TOO_LARGE)
    return plain


def _text(value: bytes) -> str:
    return bytes(value).decode("latin-1")
