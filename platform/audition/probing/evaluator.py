"""A real Prometheus beside the prober: scrapes the candidate's service and evaluates the candidate's rules.

Theory of operation. The server is a child process with a database in memory-backed scratch. Rules reach it as data
(names of our own, expressions, waits, plain labels), so no file of a candidate does. It listens where it must, on a
port that the kernel chooses, and answers nobody: its pages want a password that does not exist. Nothing is asked of it
while it runs; when it has ended, `promtool tsdb dump` tells which alerts were firing at which evaluation. Queries have
a deadline and a cap on samples, scrapes a cap on bytes, series and labels, the process a cap on memory: a rule that is
too heavy fails its evaluation and does not fire, and a server that dies is a limit of ours.
"""

import asyncio
import json
import os
import re
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from audition.domain.alerting import AlertRule
from audition.probing.prometheus_files import (
    Recorded,
    Target,
    arguments,
    configuration,
    grouped,
    recorded,
    refused_by,
    rule_file,
)

HOME = Path("/opt/prometheus/bin")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_MOST_MEMORY = 256 << 20
_MOST_DUMP = 16 << 20
_DUMP_SECONDS = 15.0
_STOP_SECONDS = 10.0
_LOAD_SECONDS = 1.0
_MOST_CHECKS = 3
_TICK_SECONDS = 0.2
#: A well-formed hash that no password is known to have.
_NOBODY = "$2b$10$" + "7Qh0x1m4Zs9Vd2Lr8Ky3Uu" + "eJ6fTgW5nPbXoRaHcSiMzNvDqYlEk1w"


class EvaluatorError(Exception):
    """The server could not do its work: a limit of ours. The message is for people."""


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
        said = await self._said("prometheus", "--version")
        match = re.search(r"version (\S+)", said.decode("utf-8", "replace"))
        return match[1] if match else ""

    async def start(self) -> None:
        """Start it; it scrapes from now on.

        Raises:
            EvaluatorError: It cannot be started.
        """
        folder = Path(self._folder.name)
        self._refused = await self._refuse(folder / "rules.json")
        _write(folder / "prometheus.json", configuration(self._rules, self._target))
        _write(folder / "web.json", {"basic_auth_users": {"nobody": _NOBODY}})
        argv = arguments(folder, self._target)
        environment = {"GOMAXPROCS": "1", "GOMEMLIMIT": f"{_MOST_MEMORY * 3 // 4}", "HOME": str(folder)}
        self._began_at, self._began = time.time(), time.monotonic()
        try:
            self._process = await asyncio.create_subprocess_exec(
                self._home / "prometheus",
                *argv,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=(folder / "said").open("wb"),
            )
        except OSError as error:
            msg = f"Prometheus cannot be started: {error.strerror}."
            raise EvaluatorError(msg) from None
        self._watch = asyncio.create_task(self._guard(self._process))
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
        dump = await self._said("promtool", "tsdb", "dump", '--match={__name__=~"ALERTS|up"}', data)
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

    async def _refuse(self, file: Path) -> frozenset[int]:
        """Write the rule file without what cannot be loaded, for one such rule would keep the server from starting."""
        refused: frozenset[int] = frozenset()
        for _ in range(_MOST_CHECKS):
            _write(file, rule_file(self._rules, self._target, refused))
            said = await self._said("promtool", "check", "rules", "--lint=none", str(file), codes=(0, 1))
            if b"SUCCESS" in said:
                return refused
            refused |= refused_by(said.decode("utf-8", "replace"), grouped(self._rules, refused))
        msg = "Prometheus cannot load these rules."
        raise EvaluatorError(msg)

    async def _said(self, program: str, *argv: str, codes: tuple[int, ...] = (0,)) -> bytes:
        try:
            process = await asyncio.create_subprocess_exec(
                self._home / program,
                *argv,
                env={"GOMAXPROCS": "1", "HOME": self._folder.name},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
        except OSError as error:
            msg = f"{program} cannot be started: {error.strerror}."
            raise EvaluatorError(msg) from None
        assert process.stdout is not None  # noqa: S101  a pipe was asked for
        try:
            async with asyncio.timeout(_DUMP_SECONDS):
                text = await _read(process.stdout, _MOST_DUMP)
                code = await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
            msg = f"{program} did not end in time."
            raise EvaluatorError(msg) from None
        if code not in codes:
            msg = f"{program} ended with {code}."
            raise EvaluatorError(msg)
        return text

    async def _guard(self, process: asyncio.subprocess.Process) -> None:
        """Kill it when it takes more memory than it may."""
        while process.returncode is None:
            if _resident_bytes(process.pid) > _MOST_MEMORY:
                self._is_too_large = True
                process.kill()
            await asyncio.sleep(_TICK_SECONDS)

    def _trouble(self) -> str:
        if self._is_too_large:
            return f"Prometheus took more than {_MOST_MEMORY >> 20} MiB for these metrics and rules."
        with suppress(OSError):
            said = Path(self._folder.name, "said").read_bytes()[-400:].decode("utf-8", "replace")
            return f"Prometheus ended by itself: {' '.join(said.split())}"
        return "Prometheus was not started."


def _write(file: Path, document: dict[str, object]) -> None:
    """JSON, which is YAML."""
    file.write_text(json.dumps(document))


def _resident_bytes(pid: int) -> int:
    with suppress(OSError, IndexError, ValueError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    return 0


async def _read(stream: asyncio.StreamReader, most: int) -> bytes:
    """All of a stream, up to a cap."""
    found = bytearray()
    while block := await stream.read(1 << 16):
        found += block
        if len(found) > most:
            msg = "Prometheus recorded more than is read."
            raise EvaluatorError(msg)
    return bytes(found)
