"""Servers that attack whoever asks them: `python -m tests.services.hostile PORT TRICK`."""

import gzip
import itertools
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

Chunks = Iterator[bytes]
_OK = b"HTTP/1.1 200 OK\r\n"


def slowloris() -> Chunks:
    """One byte of an endless header now and then."""
    yield _OK
    for _ in itertools.count():
        time.sleep(0.2)
        yield b"a"


def slow_body() -> Chunks:
    """A body that never ends, byte by byte."""
    yield _OK + b"Content-Length: 1000000\r\n\r\n"
    for _ in itertools.count():
        time.sleep(0.2)
        yield b"x"


def flood() -> Chunks:
    """Chunks without end, as fast as they are taken."""
    yield _OK + b"Transfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    while True:
        yield chunk


def gzip_bomb() -> Chunks:
    """A gigabyte of nothing in a megabyte."""
    packed = b"".join(_packed_zeros())
    yield _OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed


def _packed_zeros() -> Chunks:
    # Members of gzip may follow each other; a tool that unpacks takes them all.
    member = gzip.compress(bytes(64 << 20))
    return itertools.repeat(member, 12)


def header_bomb() -> Chunks:
    """Headers without end."""
    yield _OK
    for number in itertools.count():
        yield b"X-Header-%d: " % number + b"v" * 4000 + b"\r\n"


def interim_flood() -> Chunks:
    """ "Go on" without end."""
    while True:
        yield b"HTTP/1.1 100 Continue\r\n\r\n"


def redirect() -> Chunks:
    """Somewhere else: metadata of a cloud."""
    yield b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest\r\nContent-Length: 0\r\n\r\n"


def liar_long() -> Chunks:
    """Less than it announced."""
    yield _OK + b"Content-Length: 5000\r\nConnection: close\r\n\r\n{}"


def liar_short() -> Chunks:
    """More than it announced: the rest looks like the answer to the next request."""
    yield _OK + b'Content-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"bad"'


def not_http() -> Chunks:
    """Another protocol."""
    yield b"SSH-2.0-OpenSSH_9.2\r\n\r\n"


def silent() -> Chunks:
    """Takes the request and says nothing."""
    time.sleep(60)
    yield b""


def nested() -> Chunks:
    """JSON that is nested deeper than parsers like."""
    body = b'{"predictions": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    yield _OK + b"Content-Length: %d\r\n\r\n" % len(body) + body


def huge_number() -> Chunks:
    """A prediction beyond any float, and one that is not a number."""
    body = b'{"predictions": [1e999, NaN, 1' + b"0" * 4000 + b"]}"
    yield _OK + b"Content-Length: %d\r\n\r\n" % len(body) + body


def metrics_bomb() -> Chunks:
    """A metrics page of a million series."""
    yield _OK + b"Content-Type: text/plain; version=0.0.4\r\nTransfer-Encoding: chunked\r\n\r\n"
    for number in range(1_000_000):
        line = b'bomb_total{n="%d"} 1\n' % number
        yield b"%x\r\n" % len(line) + line + b"\r\n"
    yield b"0\r\n\r\n"


TRICKS: dict[str, Callable[[], Chunks]] = {
    trick.__name__: trick
    for trick in (
        slowloris,
        slow_body,
        flood,
        gzip_bomb,
        header_bomb,
        interim_flood,
        redirect,
        liar_long,
        liar_short,
        not_http,
        silent,
        nested,
        huge_number,
        metrics_bomb,
    )
}


def _serve(connection: socket.socket, trick: Callable[[], Chunks]) -> None:
    with connection, suppress(OSError):
        connection.recv(65536)
        for chunk in trick():
            connection.sendall(chunk)
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(5)
        while connection.recv(65536):
            pass


def main(port: int, name: str) -> None:
    """Do the same to everybody who connects."""
    with socket.create_server(("127.0.0.1", port), backlog=64) as server:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=_serve, args=(connection, TRICKS[name]), daemon=True).start()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
