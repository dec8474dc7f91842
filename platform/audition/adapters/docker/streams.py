"""Read what a container prints, from the engine's attach stream, with every read bounded.

The stream is a sequence of frames: one byte saying stdout (1) or stderr (2), three of padding, four of length
(big endian), then the bytes. Source: Docker Engine API, "Attach to a container", stream format.
"""

import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from io import IOBase
from typing import BinaryIO

from audition.domain.errors import UnavailableError

_HEADER = struct.Struct(">BxxxL")
_STDERR = 2
_CHUNK = 1 << 16


class FrameReader:
    """Frames from an attached socket, in pieces of at most 64 KiB."""

    def __init__(self, sock: socket.socket, wrapper: IOBase | None = None) -> None:
        """Take over the socket, and the file around it if there is one: it keeps the socket open."""
        self._sock = sock
        self._wrapper = wrapper
        self._kind = 0
        self._left = 0

    def read(self, timeout_seconds: float | None) -> tuple[int, bytes] | None:
        """Next piece as (stream, bytes); None at the end.

        Raises:
            TimeoutError: Nothing came in time.
        """
        self._sock.settimeout(timeout_seconds)
        while self._left == 0:
            header = self._exactly(_HEADER.size)
            if header is None:
                return None
            self._kind, self._left = _HEADER.unpack(header)
        data = self._sock.recv(min(self._left, _CHUNK))
        self._left -= len(data)
        return (self._kind, data) if data else None

    def close(self) -> None:
        """Let go of the socket; a reader blocked on it sees the end."""
        with suppress(OSError):  # The engine may have closed its side first.
            self._sock.shutdown(socket.SHUT_RDWR)
        if self._wrapper is not None:
            self._wrapper.close()
        self._sock.close()

    def _exactly(self, size: int) -> bytes | None:
        data = b""
        while len(data) < size:
            piece = self._sock.recv(size - len(data))
            if not piece:
                return None
            data += piece
        return data


@dataclass
class Captured:
    """The beginning of what was printed, and how much there was."""

    cap: int
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)
    total: int = 0
    is_truncated: bool = False

    def add(self, kind: int, data: bytes) -> None:
        """Keep what fits; count everything."""
        buffer = self.stderr if kind == _STDERR else self.stdout
        room = self.cap - len(buffer)
        buffer += data[:room]
        self.total += len(data)
        self.is_truncated |= len(data) > room


class Tap:
    """Captures a container's output in the background and notices a flood."""

    def __init__(
        self, reader: FrameReader, *, cap: int, flood: int, at_line: Callable[[], None] | None = None
    ) -> None:
        """Start reading at once, before the container starts, so that nothing is missed.

        Args:
            reader: Attached to the container.
            cap: Most bytes that are kept of stdout, and of stderr.
            flood: Bytes in all beyond which it is a flood.
            at_line: Called when there is a whole line on stdout.
        """
        self.captured = Captured(cap)
        self.is_flooding = threading.Event()
        self.has_line = False
        """Whether there is a whole line on stdout."""
        self._reader = reader
        self._flood = flood
        self._at_line = at_line
        self._thread = threading.Thread(target=self._drain, daemon=True, name="tap")
        self._thread.start()

    def _drain(self) -> None:
        try:
            while piece := self._reader.read(None):
                self.captured.add(*piece)
                if self.captured.total > self._flood:
                    self.is_flooding.set()
                self._look_for_line(*piece)
        except OSError:
            return  # Closed under us: the container is gone.

    def _look_for_line(self, kind: int, data: bytes) -> None:
        if self._at_line is not None and not self.has_line and kind != _STDERR and b"\n" in data:
            self.has_line = True
            self._at_line()

    def finish(self, timeout_seconds: float = 5.0) -> Captured:
        """Wait for the end of the stream, which follows the end of the container, and close it."""
        self._thread.join(timeout_seconds)
        self._reader.close()
        return self.captured


class Conversation:
    """A served container's stdout as lines and counted bytes; its stderr is captured beside."""

    def __init__(self, reader: FrameReader, *, what: str, stderr_cap: int) -> None:
        """`what` names the container in errors."""
        self.captured = Captured(stderr_cap)
        self._reader = reader
        self._what = what
        self._buffer = bytearray()

    def read_line(self, max_bytes: int, timeout_seconds: float) -> bytes:
        """See `ports.Served.read_line`."""
        deadline = time.monotonic() + timeout_seconds
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > max_bytes:
                raise self._failed(f"said more than {max_bytes:,} bytes in one line")
            self._more(deadline)
        if end > max_bytes:
            raise self._failed(f"said more than {max_bytes:,} bytes in one line")
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def read_into(self, sink: BinaryIO, size: int, timeout_seconds: float) -> None:
        """See `ports.Served.read_into`."""
        deadline = time.monotonic() + timeout_seconds
        left = size
        while left:
            if not self._buffer:
                self._more(deadline)
            piece = bytes(self._buffer[:left])
            sink.write(piece)
            del self._buffer[: len(piece)]
            left -= len(piece)

    def close(self) -> None:
        """Stop listening."""
        self._reader.close()

    def _more(self, deadline: float) -> None:
        while True:
            try:
                piece = self._reader.read(max(0.01, deadline - time.monotonic()))
            except TimeoutError:
                how = "did not answer in time"
                raise self._failed(how) from None
            except OSError as error:
                raise self._failed(f"lost its connection ({error})") from None
            if piece is None:
                how = "ended before it had answered"
                raise self._failed(how)
            if piece[0] != _STDERR:
                self._buffer += piece[1]
                return
            self.captured.add(*piece)

    def _failed(self, how: str) -> UnavailableError:
        said = bytes(self.captured.stderr[-400:]).decode(errors="replace").strip()
        return UnavailableError(f"The {self._what} container {how}. {said}".strip())
