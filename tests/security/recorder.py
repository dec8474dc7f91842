"""A proxy in front of an engine's unix socket that writes down every request and changes nothing."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_REQUEST = re.compile(rb"(GET|HEAD|POST|PUT|DELETE) (/\S*) HTTP/1\.1\r\n")
_LONGEST = 4096
_CHUNK = 1 << 16


class Recorder:
    """Requests as "METHOD /path?query", in the order in which they came."""

    def __init__(self, engine: str) -> None:
        self.requests: list[str] = []
        self._engine = engine
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def accept_from(self, listener: socket.socket) -> None:
        """Serve connections until the listener is closed."""
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                self._start(self._serve, client)

    def close(self) -> None:
        """Hang up everywhere and wait for the threads."""
        with self._lock:
            for end in self._open:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            with self._lock:
                self._open += [client, server]
            server.connect(self._engine)
            back = threading.Thread(target=self._pump, args=(server, client, False))
            back.start()
            self._pump(client, server, True)
            back.join()
            with self._lock:
                self._open = [end for end in self._open if end not in (client, server)]

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _pump(self, source: socket.socket, sink: socket.socket, is_request: bool) -> None:
        tail = b""
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                if is_request:
                    tail = self._note(tail + data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def _note(self, data: bytes) -> bytes:
        """Write down the request lines; return what may be the start of another."""
        end = 0
        for match in _REQUEST.finditer(data):
            end = match.end()
            with self._lock:
                self.requests.append(f"{match[1].decode()} {match[2].decode()}")
        return data[max(end, len(data) - _LONGEST) :]


@contextmanager
def recording(engine: str, folder: Path) -> Iterator[tuple[Recorder, str]]:
    """A recorder and the path of its socket."""
    recorder, path = Recorder(engine), str(folder / "engine.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        acceptor = threading.Thread(target=recorder.accept_from, args=(listener,))
        acceptor.start()
        try:
            yield recorder, path
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            acceptor.join()
            recorder.close()
