"""Get a container for a spec: one that waits in a bay, or a fresh one; attached before its command runs."""

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import docker

from audition.adapters.docker.attach import attach
from audition.adapters.docker.bays import Bays
from audition.adapters.docker.boot import go_line
from audition.adapters.docker.failures import engine_errors
from audition.adapters.docker.streams import FrameReader
from audition.adapters.docker.sweep import GRACE_SECONDS
from audition.adapters.docker.translate import Translator
from audition.domain.errors import UnavailableError
from audition.domain.execution import ContainerSpec


@dataclass
class Launched:
    """A container whose command has not begun; nothing that it prints is missed."""

    container: str
    reader: FrameReader
    begin: Callable[[], None]
    """Let the command begin."""
    stdin: socket.socket | None = None
    """Where its standard input is written, when it was asked for."""
    began_at: float | None = None
    """Unix time of the beginning, for a container that had been running before; None when it began with it."""


class Launcher:
    """Creates containers, or takes them from a bay."""

    def __init__(self, client: docker.APIClient, bays: Bays | None, translator: Translator) -> None:
        """Without bays every container is a fresh one."""
        self._client = client
        self._bays = bays
        self._translator = translator

    def launch(self, spec: ContainerSpec, *, reads_stdin: bool = False) -> Launched:
        """Get a container ready.

        Args:
            spec: What to run.
            reads_stdin: Whether its standard input will be written; such a one is never one that waited.

        Raises:
            UnavailableError: The engine failed.
        """
        bay = None if self._bays is None else self._bays.of(spec.ownership)
        if bay is None:
            return self._fresh(spec, reads_stdin=reads_stdin)
        container = None if reads_stdin else bay.take(spec)
        if container is None:
            # Not as expected, but it has to share the volumes of those that were.
            return self._fresh(replace(spec, ownership=bay.owner), reads_stdin=reads_stdin)
        return self._waiting(container, spec)

    def _fresh(self, spec: ContainerSpec, *, reads_stdin: bool) -> Launched:
        request = self._translator.request(spec, reads_stdin=reads_stdin)
        with engine_errors(f"creating the {spec.stage} container"):
            container = self._client.create_container_from_config(request)["Id"]  # type: ignore[no-untyped-call]
            reader, sock = attach(self._client, container, stdin=reads_stdin)
        stdin = sock if reads_stdin else None
        return Launched(container, reader, lambda: self._start(container, spec), stdin=stdin)

    def _waiting(self, container: str, spec: ContainerSpec) -> Launched:
        with engine_errors(f"attaching to the {spec.stage} container"):
            reader, sock = attach(self._client, container, stdin=True)
        launched = Launched(container, reader, lambda: None)

        def go() -> None:
            launched.began_at = time.time()
            with engine_errors(f"telling the {spec.stage} container what to run"):
                # After everything that a worker which is there would do, and before a sweeper would look for it.
                left = spec.ownership.deadline_epoch + GRACE_SECONDS / 2 - launched.began_at
                sock.sendall(go_line(spec.argv, max(1, round(left))))

        launched.begin = go
        return launched

    def _start(self, container: str, spec: ContainerSpec) -> None:
        # Process 1 is an init that is always there, so a refusal is never about the candidate's command.
        try:
            with engine_errors(f"starting the {spec.stage} container"):
                self._client.start(container)
        except UnavailableError as error:
            # However the engine words it, another try (perhaps on another host) may go well.
            raise UnavailableError(error.detail, code=error.code, next_step=error.next_step) from error
