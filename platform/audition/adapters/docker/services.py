"""Candidates' services on the engine: beside a prober whose loopback they share, held as their spec says.

Theory of operation. The prober is started first and owns the loopback; a service joins it, so it can be started
again and again without a thread of the prober noticing. Nothing here reads what a service says: its output is
captured with a cap, its state comes from the engine's record, its counters from the kernel.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import docker
from docker.errors import APIError, NotFound
from requests.exceptions import RequestException

from audition.adapters.docker.attach import attach
from audition.adapters.docker.failures import engine_errors
from audition.adapters.docker.records import timestamp, used_memory
from audition.adapters.docker.service_request import prober_request, service_request
from audition.adapters.docker.streams import Conversation, FrameReader, Tap
from audition.adapters.docker.throttle import throttle
from audition.adapters.docker.translate import seccomp_profile
from audition.adapters.docker.usage import ran_out_of_memory, stats_of
from audition.domain.errors import UnavailableError
from audition.domain.execution import ContainerSpec, Exit, Usage
from audition.domain.service import ServiceOutput, ServiceSpec, ServiceState, ServiceUsage
from audition.ports import Prober, Service

#: Seconds between looks at what a service has written into its own file system.
_DISK_SECONDS = 2.0
_KILL_SECONDS = 15
#: Exit code of what SIGKILL ended.
_KILLED = 137
#: A container that the engine knows but could not start, because its command is missing or is no program.
#: Source: engine, exit codes of "docker run"; the prober beside it runs, so it is not the runtime that is missing.
_UNSTARTABLE = (126, 127)
_NO_COMMAND = "no command specified"


class Services:
    """Starts probers, and services beside them."""

    def __init__(self, client: docker.APIClient, *, instance: str, runtime: str | None) -> None:
        """Use an engine.

        Args:
            client: Connected client; its time-out bounds every call.
            instance: Name of this Audition in labels.
            runtime: OCI runtime whose containers can share a loopback; None for the engine's default.
        """
        self._client = client
        self._instance = instance
        self._runtime = runtime

    @contextmanager
    def probe(self, spec: ContainerSpec) -> Iterator[Prober]:
        """See `ports.Sandbox.probe`."""
        request = prober_request(spec, **self._how())
        with engine_errors("starting the prober"):
            container = self._client.create_container_from_config(request)["Id"]  # type: ignore[no-untyped-call]
            reader, sock = attach(self._client, container, stdin=True)
            self._client.start(container)
        prober = _Prober(self, container, spec, reader, sock)
        try:
            yield prober
        finally:
            prober.close()

    def start(self, spec: ServiceSpec, prober: str) -> "_Service":
        """See `ports.Prober.start`."""
        request = service_request(spec, prober=prober, **self._how())
        try:
            with engine_errors("creating a service"):
                container = self._client.create_container_from_config(request)["Id"]  # type: ignore[no-untyped-call]
        except UnavailableError as error:
            if _NO_COMMAND in error.detail.lower():
                return _Service(self._client, spec, "", None)
            raise
        with engine_errors("starting a service"):
            reader, _ = attach(self._client, container, stdin=False)
        service = _Service(self._client, spec, container, reader)
        try:
            with engine_errors("starting a service"):
                self._client.start(container)
        except UnavailableError:
            if service.state().exit_code not in _UNSTARTABLE:
                service.end()
                raise
        return service

    def _how(self) -> dict[str, Any]:
        # The usual profile: the other one is for a runtime with a kernel of its own.
        return {"instance": self._instance, "seccomp": seccomp_profile(), "runtime": self._runtime}

    def kill(self, container: str) -> None:
        """End a container at once; one that has ended is left alone."""
        with contextlib.suppress(APIError, RequestException):
            self._client.kill(container)

    def signal(self, container: str, name: str) -> None:
        """Send a signal.

        Raises:
            UnavailableError: The container is not running.
        """
        with engine_errors(f"sending {name}"):
            self._client.kill(container, signal=name)

    def ended(self, container: str) -> Exit:
        """How a container that was killed ended."""
        with engine_errors("ending the prober"):
            self._client.wait(container, timeout=_KILL_SECONDS)
            record = self._client.inspect_container(container)
        state = record["State"]
        return Exit(
            exit_code=int(state["ExitCode"]),
            is_out_of_memory=bool(state["OOMKilled"]),
            usage=Usage(),
            runtime=str(record["HostConfig"].get("Runtime") or ""),
            image_id=str(record["Image"]),
        )


class _Prober:
    """`ports.Prober` on a container."""

    def __init__(
        self,
        services: Services,
        container: str,
        spec: ContainerSpec,
        reader: FrameReader,
        sock: socket.socket,
    ) -> None:
        self._services = services
        self._container = container
        self._talk = Conversation(reader, what=spec.stage, stderr_cap=spec.limits.log_bytes)
        self._sock = sock
        self._started: list[_Service] = []

    def read_line(self, max_bytes: int, timeout_seconds: float) -> bytes:
        return self._talk.read_line(max_bytes, timeout_seconds)

    def read_into(self, sink: BinaryIO, size: int, timeout_seconds: float) -> None:
        self._talk.read_into(sink, size, timeout_seconds)

    def write_line(self, line: bytes) -> None:
        try:
            self._sock.sendall(line + b"\n")
        except OSError as error:
            msg = f"The prober does not listen: {error}"
            raise UnavailableError(msg) from error

    def signal(self, name: str) -> None:
        self._services.signal(self._container, name)

    def start(self, spec: ServiceSpec) -> Service:
        service = self._services.start(spec, self._container)
        self._started.append(service)
        return service

    def stop(self) -> Exit:
        self._services.kill(self._container)
        return self._services.ended(self._container)

    def close(self) -> None:
        """End it and all its services."""
        self._talk.close()
        for service in self._started:
            with contextlib.suppress(UnavailableError):  # The sweeper finds it by its labels.
                service.end()
        self._services.kill(self._container)


class _Service:
    """`ports.Service` on a container."""

    def __init__(
        self, client: docker.APIClient, spec: ServiceSpec, container: str, reader: FrameReader | None
    ) -> None:
        """Without a container it is one whose image has no command."""
        self._client = client
        self._spec = spec
        self._container = container
        self._began_at = time.time()
        self._is_over_disk = False
        self._is_over = threading.Event()
        self._last = ServiceState(is_running=False, exit_code=_UNSTARTABLE[1])
        self._tap: Tap | None = None
        if reader is not None:
            self._tap = Tap(reader, cap=spec.limits.log_bytes, flood=spec.limits.flood_bytes)
            threading.Thread(target=self._guard, daemon=True, name="service-guard").start()

    def state(self) -> ServiceState:
        if not self._container:
            return self._last
        with engine_errors("looking at a service"):
            record = self._client.inspect_container(self._container)
        state: dict[str, Any] = record["State"]
        is_running = bool(state["Running"])
        return ServiceState(
            is_running=is_running,
            exit_code=None if is_running else int(state["ExitCode"]),
            is_out_of_memory=bool(state["OOMKilled"]) or self._was_killed_for_memory(state),
            is_flooding=self._tap is not None and self._tap.is_flooding.is_set(),
            is_over_disk=self._is_over_disk,
            user=str(record["Config"].get("User") or ""),
            running_seconds=_running_seconds(state),
        )

    def _was_killed_for_memory(self, state: dict[str, Any]) -> bool:
        """Whether the engine announced so, though its record does not say it; asked only where it may be."""
        is_killed = not state["Running"] and state["ExitCode"] == _KILLED and not self._is_over.is_set()
        return is_killed and ran_out_of_memory(self._client, self._container, self._began_at)

    def usage(self) -> ServiceUsage | None:
        if not self._container:
            return None
        with engine_errors("measuring a service"):
            pid = int(self._client.inspect_container(self._container)["State"]["Pid"])
            stats = stats_of(pid, self._container) or self._client.stats(
                self._container, stream=False, one_shot=True
            )
        used, peak = used_memory(stats), (stats.get("memory_stats") or {}).get("max_usage")
        nanoseconds = (stats.get("cpu_stats") or {}).get("cpu_usage", {}).get("total_usage")
        if not nanoseconds or used is None:
            return None
        return ServiceUsage(
            cpu_seconds=nanoseconds / 1e9,
            memory_bytes=used,
            peak_memory_bytes=int(peak) if peak else None,
            processes=(stats.get("pids_stats") or {}).get("current"),
        )

    def output(self) -> ServiceOutput:
        if self._tap is None:
            return ServiceOutput()
        captured = self._tap.captured
        return ServiceOutput(
            stdout=bytes(captured.stdout), stderr=bytes(captured.stderr), total_bytes=captured.total
        )

    def signal(self, name: str) -> bool:
        if not self.state().is_running:
            return False
        try:
            self._client.kill(self._container, signal=name)
        except APIError:
            return False  # It ended in between.
        return True

    def throttle(self, cpus: float) -> bool:
        if not self.state().is_running:
            return False
        with engine_errors("changing a service's share of the processors"):
            throttle(self._client, self._container, cpus)
        return True

    def end(self) -> ServiceState:
        self._is_over.set()
        if not self._container:
            return self._last
        try:
            return self._end()
        finally:
            if self._tap is not None:
                self._tap.finish()

    def _end(self) -> ServiceState:
        with contextlib.suppress(APIError):  # It has ended by itself.
            self._client.kill(self._container)
        with engine_errors("ending a service"):
            self._client.wait(self._container, timeout=_KILL_SECONDS)
            self._last = self.state()
            with contextlib.suppress(NotFound):
                self._client.remove_container(self._container, v=True, force=True)
        self._container = ""
        return self._last

    def _guard(self) -> None:
        """End it when it prints or writes too much; the kernel and the engine see to the rest."""
        while not self._is_over.wait(_DISK_SECONDS):
            try:
                found = self._client.containers(size=True, filters={"id": self._container})
                written = sum(int(c.get("SizeRw") or 0) for c in found)
            except (APIError, RequestException):
                continue  # The engine is busy; the next look may do.
            self._is_over_disk |= written > self._spec.limits.output_bytes
            is_flooding = self._tap is not None and self._tap.is_flooding.is_set()
            if self._is_over_disk or is_flooding:
                with contextlib.suppress(APIError, RequestException):
                    self._client.kill(self._container)
                return


def _running_seconds(state: dict[str, Any]) -> float:
    """From start until now or the end."""
    began = timestamp(state["StartedAt"])
    until = time.time() if state["Running"] else timestamp(state["FinishedAt"])
    return max(0.0, until - began) if began else 0.0
