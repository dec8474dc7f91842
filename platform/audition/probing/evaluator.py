"""A real Prometheus beside the prober: scrapes the candidate's service and evaluates the candidate's rules.

Theory of operation. The server is a child process with a database in memory-backed scratch. Rules reach it as data
(names of our own, expressions, waits, plain labels), so no file of a candidate does. It listens where it must, on a
port that the kernel chooses, and answers nobody: its pages want a password that does not exist. Nothing is asked of it
while it runs; when it has ended, `promtool tsdb dump` tells which alerts were firing at which evaluation. Queries have
a deadline and a cap on samples, scrapes a cap on bytes, series and labels, the process a cap on memory: a rule that is
too heavy fails its evaluation and does not fire, and a server that dies is a limit of ours.
"""

import asyncio
import re
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from audition.domain.alerting import AlertRule
from audition.probing.prometheus_files import Recorded, Target, arguments, configuration, recorded
from audition.probing.promtool import (
    HOME,
    MOST_MEMORY,
    EvaluatorError,
    environment,
    guard,
    load_rules,
    said_by,
    write,
)

_STOP_SECONDS = 10.0
_LOAD_SECONDS = 1.0
#: A well-formed hash that no password is known to have.
_NOBODY = "$2b$10$" + "7Qh0x1m4Zs9Vd2Lr8Ky3Uu" + "eJ6fTgW5nPbXoRaHcSiMzNvDqYlEk1w"


class Evaluator:
    """One server, from its start to what it recorded."""

    def __init__(self, target: Target, rules: Sequence[AlertRule], home: Path = HOME) -> None:
        """Start nothing yet.

        Args:
            target: What to scrape.
            rules: What to evaluate, in order.
            home: Where the programs are.
        """
        self._target = target
        self._rules = rules
        self._home = home
        self._folder = tempfile.TemporaryDirectory(prefix="prometheus-")
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self._began_at = self._began = 0.0
        self._is_too_large = False
        self._refused: frozenset[int] = frozenset()

    async def version(self) -> str:
        """What the program says of itself."""
        said = await said_by(self._home / "prometheus", "--version", folder=Path(self._folder.name))
        match = re.search(r"version (\S+)", said.decode("utf-8", "replace"))
        return match[1] if match else ""

    async def start(self) -> None:
        """Start it; it scrapes from now on.

        Raises:
            EvaluatorError: It cannot be started.
        """
        folder = Path(self._folder.name)
        self._refused = await load_rules(self._rules, self._target, folder, self._home)
        write(folder / "prometheus.json", configuration(self._rules, self._target))
        write(folder / "web.json", {"basic_auth_users": {"nobody": _NOBODY}})
        argv = arguments(folder, self._target)
        self._began_at, self._began = time.time(), time.monotonic()
        try:
            self._process = await asyncio.create_subprocess_exec(
                self._home / "prometheus",
                *argv,
                env=environment(folder),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=(folder / "said").open("wb"),
            )
        except OSError as error:
            msg = f"Prometheus cannot be started: {error.strerror}."
            raise EvaluatorError(msg) from None
        self._watch = asyncio.create_task(self._end_when_large(self._process))
        with suppress(TimeoutError):
            # What it cannot load it says at once.
            await asyncio.wait_for(self._process.wait(), _LOAD_SECONDS)
            raise EvaluatorError(self._trouble())

    def seconds(self) -> float:
        """Since it was started."""
        return time.monotonic() - self._began

    async def stop(self) -> Recorded:
        """End it and read what it recorded.

        Raises:
            EvaluatorError: It had ended before, or what it recorded cannot be read.
        """
        process = self._process
        if process is None or process.returncode is not None:
            raise EvaluatorError(self._trouble())
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
        if self._is_too_large:
            raise EvaluatorError(self._trouble())
        data = str(Path(self._folder.name, "data"))
        asked = ("tsdb", "dump", '--match={__name__=~"ALERTS|up"}', data)
        dump = await said_by(self._home / "promtool", *asked, folder=Path(self._folder.name))
        found = recorded(dump.decode("utf-8", "replace"), self._began_at, self._target.interval_seconds)
        return replace(found, refused=self._refused)

    async def close(self) -> None:
        """Leave nothing behind."""
        if self._watch is not None:
            self._watch.cancel()
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        self._folder.cleanup()

    async def _end_when_large(self, process: asyncio.subprocess.Process) -> None:
        self._is_too_large = await guard(process)

    def _trouble(self) -> str:
        if self._is_too_large:
            return f"Prometheus took more than {MOST_MEMORY >> 20} MiB for these metrics and rules."
        with suppress(OSError):
            said = Path(self._folder.name, "said").read_bytes()[-400:].decode("utf-8", "replace")
            return f"Prometheus ended by itself: {' '.join(said.split())}"
        return "Prometheus was not started."
