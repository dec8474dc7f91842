"""Keep a few child processes running: web, workers, clock.

One thread watches them. A child that ends is started again after a pause that doubles each time; one that
has run for a while is forgiven. At the end all of them get SIGTERM at once and once only (a worker that is asked twice
drops what it does), time to finish, then SIGKILL.
"""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from audition.host.children import ask_to_end, see_end, spawn, tail
from audition.host.steps import HostError

_LOOK_SECONDS = 0.2
_PAUSES_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_FORGIVEN_SECONDS = 60.0


@dataclass
class _Child:
    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] | None
    log: Path
    process: subprocess.Popen[bytes]
    started_at: float
    """On the monotonic clock, as `restart_at` is."""
    crashes: int = 0
    restart_at: float | None = None
    exit_codes: list[int] = field(default_factory=list)


class Processes:
    """Supervisor of child processes, used as a context manager.

    Example:
        with Processes(settings.data_dir / "logs") as processes:
            processes.start("web", [sys.executable, "-m", "audition", "serve"])
            processes.wait_ready("web", lambda: port_answers(), seconds=20)
            processes.wait()
    """

    def __init__(
        self,
        log_dir: Path,
        *,
        stop_seconds: float = 20,
        on_crash: Callable[[str, int], None] | None = None,
        pauses: Mapping[int, float] | None = None,
    ) -> None:
        """Prepare a supervisor.

        Args:
            log_dir: Each child writes to `<log_dir>/<name>.log`.
            stop_seconds: How long children may take to end before they are killed.
            on_crash: Told the name and exit code of a child that ended by itself.
            pauses: Seconds before another start, by exit code, for those that trying again soon does not help.
        """
        self._log_dir = log_dir
        self._stop_seconds = stop_seconds
        self._on_crash = on_crash
        self._pauses = dict(pauses or {})
        self._children: dict[str, _Child] = {}
        self._lock = threading.Lock()
        self._is_ending = threading.Event()
        self._is_over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="process-watcher", daemon=True)

    def __enter__(self) -> Self:
        """Start watching."""
        self._watcher.start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _tb: TracebackType | None,
    ) -> None:
        """Stop everything that was started here."""
        self._is_ending.set()
        with self._lock:
            running = [child.process for child in self._children.values()]
        for process in running:
            ask_to_end(process)
        ends_at = time.monotonic() + self._stop_seconds
        for process in running:
            see_end(process, patience_seconds=max(0.0, ends_at - time.monotonic()))
        self._is_over.set()
        self._watcher.join()

    def start(self, name: str, argv: Sequence[str], env: Mapping[str, str] | None = None) -> int:
        """Start a child and keep it running; return its process id.

        Args:
            name: Unique here; names the log as well.
            argv: Program and arguments.
            env: Its whole environment; None passes ours on.
        """
        log = self._log_dir / f"{name}.log"
        with self._lock:
            if name in self._children:
                raise ValueError(f"There is a process named {name!r} already")
            process = spawn(argv, log, env=env)
            self._children[name] = _Child(name, tuple(argv), env, log, process, time.monotonic())
        return process.pid

    def is_alive(self, name: str) -> bool:
        """Whether the child runs at this moment."""
        return self._children[name].process.poll() is None

    def wait_ready(self, name: str, is_ready: Callable[[], bool], *, seconds: float) -> None:
        """Wait until a child does its work for the first time.

        Raises:
            HostError: It ended, or was not ready in time; the message ends with its log.
        """
        child = self._children[name]
        ends_at = time.monotonic() + seconds
        while not is_ready():
            with self._lock:
                code = child.exit_codes[0] if child.exit_codes else None
            if code is not None:
                raise HostError(f"{name} {_ended(code)}. Its last words:\n{tail(child.log)}", str(child.log))
            if time.monotonic() > ends_at:
                raise HostError(
                    f"{name} was not ready after {seconds:.0f} s:\n{tail(child.log)}",
                    str(child.log),
                )
            time.sleep(0.05)

    def wait(self) -> None:
        """Block until somebody asks this process to end (SIGINT or SIGTERM). Call it from the main thread."""
        asked = threading.Event()

        def ask(_signal: int, _frame: FrameType | None) -> None:
            asked.set()

        before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            # A bare wait() would not let the signal handler run until it returns on some platforms.
            while not asked.wait(timeout=0.5):
                pass
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _watch(self) -> None:
        while not self._is_ending.wait(_LOOK_SECONDS):
            with self._lock:
                # Asked again under the lock: nothing is started once the children were counted for the last time.
                for child in () if self._is_ending.is_set() else self._children.values():
                    self._look_at(child, time.monotonic())
        # The kernel ends a child when the thread that started it goes, and this thread started some of them: it must
        # not ask a second time those that are finishing their work.
        self._is_over.wait()

    def _look_at(self, child: _Child, now: float) -> None:
        if child.restart_at is not None:
            if now >= child.restart_at:
                child.process = spawn(child.argv, child.log, env=child.env)
                child.started_at, child.restart_at = now, None
            return
        code = child.process.poll()
        if code is None:
            return
        child.crashes = 0 if now - child.started_at > _FORGIVEN_SECONDS else child.crashes
        usual = _PAUSES_SECONDS[min(child.crashes, len(_PAUSES_SECONDS) - 1)]
        child.restart_at = now + self._pauses.get(code, usual)
        child.crashes += 1
        child.exit_codes.append(code)
        if self._on_crash is not None:
            self._on_crash(child.name, code)


def _ended(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
