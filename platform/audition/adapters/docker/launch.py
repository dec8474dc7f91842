"""Get a container for a spec: one that waits in a bay, or a fresh one; attached before its command runs."""

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import docker
from docker.errors import APIError

from audition.adapters.docker.bays import Bays
from audition.adapters.docker.boot import go_line
from audition.adapters.docker.failures import engine_errors
from audition.adapters.docker.streams import FrameReader
from audition.adapters.docker.translate import Translator
from audition.domain.execution import ContainerSpec

#: Exit codes that say "cannot execute" and "not found" when a start is refused; see failures.py.
_NOT_RUNNABLE = frozenset({126, 127})


@dataclass
class Launched:
    """A container whose command has not begun; nothing that it prints is missed."""

    container: str
    reader: FrameReader
    begin: Callable[[], bool]
    """Let the command begin; false when it cannot be executed at all."""
    began_at: float | None = None
    """Unix time of the beginning, for a container that had been running before; None when it began with it."""


class Launcher:
    """Creates containers, or takes them from a bay."""

    def __init__(self, client: docker.APIClient, bays: Bays | None, translator: Translator) -> None:
        """Without bays every container is a fresh one."""
        self._client = client
        self._bays = bays
        self._translator = translator

    def launch(self, spec: ContainerSpec) -> Launched:
        """Get a container ready.

        Raises:
            UnavailableError: The engine failed.
        """
        bay = None if self._bays is None else self._bays.of(spec.ownership)
        if bay is None:
            return self._fresh(spec)
        container = bay.take(spec)
        if container is None:
            # Not as expected, but it has to share the volumes of those that were.
            return self._fresh(replace(spec, ownership=bay.owner))
        return self._waiting(container, spec)

    def _fresh(self, spec: ContainerSpec) -> Launched:
        request = self._translator.request(spec)
        with engine_errors(f"creating the {spec.stage} container"):
            container = self._client.create_container_from_config(request)["Id"]  # type: ignore[no-untyped-call]
            reader, _ = self._attach(container, stdin=False)
        return Launched(container, reader, lambda: self._start(container, spec))

    def _waiting(self, container: str, spec: ContainerSpec) -> Launched:
        with engine_errors(f"attaching to the {spec.stage} container"):
            reader, sock = self._attach(container, stdin=True)
        launched = Launched(container, reader, lambda: True)

        def go() -> bool:
            launched.began_at = time.time()
            with engine_errors(f"telling the {spec.stage} container what to run"):
                sock.sendall(go_line(spec.argv))
            return True

        launched.begin = go
        return launched

    def _attach(self, container: str, *, stdin: bool) -> tuple[FrameReader, socket.socket]:
        params = {"stdout": 1, "stderr": 1, "stream": 1, "stdin": int(stdin)}
        stream = self._client.attach_socket(container, params=params)
        sock = stream._sock  # noqa: SLF001  docker-py wraps the socket in a file
        return FrameReader(sock, stream), sock

    def _start(self, container: str, spec: ContainerSpec) -> bool:
        """Start it; false when the command itself cannot be executed."""
        with engine_errors(f"starting the {spec.stage} container"):
            try:
                self._client.start(container)
            except APIError:
                state = self._client.inspect_container(container)["State"]
                if state["ExitCode"] in _NOT_RUNNABLE:
                    return False
                raise
        return True
