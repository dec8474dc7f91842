"""Start a service as a process of its own on a free port, and be its runner."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from audition.domain.probe_plan import Answer, AskVerb, Start
from audition.domain.service import Restriction
from tests.ports import free_port

REPO = Path(__file__).resolve().parents[2]
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Running:
    """A service that was started; it answers what a runner would."""

    process: subprocess.Popen[bytes]
    port: int
    terminated_at: float = 0.0
    asked: list[AskVerb] = field(default_factory=list)
    is_killed: bool = False
    _brake: "asyncio.Task[None] | None" = None

    async def ask(self, verb: AskVerb, start: Start | None = None) -> Answer:  # noqa: ARG002  it runs already
        """As the worker does for a container, with this process in its place."""
        self.asked.append(verb)
        number = len(self.asked)
        if verb is AskVerb.CPU:
            return Answer(number=number, cpu_seconds=self.cpu_seconds())
        if verb in {AskVerb.SLOW, AskVerb.FAST}:
            await self._slow(is_slow=verb is AskVerb.SLOW)
            return Answer(number=number)
        if verb is AskVerb.KILL:
            self.kill()
        if verb is AskVerb.TERMINATE:
            self.terminated_at = time.monotonic()
            self.process.send_signal(signal.SIGTERM)
            return Answer(number=number)
        if verb is AskVerb.STATE:
            ended = self.process.poll()
            return Answer(number=number, is_running=ended is None, exit_code=ended)
        try:
            code = await asyncio.to_thread(self.process.wait, 15)
        except subprocess.TimeoutExpired:
            return Answer(number=number)
        # A shell and a container engine report a death by signal as 128 plus its number.
        return Answer(
            number=number,
            exit_code=128 - code if code < 0 else code,
            exit_seconds=time.monotonic() - self.terminated_at,
        )

    async def _slow(self, *, is_slow: bool) -> None:
        """A hundredth of a processor, by stopping it most of the time; there is no cgroup here."""
        if self._brake is not None:
            self._brake.cancel()
            self._brake = None
            self.process.send_signal(signal.SIGCONT)
        if is_slow:
            self._brake = asyncio.create_task(self._stutter())

    async def _stutter(self) -> None:
        while self.process.poll() is None:
            self.process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(0.1)
            self.process.send_signal(signal.SIGCONT)
            await asyncio.sleep(0.001)

    def await_workers(self, count: int) -> None:
        """Wait until so many of its processes answer; they say which they are by a header."""
        seen: set[str] = set()
        ends_at = time.monotonic() + 120
        while len(seen) < count:
            assert time.monotonic() < ends_at, f"{len(seen)} of {count} workers answer"
            with contextlib.suppress(OSError):
                page = urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5)
                seen.add(page.headers["X-Worker"])
            time.sleep(0.01)

    def kill(self) -> None:
        """As an engine kills a container: the process and every worker that it started."""
        if self.is_killed:
            return  # Its number may be somebody else's by now.
        self.is_killed = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def cpu_seconds(self) -> float:
        """Of the process and of its children, in the kernel's ticks."""
        total = 0
        for pid in [self.process.pid, *self._children()]:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / _TICKS

    def memory_bytes(self) -> int:
        """Resident memory of the process."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * _PAGE

    def _children(self) -> list[int]:
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Launcher:
    """A runner that starts a service as often as it is asked, as a worker does: the FastAPI one, or another."""

    def __init__(self, service: Callable[[int], AbstractContextManager[Running]] | None = None) -> None:
        """Start nothing yet; the port stays the same."""
        self.port = free_port()
        self._service = service
        self.starts: list[Start] = []
        self.verbs: list[AskVerb] = []
        self.flaws: dict[Restriction, str] = {}
        self._open = ExitStack()
        self._running: Running | None = None

    async def ask(self, verb: AskVerb, start: Start | None = None) -> Answer:
        """Run an errand."""
        self.verbs.append(verb)
        if verb is AskVerb.START:
            self._open.close()
            self.starts.append(start or Start())
            self._running = self._open.enter_context(self._start(self.starts[-1]))
        assert self._running is not None
        if verb is AskVerb.KILL:
            self._running.kill()
        if verb in {AskVerb.CPU, AskVerb.TERMINATE, AskVerb.EXIT}:
            return await self._running.ask(verb)
        if verb is AskVerb.LOGS:
            return Answer(number=1, logs="level=info route=/predict status=200\nhello\n")
        code = self._running.process.poll()
        memory = self._running.memory_bytes() if code is None else None
        return Answer(number=1, is_running=code is None, exit_code=code, memory_bytes=memory, user="10001")

    def _start(self, start: Start) -> AbstractContextManager[Running]:
        if self._service is not None:
            return self._service(self.port)
        flaw = "no-model" if start.is_without_model else self.flaws.get(start.restriction, "")
        return fastapi_service(flaw=flaw, port=self.port)

    def close(self) -> None:
        """End what runs."""
        self._open.close()


@contextmanager
def started(argv: list[str], port: int, **environment: str) -> Iterator[Running]:
    """A program of this repository, ended at the end."""
    env = {**os.environ, "PYTHONPATH": f"{REPO}:{REPO / 'platform'}", "OMP_NUM_THREADS": "1", **environment}
    process = subprocess.Popen(
        [sys.executable, *argv],
        cwd=REPO,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    running = Running(process, port)
    try:
        yield running
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        running.kill()  # Workers that a killed parent left behind, too.


@contextmanager
def fastapi_service(
    kind: str = "audition", flaw: str = "", *, host: str = "0.0.0.0", workers: int = 1, port: int = 0
) -> Iterator[Running]:
    """The FastAPI service with a contract and a flaw."""
    port = port or free_port()
    argv = ["-m", "uvicorn", "tests.services.fastapi_service:make", "--factory", "--log-level", "warning"]
    argv += ["--host", host, "--port", str(port), "--workers", str(workers)]
    with started(argv, port, SERVICE_KIND=kind, SERVICE_FLAW=flaw) as running:
        yield running


@contextmanager
def monitor_service(port: int, *monitors: str, workers: int = 1, **environment: str) -> Iterator[Running]:
    """The service with drift monitors."""
    argv = ["-m", "uvicorn", "tests.services.monitor_service:make", "--factory", "--log-level", "warning"]
    argv += ["--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    with started(argv, port, SERVICE_MONITORS=" ".join(monitors), **environment) as running:
        yield running


@contextmanager
def flask_service() -> Iterator[Running]:
    """The Flask service."""
    port = free_port()
    with started(["-m", "tests.services.flask_service", str(port)], port) as running:
        yield running


@contextmanager
def hostile_service(trick: str) -> Iterator[Running]:
    """A server that does one hostile thing; it listens when this returns."""
    port = free_port()
    with started(["-m", "tests.services.hostile", str(port), trick], port) as running:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield running
