"""Measure what a running container uses, by the kernel's counters as the engine reports them."""

import json
import threading
import time
from typing import Any

import docker
from docker.errors import DockerException
from requests.exceptions import RequestException

from audition.domain.execution import Usage

#: Most that is waited for an answer; the engine gives it within a second.
_WORD_SECONDS = 3.0


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
        "until": str(int(time.time()) + 1),
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
