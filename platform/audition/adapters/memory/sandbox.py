"""The sandbox port in memory: containers are functions, volumes are dicts, and time inside passes at once.

What is honest here: caps on what is kept, floods, deadlines, memory, requests to stop, volumes that live as
long as a container that mounts them, labels, discarding and sweeping. What cannot be: isolation. A program is
a function of the test's own process, so nothing hostile may be given to it.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from audition.adapters.memory.inside import EndedError, FakeVolume, Inside
from audition.adapters.memory.served import FakeProber, FakeServed, FakeService
from audition.domain.build import BuildCause, BuildKind, BuildResult, BuildSpec
from audition.domain.errors import UnavailableError
from audition.domain.execution import ContainerSpec, Exit, Ownership, Profile, Usage, VolumeMount
from audition.domain.service import ServiceSpec, service_limits
from audition.ports import Prober, Served, Service

_KILLED = 137
_NOT_FOUND = 127
#: The same as the Docker sweeper gives.
_GRACE_SECONDS = 30.0
_STRANGERS_GRACE_SECONDS = 600.0
#: What a missing image is called; the same code as the real engine's adapter gives.
_IMAGE_MISSING = "image-missing"
#: Names the program of services that are not told which.
SERVICE_STAGE = "service"

Program = Callable[[Inside], int]
"""What a container runs: it is given the inside of the container and returns its exit code."""
BuildProgram = Callable[[BuildSpec, bytes, Callable[[], bool]], BuildResult]
"""What a build does: it is given the spec, the context and whether to stop, and says how it went."""


@dataclass
class FakeContainer:
    """A container and everything that is known of it."""

    spec: ContainerSpec
    instance: str
    inside: Inside

    @property
    def key(self) -> tuple[str, int]:
        """Run id and fence."""
        return self.spec.ownership.run_id, self.spec.ownership.fence


@dataclass
class FakeEngine:
    """What several sandboxes share: images, containers, volumes."""

    images: dict[str, str] = field(default_factory=dict)
    """Reference to content id; a reference that is not here is missing."""
    containers: list[FakeContainer] = field(default_factory=list)
    volumes: dict[tuple[str, str, int, str], FakeVolume] = field(default_factory=dict)
    """By instance, run id, fence and name."""
    built: dict[str, tuple[str, Ownership]] = field(default_factory=dict)
    """Images that were built: reference to instance and owner."""


class FakeSandbox:
    """Implements `Sandbox`; `programs` says what each stage's container does."""

    def __init__(
        self,
        programs: dict[str, Program | None] | None = None,
        *,
        engine: FakeEngine | None = None,
        instance: str = "fake",
    ) -> None:
        """Begin with nothing running.

        Args:
            programs: By stage; None is a command that does not exist.
            engine: Share one to have several instances on it.
            instance: As in labels.
        """
        self.programs: dict[str, Program | None] = dict(programs or {})
        self.engine = engine or FakeEngine()
        self.specs: list[ContainerSpec] = []
        """Every spec it was given, in order."""
        self.expected: list[tuple[str, ...]] = []
        """Stages that were announced, for each announcement."""
        self.build_program: BuildProgram = _build_nothing
        """What `build` does; the image that it reports is then there until it is discarded."""
        self.builds: list[BuildSpec] = []
        """Every build it was given, in order."""
        self.services: list[ServiceSpec] = []
        """Every start of a service, in order."""
        self.now = 0.0
        """Time of day in Unix seconds; a test moves it."""
        self._instance = instance
        self._failures: dict[str, list[UnavailableError]] = {}
        self._lock = threading.Lock()

    def fail(self, doing: str, *errors: UnavailableError) -> None:
        """Make the engine fail the next times: at a stage, or at "discard", "sweep" or "image_id"."""
        self._failures.setdefault(doing, []).extend(errors)

    def stages(self) -> list[str]:
        """The stages it was given, in order."""
        return [str(spec.stage) for spec in self.specs]

    def run(self, spec: ContainerSpec, should_stop: Callable[[], bool] | None = None) -> Exit:
        """See `ports.Sandbox.run`."""
        container = self._create(spec, should_stop)
        return self.play(container)

    def show(
        self,
        images: Sequence[str],
        spec: ContainerSpec,
        max_bytes: int,
        should_stop: Callable[[], bool] | None = None,
    ) -> Exit:
        """See `ports.Sandbox.show`; what is shown are the content ids, each on a line."""
        self._maybe_fail("show")
        shown = b"".join(self.image_id(image).encode() + b"\n" for image in images)
        container = self._create(spec, should_stop)
        container.inside.hear(shown[:max_bytes])
        return self.play(container)

    @contextmanager
    def serve(self, spec: ContainerSpec) -> Iterator[Served]:
        """See `ports.Sandbox.serve`."""
        container = self._create(spec, None)
        served = FakeServed(container.inside, lambda: self.play(container))
        try:
            yield served
        finally:
            served.stop()

    @contextmanager
    def probe(self, spec: ContainerSpec) -> Iterator[Prober]:
        """See `ports.Sandbox.probe`."""
        container = self._create(spec, None)
        prober = FakeProber(container.inside, lambda: self.play(container), self._start_service)
        try:
            yield prober
        finally:
            prober.close()

    def expect(self, specs: Sequence[ContainerSpec]) -> None:
        """See `ports.Sandbox.expect`; nothing here is slow, so nothing is started ahead."""
        self.expected.append(tuple(spec.stage for spec in specs))

    def stock(self, specs: Sequence[ContainerSpec], count: int) -> bool:
        """See `ports.Sandbox.stock`; there is never a need to."""
        del specs, count
        return False

    def clear(self) -> None:
        """See `ports.Sandbox.clear`."""

    def build(
        self, spec: BuildSpec, context: BinaryIO, should_stop: Callable[[], bool] | None = None
    ) -> BuildResult:
        """See `ports.Sandbox.build`."""
        self._maybe_fail("build")
        for image in (*spec.bases.values(), spec.mirror):
            self.image_id(image)
        self.builds.append(spec)
        result = self.build_program(spec, context.read(spec.context_bytes), should_stop or (lambda: False))
        # Whatever is made belongs to this build, and a failure leaves nothing.
        owner = spec.ownership
        if result.cause != BuildCause.OK or spec.kind == BuildKind.TOUCHED:
            return replace(result, reference="", image_id="")
        reference = f"audition-candidate/{self._instance}-{owner.run_id}-{owner.fence}:{spec.kind}"
        self.engine.images[reference] = result.image_id
        self.engine.built[reference] = (self._instance, owner)
        return replace(result, reference=reference)

    def discard(self, run_id: str, fence: int) -> None:
        """See `ports.Sandbox.discard`."""
        self._maybe_fail("discard")
        self._remove(self._instance, lambda key: key == (run_id, fence))

    def tidy(self) -> int:
        """See `ports.Sandbox.tidy`; everything discarded is gone already."""
        return 0

    def sweep(self, is_over: Callable[[str, int], bool]) -> int:
        """See `ports.Sandbox.sweep`."""
        self._maybe_fail("sweep")
        owners = [c.spec.ownership for c in self.engine.containers]
        owners += [owner for _, owner in self.engine.built.values()]
        late_by = {(o.run_id, o.fence): self.now - o.deadline_epoch for o in owners}
        instances = {c.instance for c in self.engine.containers} | {i for i, _ in self.engine.built.values()}
        # Theirs go by their deadline alone: an instance may be no more.
        others = instances - {self._instance}
        gone = sum(self._remove(i, lambda key: late_by[key] > _STRANGERS_GRACE_SECONDS) for i in others)
        return gone + self._remove(
            self._instance, lambda key: late_by.get(key, 0.0) > _GRACE_SECONDS or is_over(*key)
        )

    def image_id(self, reference: str) -> str:
        """See `ports.Sandbox.image_id`."""
        self._maybe_fail("image_id")
        if reference not in self.engine.images:
            msg = f"An image is missing on this host: {reference}"
            raise UnavailableError(msg, transient=False, code=_IMAGE_MISSING)
        return self.engine.images[reference]

    def facts(self) -> dict[str, str]:
        """See `ports.Sandbox.facts`."""
        return {"engine": "fake", "runtime": "fake"}

    def left(self, run_id: str, fence: int) -> list[str]:
        """Names of what still exists of a run."""
        key = (run_id, fence)
        containers = [f"container {c.spec.stage}" for c in self._of(self._instance) if c.key == key]
        volumes = [f"volume {v[3]}" for v in self.engine.volumes if v[:3] == (self._instance, *key)]
        images = [f"image {name}" for name in self._images(self._instance, lambda k: k == key)]
        return containers + volumes + images

    def play(self, container: FakeContainer) -> Exit:
        """Run a container's program to its end in the calling thread."""
        exit_ = self._play(container)
        if container.spec.ends_with_line and b"\n" in container.inside.stdout:
            # What came after the line was not waited for.
            return replace(
                exit_, exit_code=0, is_out_of_memory=False, is_past_deadline=False, is_flooding=False
            )
        return exit_

    def _play(self, container: FakeContainer) -> Exit:
        program = self.programs[container.spec.stage]
        try:
            return self._exit(container, program(container.inside) if program else _NOT_FOUND)
        except EndedError as ended:
            return replace(
                self._exit(container, _KILLED),
                is_out_of_memory=ended.is_out_of_memory,
                is_past_deadline=ended.is_past_deadline,
                is_flooding=ended.is_flooding,
            )
        finally:
            self._end(container)

    def _create(self, spec: ContainerSpec, should_stop: Callable[[], bool] | None) -> FakeContainer:
        self._maybe_fail(spec.stage)
        self.image_id(spec.image)
        with self._lock:
            volumes = {m.name: self._volume(spec, m) for m in spec.mounts if isinstance(m, VolumeMount)}
            inside = Inside(spec, volumes, should_stop)
            container = FakeContainer(spec=spec, instance=self._instance, inside=inside)
            self.specs.append(spec)
            self.engine.containers.append(container)
        return container

    def _start_service(self, spec: ServiceSpec) -> Service:
        self.services.append(spec)
        # Its program is named by its first argument, or is the one of every service.
        named = (spec.arguments or ("",))[0]
        stage = named if named in self.programs else SERVICE_STAGE
        limits = service_limits(spec)
        container = self._create(
            ContainerSpec(
                stage=stage,
                image=spec.image,
                argv=spec.arguments or (),
                profile=Profile.CANDIDATE,
                ownership=spec.ownership,
                limits=limits,
                environment=dict(spec.environment),
            ),
            None,
        )
        return FakeService(spec, container.inside, lambda: self.play(container))

    def _volume(self, spec: ContainerSpec, mount: VolumeMount) -> FakeVolume:
        name = (self._instance, spec.ownership.run_id, spec.ownership.fence, mount.name)
        volume = self.engine.volumes.setdefault(name, FakeVolume(mount))
        volume.users += 1
        return volume

    def _end(self, container: FakeContainer) -> None:
        inside = container.inside
        with self._lock, inside.news:
            if inside.has_ended:
                return
            inside.has_ended = True
            inside.news.notify_all()
            for volume in inside._volumes.values():  # noqa: SLF001  the engine mounted them
                volume.users -= 1
                if not volume.users:
                    volume.files = {}

    def _exit(self, container: FakeContainer, code: int) -> Exit:
        inside = container.inside
        return Exit(
            exit_code=code,
            stdout=bytes(inside.stdout[: inside.spec.limits.log_bytes]),
            stderr=bytes(inside.stderr),
            is_log_truncated=inside.is_truncated,
            usage=Usage(wall_seconds=inside.seconds, peak_memory_bytes=inside.peak_bytes or None),
            runtime="fake",
            image_id=self.engine.images[inside.spec.image],
        )

    def _of(self, instance: str) -> Sequence[FakeContainer]:
        return [c for c in self.engine.containers if c.instance == instance]

    def _remove(self, instance: str, may_go: Callable[[tuple[str, int]], bool]) -> int:
        containers = [c for c in self._of(instance) if may_go(c.key)]
        for container in containers:
            container.inside.kill()
            self._end(container)
        volumes = [v for v in self.engine.volumes if v[0] == instance and may_go(v[1:3])]
        with self._lock:
            self.engine.containers = [c for c in self.engine.containers if c not in containers]
            for name in volumes:
                self.engine.volumes.pop(name, None)
        images = self._images(instance, may_go)
        for reference in images:
            del self.engine.built[reference], self.engine.images[reference]
        return len(containers) + len(volumes) + len(images)

    def _images(self, instance: str, may_go: Callable[[tuple[str, int]], bool]) -> list[str]:
        return [
            reference
            for reference, (builder, owner) in self.engine.built.items()
            if builder == instance and may_go((owner.run_id, owner.fence))
        ]

    def _maybe_fail(self, doing: str) -> None:
        if errors := self._failures.get(doing):
            raise errors.pop(0)


def _build_nothing(_spec: BuildSpec, _context: bytes, _should_stop: Callable[[], bool]) -> BuildResult:
    """An image with nothing in it."""
    return BuildResult(cause=BuildCause.OK, image_id="sha256:" + "b" * 64, size_bytes=1, layers=1)
