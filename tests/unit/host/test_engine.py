"""Finding an engine, starting one, and whom it belongs to.

The engine is a small program that speaks its API.
"""

import io
import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from audition.adapters.docker.engine_client import connect, find
from audition.domain.errors import UnavailableError
from audition.host import engine
from audition.host.engine import ensure_engine
from audition.host.steps import HostError, Steps
from audition.settings import Settings

DOCKERD = f"""\
#!{sys.executable}
import http.server, json, os, socketserver, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({{"ApiVersion": "1.41", "Version": "29.7.0", "MinAPIVersion": "1.24"}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def address_string(self):
        return "local"

class Server(socketserver.ThreadingUnixStreamServer):
    pass

path = sys.argv[sys.argv.index("--host") + 1].removeprefix("unix://")
print("listening", flush=True)
Server(path, Handler).serve_forever()
"""


@pytest.fixture
def socket_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make this machine one without an engine, whose usual socket would be the returned one."""
    path = tmp_path / "docker.sock"
    address = f"unix://{path}"
    monkeypatch.setattr(engine, "SYSTEM_SOCKET", address)
    monkeypatch.setattr(engine, "usual_addresses", lambda: (address,))
    monkeypatch.setattr(engine, "_SERVICE_MANAGER", tmp_path / "no-systemd")
    monkeypatch.setattr(engine, "is_root", lambda: True)
    monkeypatch.setattr(engine, "ensure_runsc", lambda _step, _settings: None)
    return path


def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "dockerd").write_text(textwrap.dedent(program))
    (folder / "dockerd").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_one_is_started_used_and_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, socket_file: Path
) -> None:
    install(tmp_path, monkeypatch, DOCKERD)
    stream = io.StringIO()
    with ensure_engine(Steps(stream), Settings(data_dir=tmp_path)) as found:
        assert found.is_ours
        assert found.address == f"unix://{socket_file}"
        connect(found.address).close()
    with pytest.raises(UnavailableError):
        connect(f"unix://{socket_file}", timeout_seconds=1)
    assert "listening" in (tmp_path / "logs" / "dockerd.log").read_text()
    assert "starting dockerd" in stream.getvalue()


def test_one_that_is_started_knows_gvisor_and_what_the_system_configures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, socket_file: Path
) -> None:
    del socket_file
    install(tmp_path, monkeypatch, DOCKERD.replace('print("listening"', 'print("listening", sys.argv'))
    (tmp_path / "daemon.json").write_text('{"log-level": "warn"}')
    monkeypatch.setattr(engine, "_CONFIGURATION", tmp_path / "daemon.json")
    monkeypatch.setattr(engine, "ensure_runsc", lambda _step, _settings: Path("/data/runsc"))
    with ensure_engine(Steps(io.StringIO()), Settings(data_dir=tmp_path)):
        config = json.loads((tmp_path / "engine.json").read_text())
    assert config["log-level"] == "warn"
    assert config["runtimes"]["runsc"]["path"] == "/data/runsc"
    assert f"'--config-file', '{tmp_path}/engine.json'" in (tmp_path / "logs" / "dockerd.log").read_text()
    assert (tmp_path / "daemon.json").read_text() == '{"log-level": "warn"}'


def test_a_running_one_is_never_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, socket_file: Path
) -> None:
    install(tmp_path, monkeypatch, DOCKERD)
    monkeypatch.setattr(engine, "is_root", lambda: False)
    with subprocess.Popen([tmp_path / "bin" / "dockerd", "--host", f"unix://{socket_file}"]) as other:
        try:
            ends_at = time.monotonic() + 30
            while not socket_file.exists() and time.monotonic() < ends_at:
                time.sleep(0.02)
            with ensure_engine(Steps(io.StringIO()), Settings(data_dir=tmp_path)) as found:
                assert not found.is_ours
            assert other.poll() is None
            connect(f"unix://{socket_file}").close()
        finally:
            other.terminate()


def test_one_that_cannot_start_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, socket_file: Path
) -> None:
    install(tmp_path, monkeypatch, "#!/bin/sh\necho 'Devices cgroup isn'\\''t mounted'\nexit 1\n")
    assert not socket_file.exists()
    with (
        pytest.raises(HostError, match="Devices cgroup") as caught,
        ensure_engine(Steps(io.StringIO()), Settings(data_dir=tmp_path)),
    ):
        pass
    assert "mount -t cgroup2" in caught.value.next_step


def test_without_root_the_way_out_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, socket_file: Path
) -> None:
    monkeypatch.setattr(engine, "is_root", lambda: False)
    with (
        pytest.raises(HostError, match=str(socket_file)) as caught,
        ensure_engine(Steps(io.StringIO()), Settings(data_dir=tmp_path)),
    ):
        pass
    assert "root" in caught.value.next_step


def test_a_named_engine_is_not_replaced_by_another(tmp_path: Path, socket_file: Path) -> None:
    settings = Settings(data_dir=tmp_path, docker_host=f"unix://{tmp_path}/mine.sock")
    with (
        pytest.raises(HostError, match=r"mine\.sock") as caught,
        ensure_engine(Steps(io.StringIO()), settings),
    ):
        pass
    assert "DOCKER_HOST" in caught.value.next_step
    assert not socket_file.exists()


def test_the_most_telling_failure_is_reported(tmp_path: Path) -> None:
    silent = tmp_path / "silent.sock"
    subprocess.run(
        [
            sys.executable,
            "-c",
            f"import socket; socket.socket(socket.AF_UNIX).bind({str(silent)!r})",
        ],
        check=True,
    )
    with pytest.raises(UnavailableError) as caught:
        find([f"unix://{tmp_path}/absent.sock", f"unix://{silent}"], timeout_seconds=1)
    assert caught.value.code == "engine-silent"
