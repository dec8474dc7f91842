"""Watch a build from outside: its steps are containers, and the engine records what becomes of them."""

import contextlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import docker
from docker.errors import APIError, DockerException
from requests.exceptions import RequestException

from audition.adapters.docker.translate import LABEL_FENCE, LABEL_INSTANCE, LABEL_RUN, LABEL_STAGE

_SETTLE_SECONDS = 2.0


@dataclass
class _Seen:
    """What the engine has said about the steps' containers."""

    alive: set[str] = field(default_factory=set)
    out_of_memory: set[str] = field(default_factory=set)
    failed: str = ""
    """The last one that ended with an exit code other than 0."""
    began: dict[str, int] = field(default_factory=dict)
    """When each started, in nanoseconds of the engine's clock."""
    ran: dict[str, int] = field(default_factory=dict)
    """How long each ran, in nanoseconds."""


class BuildWatch:
    """Follows the containers that carry a build's labels."""

    def __init__(self, client: docker.APIClient, labels: Mapping[str, str], pids: int) -> None:
        """Begin to follow; steps that start get their limit of processes, which the builder itself cannot set."""
        keys = (LABEL_INSTANCE, LABEL_RUN, LABEL_FENCE, LABEL_STAGE)
        self._client = client
        self._labels = [f"{key}={labels[key]}" for key in keys]
        self._pids = pids
        self._seen = _Seen()
        self._news = threading.Condition()
        self._events = client.events(decode=True, filters={"type": "container", "label": self._labels})
        threading.Thread(target=self._follow, daemon=True, name="build-watch").start()

    def close(self) -> None:
        """Stop following."""
        with contextlib.suppress(OSError, DockerException, RequestException, AttributeError):
            self._events.close()

    def ran_out_of_memory(self) -> bool:
        """Whether the step that failed did so after the kernel had killed something of it for memory."""
        with self._news:
            # Events come a moment after the builder's own word.
            self._news.wait_for(lambda: self._seen.failed and not self._seen.alive, _SETTLE_SECONDS)
            return self._seen.failed in self._seen.out_of_memory

    def steps_run(self) -> tuple[int, float]:
        """How many steps were carried out, and how many seconds they took together."""
        with self._news:
            self._news.wait_for(lambda: not self._seen.alive, _SETTLE_SECONDS)
            return len(self._seen.began), sum(self._seen.ran.values()) / 1e9

    def written_bytes(self, base_sizes: Mapping[str, int]) -> int:
        """What all steps so far have written, layers and running steps together.

        Args:
            base_sizes: Size of each image that the build starts from, by id.
        """
        images = self._client.images(all=True, filters={"label": self._labels})
        sizes = {**{i["Id"]: int(i["Size"]) for i in images}, **base_sizes}
        grown = (sizes[i["Id"]] - sizes.get(i["ParentId"], sizes[i["Id"]]) for i in images)
        running = self._client.containers(all=True, size=True, filters={"label": self._labels})
        return sum(max(0, size) for size in grown) + sum(int(c.get("SizeRw") or 0) for c in running)

    def kill(self) -> None:
        """End every step that runs."""
        for container in self._client.containers(filters={"label": self._labels}):
            with contextlib.suppress(APIError):  # It ended by itself.
                self._client.kill(container["Id"])

    def _follow(self) -> None:
        try:
            for event in self._events:
                self._take(event)
        except (DockerException, RequestException, OSError, ValueError, AttributeError):
            return  # Closed, or the engine is gone, which the build itself will notice.

    def _take(self, event: dict[str, Any]) -> None:
        container, action = event["Actor"]["ID"], event["Action"]
        if action in {"create", "start"}:
            # Once it is made it starts within a moment: whichever of the two is answered first, the limit is set no
            # later than right after its start. A second time does no harm.
            self._limit(container)
        with self._news:
            if action == "start":
                self._seen.alive.add(container)
                self._seen.began[container] = int(event["timeNano"])
            elif action == "oom":
                self._seen.out_of_memory.add(container)
            elif action == "die":
                self._seen.alive.discard(container)
                began = self._seen.began.get(container, int(event["timeNano"]))
                self._seen.ran[container] = int(event["timeNano"]) - began
                if event["Actor"]["Attributes"].get("exitCode") != "0":
                    self._seen.failed = container
            self._news.notify_all()

    def _limit(self, container: str) -> None:
        url = f"{self._client.base_url}/v{self._client.api_version}/containers/{container}/update"
        # It may be over already; memory and processors were limited from its start.
        with contextlib.suppress(RequestException):
            self._client.post(url, json={"PidsLimit": self._pids}, timeout=self._client.timeout)
