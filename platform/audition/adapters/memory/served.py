"""Fake containers that live while others work beside them: their programs play in threads of their own."""

import threading
from collections.abc import Callable
from typing import BinaryIO, NoReturn

from audition.adapters.memory.inside import Inside
from audition.domain.errors import UnavailableError
from audition.domain.execution import Exit
from audition.domain.service import Restriction, ServiceOutput, ServiceSpec, ServiceState, ServiceUsage
from audition.ports import Service

_STRANGER = "20000:20000"


class Playing:
    """A program under way."""

    def __init__(self, play: Callable[[], Exit]) -> None:
        """Start it."""
        self._exit: Exit | None = None

        def keep() -> None:
            self._exit = play()

        self._thread = threading.Thread(target=keep, daemon=True, name="fake container")
        self._thread.start()

    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._thread.is_alive()

    def result(self) -> Exit:
        """Wait for its end."""
        self._thread.join()
        if self._exit is None:
            msg = "The program of a fake container raised; see the test's output."
            raise RuntimeError(msg)
        return self._exit


class FakeServed:
    """Implements `Served`: the program plays in a thread of its own."""

    def __init__(self, inside: Inside, play: Callable[[], Exit]) -> None:
        """Start it; `play` runs its program to the end."""
        self._inside = inside
        self._inside.is_served = True
        self._play = Playing(play)
        self._read = 0

    def read_line(self, max_bytes: int, timeout_seconds: float) -> bytes:
        """See `ports.Served.read_line`."""
        inside = self._inside

        def is_ready() -> bool:
            pending = inside.stdout[self._read :]
            return b"\n" in pending or len(pending) > max_bytes or inside.has_ended

        self._await(is_ready, timeout_seconds)
        end = inside.stdout.find(b"\n", self._read)
        size = (end if end >= 0 else len(inside.stdout)) - self._read
        if size > max_bytes:
            self._fail(f"said more than {max_bytes:,} bytes in one line")
        if end < 0:
            self._fail("ended before it had answered")
        line = bytes(inside.stdout[self._read : end])
        self._read = end + 1
        return line

    def read_into(self, sink: BinaryIO, size: int, timeout_seconds: float) -> None:
        """See `ports.Served.read_into`."""
        inside = self._inside
        self._await(lambda: len(inside.stdout) - self._read >= size or inside.has_ended, timeout_seconds)
        data = bytes(inside.stdout[self._read : self._read + size])
        sink.write(data)
        self._read += len(data)
        if len(data) < size:
            self._fail("ended before it had answered")

    def signal(self, name: str) -> None:
        """See `ports.Served.signal`."""
        if self._inside.has_ended:
            self._fail("is not running")
        self._inside.send(name)

    def stop(self) -> Exit:
        """See `ports.Served.stop`."""
        self._inside.kill()
        return self._play.result()

    def _await(self, is_ready: Callable[[], bool], timeout_seconds: float) -> None:
        with self._inside.news:
            if not self._inside.news.wait_for(is_ready, timeout_seconds):
                self._fail("did not answer in time")

    def _fail(self, how: str) -> NoReturn:
        msg = f"The {self._inside.spec.stage} container {how}."
        raise UnavailableError(msg)


class FakeProber(FakeServed):
    """Implements `Prober`."""

    def __init__(
        self, inside: Inside, play: Callable[[], Exit], start: Callable[[ServiceSpec], Service]
    ) -> None:
        """Start it; `start` makes services."""
        super().__init__(inside, play)
        self._start = start
        self._started: list[Service] = []

    def write_line(self, line: bytes) -> None:
        """See `ports.Prober.write_line`."""
        if self._inside.has_ended:
            self._fail("is not running")
        self._inside.hear(line)

    def start(self, spec: ServiceSpec) -> Service:
        """See `ports.Prober.start`."""
        service = self._start(spec)
        self._started.append(service)
        return service

    def close(self) -> None:
        """End it and its services."""
        for service in self._started:
            service.end()
        self.stop()


class FakeService:
    """Implements `Service`."""

    def __init__(self, spec: ServiceSpec, inside: Inside, play: Callable[[], Exit]) -> None:
        """Start it."""
        self._spec = spec
        self._inside = inside
        self._playing = Playing(play)
        self.cpus = spec.limits.cpus

    def state(self) -> ServiceState:
        """See `ports.Service.state`."""
        user = _STRANGER if self._spec.restriction >= Restriction.ARBITRARY_USER else ""
        if self._playing.is_running():
            return ServiceState(is_running=True, user=user, running_seconds=self._inside.seconds)
        exit_ = self._playing.result()
        return ServiceState(
            is_running=False,
            exit_code=exit_.exit_code,
            is_out_of_memory=exit_.is_out_of_memory,
            is_flooding=exit_.is_flooding,
            user=user,
            running_seconds=self._inside.seconds,
        )

    def usage(self) -> ServiceUsage | None:
        """See `ports.Service.usage`; time inside counts as processor time."""
        if not self._playing.is_running():
            return None
        return ServiceUsage(cpu_seconds=self._inside.seconds, memory_bytes=self._inside.peak_bytes)

    def output(self) -> ServiceOutput:
        """See `ports.Service.output`."""
        stdout, stderr = bytes(self._inside.stdout), bytes(self._inside.stderr)
        return ServiceOutput(stdout=stdout, stderr=stderr, total_bytes=len(stdout) + len(stderr))

    def signal(self, name: str) -> bool:
        """See `ports.Service.signal`."""
        if not self._playing.is_running():
            return False
        self._inside.send(name)
        return True

    def throttle(self, cpus: float) -> bool:
        """See `ports.Service.throttle`; kept for tests to see, programs here have no pace."""
        if not self._playing.is_running():
            return False
        self.cpus = cpus
        return True

    def end(self) -> ServiceState:
        """See `ports.Service.end`."""
        self._inside.kill()
        self._playing.result()
        return self.state()
