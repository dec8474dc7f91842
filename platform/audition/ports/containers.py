"""Running containers."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

from audition.domain.build import BuildResult, BuildSpec
from audition.domain.execution import ContainerSpec, Exit
from audition.domain.service import ServiceOutput, ServiceSpec, ServiceState, ServiceUsage


class Served(Protocol):
    """A started container that lives while others work beside it."""

    def read_line(self, max_bytes: int, timeout_seconds: float) -> bytes:
        """Next line of its stdout, without the line feed.

        Raises:
            UnavailableError: It ended, said too much, or said nothing in time.
        """
        ...

    def read_into(self, sink: BinaryIO, size: int, timeout_seconds: float) -> None:
        """Copy exactly `size` bytes of its stdout.

        Raises:
            UnavailableError: It ended before, or did not deliver in time.
        """
        ...

    def signal(self, name: str) -> None:
        """Send it a signal, e.g. "SIGUSR1"."""
        ...

    def stop(self) -> Exit:
        """End it at once and say how it ended."""
        ...


class Prober(Served, Protocol):
    """A trusted container that can be answered, and whose loopback services are started on."""

    def write_line(self, line: bytes) -> None:
        """Put a line on its stdin; the line feed is added.

        Raises:
            UnavailableError: It ended, or does not read.
        """
        ...

    def start(self, spec: ServiceSpec) -> "Service":
        """Start a candidate's service on this prober's loopback; one at a time.

        That its command does not exist or ends at once is its state, not an error.

        Raises:
            UnavailableError: The engine failed.
        """
        ...


class Service(Protocol):
    """One start of a candidate's service."""

    def state(self) -> ServiceState:
        """How it is now."""
        ...

    def usage(self) -> ServiceUsage | None:
        """What it has used; None when it does not run."""
        ...

    def output(self) -> ServiceOutput:
        """What it has printed."""
        ...

    def signal(self, name: str) -> bool:
        """Send its first process a signal, e.g. "SIGTERM"; false when it had ended."""
        ...

    def throttle(self, cpus: float) -> bool:
        """Change how much of the processors it may use, at least 0.01; false when it had ended.

        Raises:
            UnavailableError: The engine failed, or its runtime cannot.
        """
        ...

    def end(self) -> ServiceState:
        """Kill whatever is left of it and remove it; the last state is what is returned."""
        ...


class Sandbox(Protocol):
    """Runs containers. A candidate's failure is a value (`Exit`), ours is `UnavailableError`."""

    def run(self, spec: ContainerSpec, should_stop: Callable[[], bool] | None = None) -> Exit:
        """Run a container to its end, or to its limits; then it is dead (removal may still go on).

        One that `ends_with_line` is let go when it has said its line; it ends by itself or when the run is discarded.

        Args:
            spec: What to run.
            should_stop: Asked about every second; when true the container is ended.

        Raises:
            UnavailableError: The engine failed, not the container.
        """
        ...

    def show(
        self,
        images: Sequence[str],
        spec: ContainerSpec,
        max_bytes: int,
        should_stop: Callable[[], bool] | None = None,
    ) -> Exit:
        """Run a trusted container to its end with images of this host, as one tar, on its standard input.

        Args:
            images: References; what several share comes once.
            spec: What to run.
            max_bytes: Beyond it the tar is cut.
            should_stop: See `run`.

        Raises:
            UnavailableError: The engine failed, or has no such image.
        """
        ...

    def expect(self, specs: Sequence[ContainerSpec]) -> None:
        """Announce the containers that a run will ask for, so that they can be started ahead.

        Only a hint: `run` and `serve` do the same with and without it, at another speed.

        Args:
            specs: One for each stage, all with the run's ownership; commands and files may still differ.
        """
        ...

    def stock(self, specs: Sequence[ContainerSpec], count: int) -> bool:
        """Keep sets of containers like these waiting, for runs to come; true when one was added.

        Raises:
            UnavailableError: The engine failed.
        """
        ...

    def clear(self) -> None:
        """Remove what waits; called when a worker ends."""
        ...

    def serve(self, spec: ContainerSpec) -> AbstractContextManager[Served]:
        """Start a container that outlives the call; leaving the context ends it.

        Raises:
            UnavailableError: The engine failed to start it.
        """
        ...

    def probe(self, spec: ContainerSpec) -> AbstractContextManager[Prober]:
        """Start a trusted container beside which services can be started; leaving the context ends them all.

        Raises:
            UnavailableError: The engine failed to start it.
        """
        ...

    def build(
        self, spec: BuildSpec, context: BinaryIO, should_stop: Callable[[], bool] | None = None
    ) -> BuildResult:
        """Build a candidate's image; it lives until the run is discarded.

        Args:
            spec: What to build; its plan was found acceptable by a trusted container.
            context: A tar, passed on unread.
            should_stop: Asked about every second; when true the build is ended.

        Raises:
            UnavailableError: The engine failed, not a step.
        """
        ...

    def discard(self, run_id: str, fence: int) -> None:
        """Remove every container, volume and built image of one run and fence; never raises for absent ones.

        Where an attendant stands by (`tidy`), it may be left to it what is of no more use to anybody.
        """
        ...

    def tidy(self) -> int:
        """Remove what was discarded and left for an attendant; return how many sets of containers.

        Raises:
            UnavailableError: The engine failed.
        """
        ...

    def sweep(self, is_over: Callable[[str, int], bool]) -> int:
        """Remove what our runs left that are over or late, and what others left long ago; return how many.

        Ours is late 30 s after its deadline. What is of another instance has ten minutes: it may be swept there.

        Args:
            is_over: Told (run id, fence); true when nothing of it may live.
        """
        ...

    def image_id(self, reference: str) -> str:
        """Content id of an image.

        Raises:
            UnavailableError: The image is not on this host.
        """
        ...

    def facts(self) -> dict[str, str]:
        """Engine version, runtime, cgroup version and so on, for provenance."""
        ...
