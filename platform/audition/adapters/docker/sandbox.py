"""The Docker sandbox: runs containers so that nothing gets out and everything is bounded.

Outputs never travel through the archive API: candidates write to memory-backed volumes that a trusted
container of the same run reads. What a container prints is read from an attached stream with a cap.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import docker
from docker.errors import APIError
from requests.exceptions import RequestException

from audition.adapters.docker.bays import Bays
from audition.adapters.docker.build import Builder
from audition.adapters.docker.engine_client import engine_facts
from audition.adapters.docker.export import Export
from audition.adapters.docker.failures import engine_errors
from audition.adapters.docker.launch import Launched, Launcher
from audition.adapters.docker.records import timestamp
from audition.adapters.docker.services import Services
from audition.adapters.docker.streams import Captured, Conversation, Tap
from audition.adapters.docker.sweep import Sweeper
from audition.adapters.docker.translate import GVISOR, Translator
from audition.adapters.docker.usage import Meter, ran_out_of_memory
from audition.domain.build import BuildResult, BuildSpec
from audition.domain.errors import UnavailableError
from audition.domain.execution import ContainerSpec, Exit, Profile, Usage
from audition.ports import Prober, Served

#: How often a running container is looked at: deadline, flood, cancellation.
_TICK_SECONDS = 0.2
#: Exit code of what SIGKILL ended.
_KILLED = 137
#: How long the engine gets to report the end of a container that was killed.
_KILL_SECONDS = 15.0


class DockerSandbox:
    """`ports.Sandbox` on a Docker engine."""

    def __init__(
        self,
        client: docker.APIClient,
        *,
        instance: str,
        runtimes: Mapping[Profile, str] | None = None,
        bays_folder: Path | None = None,
        is_attended: bool = False,
    ) -> None:
        """Use an engine.

        Args:
            client: Connected client; its time-out bounds every call.
            instance: Name of this Audition in labels; several may share the engine.
            runtimes: Whose code runs under which OCI runtime; the engine's default for those not named.
            bays_folder: Where containers that wait get their files; None when none are started ahead.
            is_attended: Whether another process calls `tidy` for the same folder again and again, so that what is
                discarded may be left to it.
        """
        self._client = client
        self._is_attended = is_attended
        self._has_more = False
        """Whether this made things that carry the run's own name though it had a bay."""
        self._runtimes = dict(runtimes or {})
        self._sweeper = Sweeper(client, instance)
        self._builder = Builder(client, instance)
        # Services run under the usual runtime: gVisor's containers have a network stack each.
        self._services = Services(client, instance=instance, runtime=None)
        translator = Translator(instance=instance, runtimes=self._runtimes)
        self._bays = None if bays_folder is None else Bays(client, folder=bays_folder, translator=translator)
        self._launcher = Launcher(client, self._bays, translator)

    def expect(self, specs: Sequence[ContainerSpec]) -> None:
        """See `ports.Sandbox.expect`."""
        if self._bays is not None and all(spec.warm_imports is not None for spec in specs):
            self._bays.expect(specs)

    def stock(self, specs: Sequence[ContainerSpec], count: int) -> bool:
        """See `ports.Sandbox.stock`."""
        return self._bays is not None and self._bays.stock(specs, count)

    def clear(self) -> None:
        """See `ports.Sandbox.clear`."""
        if self._bays is not None:
            self._bays.clear()

    def run(self, spec: ContainerSpec, should_stop: Callable[[], bool] | None = None) -> Exit:
        """See `ports.Sandbox.run`."""
        return self._run(spec, should_stop, None)

    def show(
        self,
        images: Sequence[str],
        spec: ContainerSpec,
        max_bytes: int,
        should_stop: Callable[[], bool] | None = None,
    ) -> Exit:
        """See `ports.Sandbox.show`."""
        export = Export(self._client, images, max_bytes=max_bytes, seconds=spec.limits.time_seconds)
        exit_ = self._run(spec, should_stop, export)
        export.check()
        return exit_

    def _run(
        self, spec: ContainerSpec, should_stop: Callable[[], bool] | None, export: Export | None
    ) -> Exit:
        created_at = time.time()
        launched = self._launcher.launch(spec, reads_stdin=export is not None)
        done = threading.Event()
        at_line = done.set if spec.ends_with_line else None
        limits = spec.limits
        tap = Tap(launched.reader, cap=limits.log_bytes, flood=limits.flood_bytes, at_line=at_line)
        launched.begin()
        if export is not None and launched.stdin is not None:
            export.flow_into(launched.stdin)
        self._tell_of_end(launched.container, done)
        meter = Meter(self._client, launched.container)
        is_late = self._watch(launched.container, spec, tap, done, should_stop)
        if tap.has_line:
            return self._let_go(launched, tap.finish(0), meter.usage())
        captured = tap.finish()
        exit_ = self._exit(
            launched.container,
            captured,
            meter.usage(),
            began_at=launched.began_at,
            is_past_deadline=is_late,
            is_flooding=tap.is_flooding.is_set(),
        )
        if _may_have_run_out(exit_) and ran_out_of_memory(self._client, launched.container, created_at):
            return replace(exit_, is_out_of_memory=True)
        return exit_

    @contextmanager
    def serve(self, spec: ContainerSpec) -> Iterator[Served]:
        """See `ports.Sandbox.serve`."""
        launched = self._launcher.launch(spec)
        launched.begin()
        talk = Conversation(launched.reader, what=spec.stage, stderr_cap=spec.limits.log_bytes)
        try:
            yield _Served(self, launched.container, talk)
        finally:
            talk.close()
            if not self._is_attended:
                self.kill(launched.container)

    def probe(self, spec: ContainerSpec) -> AbstractContextManager[Prober]:
        """See `ports.Sandbox.probe`."""
        self._has_more = True
        return self._services.probe(spec)

    def build(
        self, spec: BuildSpec, context: BinaryIO, should_stop: Callable[[], bool] | None = None
    ) -> BuildResult:
        """See `ports.Sandbox.build`."""
        self._has_more = True
        return self._builder.build(spec, context, should_stop)

    def discard(self, run_id: str, fence: int) -> None:
        """See `ports.Sandbox.discard`."""
        # What a run had from a bay carries the bay's name, and only builds and probers are made under its own as well.
        if (
            self._is_attended
            and not self._has_more
            and self._bays is not None
            and self._bays.retire(run_id, fence)
        ):
            return
        with engine_errors(f"removing what run {run_id} left"):
            self._sweeper.remove_run(run_id, fence)
            if self._bays is not None:
                self._bays.discard(run_id, fence)

    def tidy(self) -> int:
        """See `ports.Sandbox.tidy`."""
        return self._bays.tidy() if self._bays is not None else 0

    def sweep(self, is_over: Callable[[str, int], bool]) -> int:
        """See `ports.Sandbox.sweep`."""
        with engine_errors("sweeping"):
            now, bays = time.time(), self._bays
            if bays is None:
                return self._sweeper.sweep(is_over, now)

            def may_go(run_id: str, fence: int) -> bool:
                return bays.is_lost(run_id) or is_over(run_id, fence)

            return bays.sweep(is_over, now) + self._sweeper.sweep(may_go, now)

    def image_id(self, reference: str) -> str:
        """See `ports.Sandbox.image_id`."""
        with engine_errors(f"looking up image {reference}"):
            return str(self._client.inspect_image(reference)["Id"])  # type: ignore[no-untyped-call]

    def facts(self) -> dict[str, str]:
        """See `ports.Sandbox.facts`."""
        facts = engine_facts(self._client)
        return {
            "engine": facts.version,
            "runc": facts.runc_version,
            "runtime": self._runtimes.get(Profile.CANDIDATE, facts.default_runtime),
            "trusted_runtime": self._runtimes.get(Profile.GRADER, facts.default_runtime),
            "cgroup": facts.cgroup_version,
            "storage": facts.storage_driver,
            "kernel": facts.kernel,
        }

    def kill(self, container: str) -> None:
        """End a container at once; one that has ended is left alone."""
        try:
            self._client.kill(container)
        except APIError:
            pass  # Not running any more, or gone.
        except RequestException:
            return  # The engine is silent; the sweeper will find the container by its labels.
        self._await_end(container, _KILL_SECONDS)

    def signal(self, container: str, name: str) -> None:
        """Send a signal.

        Raises:
            UnavailableError: The container is not running.
        """
        with engine_errors(f"sending {name}"):
            self._client.kill(container, signal=name)

    def ended(self, container: str, captured: Captured) -> Exit:
        """How a container that has ended did so."""
        return self._exit(container, captured, Usage())

    def _watch(
        self,
        container: str,
        spec: ContainerSpec,
        tap: Tap,
        done: threading.Event,
        should_stop: Callable[[], bool] | None,
    ) -> bool:
        """Wait until it is done, ending the container where it must be; true when it was late."""
        deadline = time.monotonic() + spec.limits.time_seconds
        while not done.wait(_TICK_SECONDS):
            is_late = time.monotonic() > deadline
            if is_late or tap.is_flooding.is_set() or (should_stop is not None and should_stop()):
                self.kill(container)
                return is_late
        return False

    def _tell_of_end(self, container: str, ended: threading.Event) -> None:
        """Set an event when the container has ended."""

        def wait() -> None:
            try:
                # The engine answers when the container ends; the time-out is only for an engine that hangs.
                self._client.wait(container, timeout=86_400)
            except (APIError, RequestException):
                self._await_end(container, _KILL_SECONDS)
            ended.set()

        threading.Thread(target=wait, daemon=True, name="wait").start()

    def _await_end(self, container: str, seconds: float) -> None:
        """Poll until the engine says that it is not running; it may be gone."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                if not self._client.inspect_container(container)["State"]["Running"]:
                    return
            except (APIError, RequestException):
                return
            time.sleep(0.02)

    def _let_go(self, launched: Launched, captured: Captured, usage: Usage) -> Exit:
        """What there is to say of a program that has said its line; it goes by itself, or with its run."""
        with engine_errors("reading what a container is"):
            record = self._client.inspect_container(launched.container)
        began_at = launched.began_at or timestamp(record["State"]["StartedAt"])
        return Exit(
            exit_code=0,
            stdout=bytes(captured.stdout),
            stderr=bytes(captured.stderr),
            is_log_truncated=captured.is_truncated,
            usage=replace(usage, wall_seconds=max(0.0, time.time() - began_at)),
            runtime=str(record["HostConfig"].get("Runtime") or ""),
            image_id=str(record["Image"]),
        )

    def _exit(  # noqa: PLR0913  facts from four sources
        self,
        container: str,
        captured: Captured,
        usage: Usage,
        *,
        began_at: float | None = None,
        is_past_deadline: bool = False,
        is_flooding: bool = False,
    ) -> Exit:
        with engine_errors("reading how a container ended"):
            record = self._client.inspect_container(container)
        state: dict[str, Any] = record["State"]
        if began_at is not None and 0 < timestamp(state["FinishedAt"]) < began_at:
            # It died while it waited, so its end says nothing about what it was to run.
            msg = f"A waiting container had ended with {state['ExitCode']} before it was used."
            raise UnavailableError(msg, code="engine-failed")
        if state["Running"]:
            # Nothing may be collected or judged while its processes can still write.
            msg = f"Container {container[:12]} is still running after it was ended."
            raise UnavailableError(msg, code="engine-failed")
        return Exit(
            exit_code=int(state["ExitCode"]),
            is_out_of_memory=bool(state["OOMKilled"]),
            is_past_deadline=is_past_deadline,
            is_flooding=is_flooding,
            stdout=bytes(captured.stdout),
            stderr=bytes(captured.stderr),
            is_log_truncated=captured.is_truncated,
            usage=Usage(
                wall_seconds=_elapsed(state, began_at),
                cpu_seconds=usage.cpu_seconds,
                peak_memory_bytes=usage.peak_memory_bytes,
            ),
            runtime=str(record["HostConfig"].get("Runtime") or ""),
            image_id=str(record["Image"]),
        )


class _Served:
    """`ports.Served` on a container."""

    def __init__(self, sandbox: DockerSandbox, container: str, talk: Conversation) -> None:
        self._sandbox = sandbox
        self._container = container
        self._talk = talk

    def read_line(self, max_bytes: int, timeout_seconds: float) -> bytes:
        return self._talk.read_line(max_bytes, timeout_seconds)

    def read_into(self, sink: BinaryIO, size: int, timeout_seconds: float) -> None:
        self._talk.read_into(sink, size, timeout_seconds)

    def signal(self, name: str) -> None:
        self._sandbox.signal(self._container, name)

    def stop(self) -> Exit:
        self._sandbox.kill(self._container)
        return self._sandbox.ended(self._container, self._talk.captured)


def _may_have_run_out(exit_: Exit) -> bool:
    """Whether the kernel may have ended it for memory, though its record does not say so."""
    if exit_.is_out_of_memory or exit_.is_past_deadline or exit_.is_flooding:
        return False
    return exit_.exit_code == _KILLED or (exit_.runtime == GVISOR and exit_.exit_code != 0)


def _elapsed(state: dict[str, Any], began_at: float | None) -> float:
    """Seconds from start, or from when it was told to begin, to end; 0 when it never started."""
    started, finished = began_at or timestamp(state["StartedAt"]), timestamp(state["FinishedAt"])
    return max(0.0, finished - started) if started > 0 and finished > 0 else 0.0
