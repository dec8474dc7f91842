"""A container engine of a test's own beside the host's: started, stopped and killed without harm to anybody else."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import docker
import pytest

from audition.adapters.docker.engine_client import connect, engine_facts, usual_addresses
from audition.host.engine import write_configuration
from audition.settings import Settings

needs_own_engine = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("dockerd") is None,
    reason="starting an engine takes root and dockerd",
)
_START_SECONDS = 30.0
_STOP_SECONDS = 60.0


class OwnEngine:
    """Configured as one that Audition starts; without any bridge, so that it touches no network of the host."""

    def __init__(self, folder: Path) -> None:
        """Prepare one.

        Args:
            folder: Of its own, with a short path: that of a socket has at most 107 bytes.
        """
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.address = f"unix://{folder}/engine.sock"

    @property
    def log(self) -> str:
        """What it has said."""
        return (self._folder / "log").read_text(errors="replace")

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = {
            "--config-file": write_configuration(self._folder / "data", "", host_runsc()),
            "--data-root": self._folder / "root",
            "--exec-root": self._folder / "exec",
            "--pidfile": self._folder / "pid",
            "--host": self.address,
            "--bridge": "none",
        }
        words = [str(word) for option in options.items() for word in option]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["dockerd", *words, "--iptables=false", "--ip-forward=false"], stdout=log, stderr=log
            )
        self._await(self._process)

    def connect(self) -> docker.APIClient:
        """A client of it, which the caller closes."""
        return connect(self.address)

    def stop(self) -> None:
        """Ask it to end, and with it all its containers, as a service manager does."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=_STOP_SECONDS)

    def lose_power(self) -> None:
        """Kill the engine, its helpers and its containers at once, and forget what is only in memory."""
        assert self._process is not None
        client = self.connect()
        pids = [int(client.inspect_container(c["Id"])["State"]["Pid"]) for c in client.containers()]
        client.close()
        for pid in [self._process.pid, *self._helpers(), *pids]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(timeout=_STOP_SECONDS)
        for place in sorted(self._mounts(), reverse=True):
            subprocess.run(["umount", "--lazy", place], check=False, capture_output=True)
        shutil.rmtree(self._folder / "exec", ignore_errors=True)
        for name in ("pid", "engine.sock"):
            (self._folder / name).unlink(missing_ok=True)

    def copy(self, image: str) -> None:
        """Bring an image from the host's engine, without a registry."""
        host, own = connect(_host_address()), self.connect()
        with tempfile.TemporaryFile() as saved:
            for chunk in host.get_image(image):
                saved.write(chunk)
            saved.seek(0)
            for _ in own.load_image(saved):
                pass
        host.close()
        own.close()

    def _helpers(self) -> list[int]:
        """Processes that name a file in its folder among their arguments: its containerd and shims."""
        found = []
        for place in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                if str(self._folder / "exec").encode() in place.read_bytes():
                    found.append(int(place.parent.name))
        return found

    def _mounts(self) -> list[str]:
        places = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        return [place for place in places if place.startswith(f"{self._folder}/")]

    def _await(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + _START_SECONDS
        while not self._answers():
            assert process.poll() is None, self.log
            assert time.monotonic() < until, self.log
            time.sleep(0.1)

    def _answers(self) -> bool:
        if not Path(self.address.removeprefix("unix://")).exists():
            return False
        with suppress(docker.errors.APIError, OSError):
            client = self.connect()
            is_there = bool(client.ping())
            client.close()
            return is_there
        return False


def host_runsc() -> Path | None:
    """The program that the host's engine has registered."""
    host = connect(_host_address())
    command = engine_facts(host).gvisor_command
    host.close()
    return Path(command[0]) if command else None


def _host_address() -> str:
    return Settings.from_env().docker_host or usual_addresses()[0]
