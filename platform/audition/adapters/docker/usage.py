"""Measure what a running container uses, by the kernel's counters as the engine reports them."""

import json
import os
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException
from requests.exceptions import RequestException

from audition.domain.execution import Usage

#: How long a word of the engine may still be on its way when it has said that a container ended.
_LATE_SECONDS = 0.6
#: Most that is waited for an answer, which comes when that is over.
_WORD_SECONDS = 3.0
#: Between two looks at the kernel's counters: what happens in the last such moment of a container is not seen.
_READ_SECONDS = 0.02
_COUNTER_BYTES = 256


def ran_out_of_memory(client: docker.APIClient, container: str, started_at: float) -> bool:
    """Whether the kernel killed something in a container for memory, by what the engine announced.

    The engine writes the same into the container's record, but not if the container's end, of which it is told on
    another way, comes first; under gVisor, where all of a container dies at once, it sometimes does.

    Args:
        client: The engine.
        container: One that has ended.
        started_at: Unix time, at or before its start.
    """
    asked = {
        "since": str(int(started_at)),
        "until": f"{time.time() + _LATE_SECONDS:.3f}",
        "filters": json.dumps({"container": [container], "event": ["oom"]}),
    }
    try:
        # docker-py's own verb for this waits without a deadline.
        answer = client.get(
            f"{client.base_url}/v{client.api_version}/events", params=asked, timeout=_WORD_SECONDS
        )
    except (RequestException, OSError):
        return False
    return answer.ok and bool(answer.text.strip())


class Meter:
    """Follows a container's counters in the background; the last ones seen are its usage.

    On the engine's own host they are the kernel's files, read many times a second until the kernel takes them away,
    whatever the runtime: under gVisor they are those of the whole sandbox. From elsewhere they are what the engine
    publishes about once a second, so a container that ends before the first is never measured: its processor time
    and memory are then unknown, not zero.
    """

    def __init__(self, client: docker.APIClient, container: str) -> None:
        """Begin to follow."""
        self._client = client
        self._container = container
        self._cpu_seconds: float | None = None
        self._peak_bytes: int | None = None
        threading.Thread(target=self._follow, daemon=True, name="meter").start()

    def _follow(self) -> None:
        try:
            pid = int(self._client.inspect_container(self._container)["State"]["Pid"])
            with ExitStack() as files:
                if counters := counters_of(pid, self._container, files):
                    self._read(counters)
                    return
            for stats in self._client.stats(self._container, stream=True, decode=True):
                self._take(stats)
        except (DockerException, RequestException, OSError, ValueError):
            return  # No counters is no reason to fail a run.

    def _read(self, counters: "Counters") -> None:
        """Read until the group is gone, which the kernel says with an error."""
        while True:
            # The peak first: a container that ends between the two has its memory measured at least.
            self._peak_bytes = counters.peak_bytes()
            self._cpu_seconds = counters.cpu_seconds()
            time.sleep(_READ_SECONDS)

    def _take(self, stats: dict[str, Any]) -> None:
        memory: dict[str, Any] = stats.get("memory_stats") or {}
        # cgroup v1 keeps a high-water mark; on v2 the engine gives the present value only.
        used = memory.get("max_usage") or memory.get("usage")
        if used:
            self._peak_bytes = max(self._peak_bytes or 0, int(used))
        nanoseconds = (stats.get("cpu_stats") or {}).get("cpu_usage", {}).get("total_usage")
        if nanoseconds:
            self._cpu_seconds = nanoseconds / 1e9

    def usage(self) -> Usage:
        """What was seen; wall time comes from the engine's record of the container."""
        return Usage(cpu_seconds=self._cpu_seconds, peak_memory_bytes=self._peak_bytes)


@dataclass(frozen=True, slots=True)
class Counters:
    """Two open files of a container's control group."""

    peak: int
    cpu: int

    def peak_bytes(self) -> int:
        """The kernel's own high-water mark of memory."""
        return int(os.pread(self.peak, _COUNTER_BYTES, 0))

    def cpu_seconds(self) -> float:
        """Processor time so far."""
        text = os.pread(self.cpu, _COUNTER_BYTES, 0).decode()
        # Version 1 has a number of nanoseconds, version 2 lines with a name, the first in microseconds.
        name, _, rest = text.partition(" ")
        return int(rest.split()[0]) / 1e6 if name == "usage_usec" else int(text) / 1e9


def counters_of(pid: int, container: str, files: ExitStack, root: Path = Path("/")) -> Counters | None:
    """Open the counters of a container that runs on this very host; None when they cannot be seen.

    Args:
        pid: Its first process, as the engine numbers it.
        container: Its full id: if it is not in the group's name, the number is of another process than is meant.
        files: Closes them.
        root: Where `proc` and `sys` are.
    """
    groups = _groups_of(pid, root)
    mounted = root / "sys" / "fs" / "cgroup"
    places = (
        (mounted, "", "memory.peak", mounted, "", "cpu.stat"),
        (
            mounted / "memory",
            "memory",
            "memory.max_usage_in_bytes",
            mounted / "cpuacct",
            "cpuacct",
            "cpuacct.usage",
        ),
    )
    for memory, memory_name, peak, cpu, cpu_name, time_ in places:
        path, cpu_path = groups.get(memory_name, ""), groups.get(cpu_name, "")
        if container in path and container in cpu_path:
            with suppress(OSError):
                opened = [
                    files.enter_context((folder / below.lstrip("/") / name).open("rb", buffering=0)).fileno()
                    for folder, below, name in ((memory, path, peak), (cpu, cpu_path, time_))
                ]
                return Counters(*opened)
    return None


def _groups_of(pid: int, root: Path) -> dict[str, str]:
    """Paths of the control groups of a process by what they control; "" is the one of version 2."""
    try:
        lines = (root / "proc" / str(pid) / "cgroup").read_text().split()
    except OSError:
        return {}
    # "4:memory:/docker/<id>" on version 1, "0::/docker/<id>" on version 2.
    return {
        name: path for _, names, path in (line.split(":", 2) for line in lines) for name in names.split(",")
    }


def stats_of(pid: int, container: str, root: Path = Path("/")) -> dict[str, Any] | None:
    """What the engine's endpoint `stats` says, read from the kernel at once; None when it cannot be seen from here.

    The engine answers with its next reading, which it makes once a second. Whoever asks at every 50th request of a
    drift plan would wait most of the time.

    Args:
        pid: As `counters_of` has it.
        container: As `counters_of` has it.
        root: Where `proc` and `sys` are.
    """
    groups = _groups_of(pid, root)
    mounted = root / "sys" / "fs" / "cgroup"
    folders = {name: mounted / name / path.lstrip("/") for name, path in groups.items() if container in path}
    try:
        if {"memory", "cpuacct", "pids"} <= folders.keys():
            return _stats_v1(folders["memory"], folders["cpuacct"], folders["pids"])
        return _stats_v2(folders[""]) if "" in folders and (folders[""] / "memory.current").exists() else None
    except (OSError, ValueError):
        return None  # It ended in between, or the kernel counts otherwise.


def _stats_v1(memory: Path, cpu: Path, pids: Path) -> dict[str, Any]:
    return {
        "memory_stats": {
            "usage": _number(memory / "memory.usage_in_bytes"),
            "max_usage": _number(memory / "memory.max_usage_in_bytes"),
            "stats": _table(memory / "memory.stat"),
        },
        "cpu_stats": {"cpu_usage": {"total_usage": _number(cpu / "cpuacct.usage")}},
        "pids_stats": {"current": _number(pids / "pids.current")},
    }


def _stats_v2(group: Path) -> dict[str, Any]:
    return {
        "memory_stats": {"usage": _number(group / "memory.current"), "stats": _table(group / "memory.stat")},
        "cpu_stats": {"cpu_usage": {"total_usage": 1000 * _table(group / "cpu.stat")["usage_usec"]}},
        "pids_stats": {"current": _number(group / "pids.current")},
    }


def _number(file: Path) -> int:
    return int(file.read_text())


def _table(file: Path) -> dict[str, int]:
    return {name: int(value) for name, value in (line.split() for line in file.read_text().splitlines())}
