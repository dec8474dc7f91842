"""Sandboxes of each kind behind one face, so that one suite can speak of containers and what they do.

A `Deed` says the same thing twice: as a Python script for a real container and as a function for a fake one.
"""

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import docker

from audition import bootstrap
from audition.adapters.docker.engine_client import connect, engine_facts, usual_addresses
from audition.adapters.docker.sandbox import DockerSandbox
from audition.adapters.docker.translate import GVISOR, LABEL_FENCE, LABEL_INSTANCE, LABEL_RUN
from audition.adapters.memory.inside import Inside
from audition.adapters.memory.sandbox import FakeEngine, FakeSandbox, Program
from audition.domain.execution import ContainerSpec, Exit, Limits, Ownership, Profile
from audition.domain.service import ServiceSpec
from audition.ports import Sandbox, Served
from audition.settings import Settings

#: Small, so that many fit beside each other; Python itself takes about 10 MB.
LIMITS = Limits(time_seconds=30.0, memory_bytes=64 << 20, pids=64, log_bytes=1000, flood_bytes=200_000)


@dataclass(frozen=True, kw_only=True)
class Deed:
    """What a container does."""

    script: str
    play: Callable[[Inside], int] | None = None
    """None where a fake cannot honestly do it."""


def owner(run_id: str | None = None, fence: int = 1, lasts_seconds: float = 600.0) -> Ownership:
    """A run of its own unless told which."""
    run_id = run_id or f"run_{uuid4().hex[:12]}"
    return Ownership(run_id=run_id, fence=fence, deadline_epoch=int(time.time() + lasts_seconds))


class Box(Protocol):
    """A sandbox of some kind, another instance on the same engine, and how to look behind them."""

    sandbox: Sandbox
    other: Sandbox
    image: str

    def spec(self, deed: Deed | None, **overrides: Any) -> ContainerSpec:
        """A container that does this; None is a command that does not exist."""
        ...

    def service(self, deed: Deed | None, prober: ContainerSpec, **overrides: Any) -> ServiceSpec:
        """A service that does this, beside a prober of the same run; None is a command that does not exist."""
        ...

    def left(self, run_id: str, fence: int = 1) -> int:
        """Number of things of a run that exist, whatever their instance."""
        ...


@dataclass
class FakeBox:
    """Implements `Box`."""

    image: str = "fake:1"
    programs: dict[str, Program | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Two instances on one engine."""
        self._numbers = itertools.count()
        self._engine = FakeEngine(images={self.image: "sha256:" + "0" * 64})
        self._boxes = [FakeSandbox(engine=self._engine, instance=name) for name in ("a", "b")]
        for box in self._boxes:
            box.programs, box.now = self.programs, time.time()
        self.sandbox: Sandbox = self._boxes[0]
        self.other: Sandbox = self._boxes[1]

    def spec(self, deed: Deed | None, **overrides: Any) -> ContainerSpec:
        """A container whose stage names its program."""
        stage = f"deed-{next(self._numbers)}"
        self.programs[stage] = deed.play if deed else None
        return _spec(stage, self.image, ("deed",), overrides)

    def service(self, deed: Deed | None, prober: ContainerSpec, **overrides: Any) -> ServiceSpec:
        """A service whose argument names its program."""
        stage = self.spec(deed).stage
        return ServiceSpec(image=self.image, ownership=prober.ownership, arguments=(stage,), **overrides)

    def left(self, run_id: str, fence: int = 1) -> int:
        """Count things."""
        return sum(len(box.left(run_id, fence)) for box in self._boxes)


class AnnouncingSandbox(DockerSandbox):
    """Announces the first container of every run, so that it is one that was started ahead."""

    def __init__(
        self, client: docker.APIClient, *, instance: str, bays_folder: Path, runtimes: Mapping[Profile, str]
    ) -> None:
        super().__init__(client, instance=instance, bays_folder=bays_folder, runtimes=runtimes)
        self._announced: set[Ownership] = set()

    def run(self, spec: ContainerSpec, should_stop: Callable[[], bool] | None = None) -> Exit:
        self._announce(spec)
        return super().run(spec, should_stop)

    @contextmanager
    def serve(self, spec: ContainerSpec) -> Iterator[Served]:
        self._announce(spec)
        with super().serve(spec) as served:
            yield served

    def _announce(self, spec: ContainerSpec) -> None:
        if spec.ownership not in self._announced:
            self._announced.add(spec.ownership)
            self.expect([spec])


class DockerBox:
    """Implements `Box` on the engine of this host; with a folder for bays, its containers are started ahead."""

    def __init__(
        self, bays_folder: Path | None = None, runtimes: Mapping[Profile, str] | None = None
    ) -> None:
        """Two instances that nobody else uses."""
        runtimes = runtimes or {}
        self._is_warm = bays_folder is not None
        settings = Settings.from_env()
        self.client: docker.APIClient = connect(settings.docker_host or usual_addresses()[0], pool_size=32)
        names = [f"contract-{uuid4().hex[:8]}" for _ in range(2)]
        self.instances = names
        self.sandbox: Sandbox = (
            DockerSandbox(self.client, instance=names[0], runtimes=runtimes)
            if bays_folder is None
            else AnnouncingSandbox(self.client, instance=names[0], bays_folder=bays_folder, runtimes=runtimes)
        )
        self.other: Sandbox = DockerSandbox(self.client, instance=names[1], runtimes=runtimes)
        # What waits is started as "python", which is in the images that candidates get.
        self.image = bootstrap.image_references(settings)["tabular" if self._is_warm else "base"]

    def spec(self, deed: Deed | None, **overrides: Any) -> ContainerSpec:
        """A container that runs the script."""
        argv = ("python3", "-c", deed.script) if deed else ("no-such-command",)
        return _spec("deed", self.image, argv, {"warm_imports": () if self._is_warm else None, **overrides})

    def service(self, deed: Deed | None, prober: ContainerSpec, **overrides: Any) -> ServiceSpec:
        """A service that runs the script."""
        arguments = ("python3", "-c", deed.script) if deed else ("no-such-command",)
        return ServiceSpec(image=self.image, ownership=prober.ownership, arguments=arguments, **overrides)

    def left(self, run_id: str, fence: int = 1) -> int:
        """Count containers and volumes."""
        labels = [f"{LABEL_RUN}={run_id}", f"{LABEL_FENCE}={fence}"]
        volumes = self.client.volumes(filters={"label": labels}).get("Volumes") or []
        return len(volumes) + len(self.client.containers(all=True, filters={"label": labels}))

    def close(self) -> None:
        """Remove everything of both instances."""
        for sandbox in (self.sandbox, self.other):
            sandbox.sweep(lambda _run_id, _fence: True)
        left = [
            thing
            for name in self.instances
            for thing in self.client.containers(all=True, filters={"label": f"{LABEL_INSTANCE}={name}"})
        ]
        self.client.close()
        assert left == []


#: Code of strangers under gVisor, what holds and reads their files under the engine's default, as on a real host.
UNDER_GVISOR = {Profile.CANDIDATE: GVISOR, Profile.AUTHOR: GVISOR}


def has_gvisor() -> bool:
    """Whether the engine has it registered."""
    client = connect(Settings.from_env().docker_host or usual_addresses()[0])
    try:
        return GVISOR in engine_facts(client).runtimes
    finally:
        client.close()


def _spec(stage: str, image: str, argv: tuple[str, ...], overrides: dict[str, Any]) -> ContainerSpec:
    fields = {"profile": Profile.CANDIDATE, "ownership": owner(), "limits": LIMITS, **overrides}
    return ContainerSpec(stage=stage, image=image, argv=argv, **fields)
