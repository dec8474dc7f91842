"""Run a linter: a process with a deadline, a memory cap and an output cap, none of which it can talk us out of."""

import os
import resource
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_PAGE = resource.getpagesize()
_TICK_SECONDS = 0.05
_MAX_SAID = 4000
#: Where /proc/PID/stat has the session and the resident pages, counted behind the command. Source: proc(5).
_SESSION, _RESIDENT = 3, 21


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """What one process may take."""

    seconds: float = 30.0
    memory_bytes: int = 700 << 20
    """Resident, of the process and what it started."""
    output_bytes: int = 8 << 20
    """Of standard output, and of any file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a process ended."""

    code: int
    stdout: bytes
    said: str
    """The end of standard error."""
    seconds: float
    is_late: bool = False
    stopped_for: str = ""
    """Why we ended it, when not for time."""


def run(argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str], caps: Caps) -> Ended:
    """Run a program to its end or ours.

    Raises:
        OSError: It cannot be started.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.monotonic()
        process = subprocess.Popen(  # noqa: S603  the argument vector is ours, file names behind "./"
            list(argv),
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (caps.output_bytes, caps.output_bytes))
        why = _watch(process, caps, began, out)
        seconds = time.monotonic() - began
        # Its children too, whatever they are doing: they are of its session.
        _kill(process)
        return Ended(
            code=process.returncode,
            stdout=_read(out, caps.output_bytes),
            said=_read(err, caps.output_bytes)[-_MAX_SAID:].decode("utf-8", "replace"),
            seconds=round(seconds, 3),
            is_late=why == "time",
            stopped_for="" if why == "time" else why,
        )


def _watch(process: subprocess.Popen[bytes], caps: Caps, began: float, out: IO[bytes]) -> str:
    """Wait for the end, or return which cap was reached."""
    while True:
        try:
            process.wait(_TICK_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        else:
            return "output" if os.fstat(out.fileno()).st_size >= caps.output_bytes else ""
        if time.monotonic() - began > caps.seconds:
            return "time"
        if _resident_bytes(process.pid) > caps.memory_bytes:
            return "memory"


def _resident_bytes(session: int) -> int:
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # It ended meanwhile.
        if int(fields[_SESSION]) == session:
            total += int(fields[_RESIDENT]) * _PAGE
    return total


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):  # When nothing of it is left.
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _read(stream: IO[bytes], most: int) -> bytes:
    stream.seek(0)
    return stream.read(most)
