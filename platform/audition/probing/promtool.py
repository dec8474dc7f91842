"""Run the programs of Prometheus that end by themselves: bounded in time and in what they say."""

import asyncio
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from audition.domain.alerting import AlertRule
from audition.probing.prometheus_files import Target, grouped, refused_by, rule_file

HOME = Path("/opt/prometheus/bin")
RULES_FILE = "rules.json"
_MOST_SAID = 16 << 20
_SECONDS = 15.0
_MOST_CHECKS = 3
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK_SECONDS = 0.2
MOST_MEMORY = 256 << 20
"""Of a program of Prometheus; those that end by themselves collect garbage long before."""


class EvaluatorError(Exception):
    """Prometheus could not do its work: a limit of ours. The message is for people."""


def environment(folder: Path) -> dict[str, str]:
    """One core, and memory collected before there is much of it."""
    return {"GOMAXPROCS": "1", "GOMEMLIMIT": str(MOST_MEMORY * 3 // 4), "HOME": str(folder)}


async def guard(process: asyncio.subprocess.Process) -> bool:
    """Kill a program when it takes more memory than it may; whether it did, known when it has ended."""
    while process.returncode is None:
        if _resident_bytes(process.pid) > MOST_MEMORY:
            process.kill()
            return True
        await asyncio.sleep(_TICK_SECONDS)
    return False


def _resident_bytes(pid: int) -> int:
    with suppress(OSError, IndexError, ValueError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    return 0


def write(file: Path, document: dict[str, object]) -> None:
    """Write a file as JSON, which is YAML."""
    file.write_text(json.dumps(document))


async def load_rules(rules: Sequence[AlertRule], target: Target, folder: Path, home: Path) -> frozenset[int]:
    """Write the rule file without what cannot be loaded, for one such rule would keep out all others.

    Returns:
        Places of the rules that were left out.

    Raises:
        EvaluatorError: Nothing can be loaded.
    """
    refused: frozenset[int] = frozenset()
    file = folder / RULES_FILE
    for _ in range(_MOST_CHECKS):
        write(file, rule_file(rules, target, refused))
        asked = ("check", "rules", "--lint=none", str(file))
        said = await said_by(home / "promtool", *asked, folder=folder, codes=(0, 1))
        if b"SUCCESS" in said:
            return refused
        refused |= refused_by(said.decode("utf-8", "replace"), grouped(rules, refused))
    msg = "Prometheus cannot load these rules."
    raise EvaluatorError(msg)


async def said_by(
    program: Path,
    *argv: str,
    folder: Path,
    codes: tuple[int, ...] = (0,),
    seconds: float = _SECONDS,
    stdin: bytes = b"",
) -> bytes:
    """What a program says on both its streams until it ends.

    Raises:
        EvaluatorError: It cannot be started, takes too long, says too much, or ends otherwise than with these codes.
    """
    name = program.name
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            *argv,
            cwd=folder,
            env=environment(folder),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
    except OSError as error:
        msg = f"{name} cannot be started: {error.strerror}."
        raise EvaluatorError(msg) from None
    assert process.stdout is not None  # noqa: S101  a pipe was asked for
    guarded = asyncio.create_task(guard(process))
    fed = asyncio.create_task(_feed(process, stdin))
    try:
        async with asyncio.timeout(seconds):
            text = await _read(process.stdout)
            code = await process.wait()
    except TimeoutError:
        msg = f"{name} did not end in time."
        raise EvaluatorError(msg) from None
    finally:
        guarded.cancel()
        fed.cancel()
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code not in codes:
        msg = f"{name} ended with {code}."
        raise EvaluatorError(msg)
    return text


async def _feed(process: asyncio.subprocess.Process, data: bytes) -> None:
    """Give a program its input; one that ends before it has read all of it is fine."""
    assert process.stdin is not None  # noqa: S101  a pipe was asked for
    with suppress(ConnectionError):
        process.stdin.write(data)
        await process.stdin.drain()
    process.stdin.close()


async def _read(stream: asyncio.StreamReader) -> bytes:
    """All of a stream, up to a cap."""
    found = bytearray()
    while block := await stream.read(1 << 16):
        found += block
        if len(found) > _MOST_SAID:
            msg = "Prometheus said more than is read."
            raise EvaluatorError(msg)
    return bytes(found)
