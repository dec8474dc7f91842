"""Measure what a running container uses, by the kernel's counters as the engine reports them."""

import threading
import time
from typing import Any

import docker
from docker.errors import DockerException
from requests.exceptions import RequestException

from audition.domain.execution import Usage

#: How long after the end of a container the kernel's word of its memory may still come.
_WORD_SECONDS = 0.5


def ran_out_of_memory(client: docker.APIClient, container: str, started_at: float) -> bool:
    """Whether the kernel killed something in a container for memory, by what the engine announced.

    The engine writes the same into the container's record, but not if the container's end, of which it is told on
    another way, comes first; under gVisor, where all of a container dies at once, it sometimes does.

    Args:
        client: The engine.
        container: One that has ended.
        started_at: Unix time, at or before its start.
    """
    told = threading.Event()
    until = int(time.time()) + 1
    filters = {"container": [container], "event": ["oom"]}

    def listen() -> None:
        try:
            for _ in client.events(since=int(started_at), until=until, filters=filters, decode=True):
                told.set()
        except (DockerException, RequestException, OSError, ValueError):
            return  # Not told: the record stands as it is.

    # In a thread, because the client waits for events without a deadline.
    threading.Thread(target=listen, daemon=True, name="oom").start()
    return told.wait(_WORD_SECONDS)


class Meter:
    """Follows a container's counters in the background; the last ones seen are its usage.

    The engine publishes them about once a second, so a container that ends before the first is never
    measured: its processor time and memory are then unknown, not zero.
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
            for stats in self._client.stats(self._container, stream=True, decode=True):
                self._take(stats)
        except (DockerException, RequestException, OSError, ValueError):
            return  # No counters is no reason to fail a run.

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
