"""Whoever measures has the machine alone, though the tests run in two processes.

Every test holds a share of it. One that measures waits until the other process has ended the test that it is at, and
nothing begins there until the measurement is over. In a pipeline only the time of the prober counts as measuring, and
only until the service has been started without its model: what comes after that, the minutes in which alert rules are
tried, is waiting. Before what takes long, a pipeline waits for whoever wants to measure, so that nobody waits for a run
of minutes.
"""

import fcntl
import functools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from audition.domain.build import BuildResult, BuildSpec
from audition.domain.execution import ContainerSpec, Exit
from audition.domain.run import Stage
from audition.domain.service import ServiceSpec
from audition.ports import Prober, Sandbox, Served, Service
from audition.settings import Settings


class Turns:
    """What this process holds of the machine: nothing, a share, or all of it."""

    def __init__(self, folder: Path) -> None:
        """Take turns with every process that uses the same folder."""
        folder.mkdir(parents=True, exist_ok=True)
        # Who waits to be alone keeps the door, so that new shares do not go past it for ever.
        self._door = (folder / "turns-door").open("ab", buffering=0)
        self._room = (folder / "turns-room").open("ab", buffering=0)
        self._has_share = False
        self._is_alone = False
        self.waited_seconds = 0.0
        """For others, so far."""

    @contextmanager
    def shared(self) -> Iterator[None]:
        """While a test runs that may have others beside it."""
        self._enter(fcntl.LOCK_SH)
        self._has_share = True
        try:
            yield
        finally:
            self._has_share = False
            self._leave()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While something is measured; a share is given back for so long."""
        if self._is_alone:
            yield
            return
        self._leave()
        self._enter(fcntl.LOCK_EX)
        self._is_alone = True
        try:
            yield
        finally:
            self._is_alone = False
            if self._has_share:
                # Nobody can come between: the door is kept until the share is there. So this never waits.
                fcntl.flock(self._room, fcntl.LOCK_SH)
                fcntl.flock(self._door, fcntl.LOCK_UN)
            else:
                self._leave()

    def step_aside(self) -> None:
        """Let another process measure if it waits for that; only a process's first thread holds its share."""
        if self._has_share and not self._is_alone and threading.current_thread() is threading.main_thread():
            self._leave()
            self._enter(fcntl.LOCK_SH)

    def close(self) -> None:
        """Have no hold, and want none any more."""
        self._room.close()
        self._door.close()

    def _enter(self, kind: int) -> None:
        began = time.monotonic()
        fcntl.flock(self._door, fcntl.LOCK_EX)
        fcntl.flock(self._room, kind)
        self.waited_seconds += time.monotonic() - began
        if kind == fcntl.LOCK_SH:
            fcntl.flock(self._door, fcntl.LOCK_UN)

    def _leave(self) -> None:
        fcntl.flock(self._room, fcntl.LOCK_UN)
        fcntl.flock(self._door, fcntl.LOCK_UN)


@functools.cache
def turns() -> Turns:
    """Those of this process with whoever tests this checkout."""
    return Turns(Settings.from_env().data_dir)


class Undisturbed:
    """A sandbox whose probers measure alone; everything else is as it was."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Implements `Sandbox` around another one."""
        self._sandbox = sandbox

    def __getattr__(self, name: str) -> Any:
        """Whatever is not said here."""
        return getattr(self._sandbox, name)

    @contextmanager
    def probe(self, spec: ContainerSpec) -> Iterator[Prober]:
        """See `ports.Sandbox.probe`."""
        with ExitStack() as quiet:
            quiet.enter_context(turns().alone())
            with self._sandbox.probe(spec) as prober:
                # Drift is measured to its end.
                yield prober if spec.stage == Stage.DRIFT else cast(Prober, _Measuring(prober, quiet.close))

    def show(
        self,
        images: Sequence[str],
        spec: ContainerSpec,
        max_bytes: int,
        should_stop: Callable[[], bool] | None = None,
    ) -> Exit:
        """See `ports.Sandbox.show`."""
        turns().step_aside()
        return self._sandbox.show(images, spec, max_bytes, should_stop)

    def serve(self, spec: ContainerSpec) -> AbstractContextManager[Served]:
        """See `ports.Sandbox.serve`."""
        if spec.stage == Stage.EXERCISE:
            turns().step_aside()
        return self._sandbox.serve(spec)

    def build(
        self, spec: BuildSpec, context: BinaryIO, should_stop: Callable[[], bool] | None = None
    ) -> BuildResult:
        """See `ports.Sandbox.build`."""
        turns().step_aside()
        return self._sandbox.build(spec, context, should_stop)


class _Measuring:
    """A prober that says when it has measured: with the start that has no model to answer with."""

    def __init__(self, prober: Prober, on_measured: Callable[[], None]) -> None:
        self._prober = prober
        self._on_measured = on_measured

    def __getattr__(self, name: str) -> Any:
        return getattr(self._prober, name)

    def start(self, spec: ServiceSpec) -> Service:
        """See `ports.Prober.start`."""
        if spec.hidden:
            self._on_measured()
        return self._prober.start(spec)
