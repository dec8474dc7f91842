"""Build a Dockerfile on the real engine as a run does: planned, packed, built, and looked at from outside."""

import contextlib
import io
import tarfile
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import docker

from audition.adapters.docker.engine_client import connect, usual_addresses
from audition.adapters.docker.sandbox import DockerSandbox
from audition.adapters.docker.translate import LABEL_INSTANCE, LABEL_RUN
from audition.domain.build import BuildLimits, BuildPlan, BuildResult, BuildSpec
from audition.domain.contract import Entry
from audition.domain.execution import Ownership
from audition.grading.context import context_bytes, write_context
from audition.grading.ignore import context_entries
from audition.grading.recipe import plan_build
from audition.host.recipes import read_bases
from audition.settings import Settings

FROM = "FROM python:3.11-slim\n"
LIMITS = BuildLimits(time_seconds=60, memory_bytes=300 << 20, pids=64)


@dataclass(frozen=True, kw_only=True)
class Built:
    """How a build went, and what the engine still had of it when it was over."""

    plan: BuildPlan
    result: BuildResult | None
    """None when the plan was refused."""
    run_id: str

    @property
    def outcome(self) -> BuildResult:
        """Of a Dockerfile that was not refused."""
        assert self.result is not None, self.plan.refusals
        return self.result


def pack(files: Mapping[str, str]) -> bytes:
    """A tar of some text files."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return stream.getvalue()


class Site:
    """Builds on the engine of this host, for an instance that nobody else uses."""

    def __init__(self, images: Mapping[str, str]) -> None:
        """Connect."""
        settings = Settings.from_env()
        self.client: docker.APIClient = connect(settings.docker_host or usual_addresses()[0], pool_size=32)
        self.instance = f"build-{uuid4().hex[:8]}"
        self.sandbox = DockerSandbox(self.client, instance=self.instance)
        self.images = images
        # One for all: what is built again for a run has the labels that the first build had.
        self._deadline = int(time.time()) + 1800
        self.bases = read_bases(settings.images_dir)

    def build(
        self,
        recipe: str,
        files: Mapping[str, bytes] | None = None,
        limits: BuildLimits = LIMITS,
        run_id: str = "",
        **how: Any,
    ) -> Built:
        """Plan a Dockerfile and build it; a refused one reaches no engine. `how` goes into the spec."""
        run_id = run_id or f"run_{uuid4().hex[:12]}"
        with tempfile.TemporaryDirectory() as name, tempfile.TemporaryFile() as context:
            folder = Path(name)
            every = {"Dockerfile": recipe.encode(), **(files or {})}
            for path, content in every.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(content)
            entries = tuple(Entry(path=path, bytes=len(content)) for path, content in every.items())
            plan, text = plan_build(folder, self.bases, entries)
            if plan.refusals:
                return Built(plan=plan, result=None, run_id=run_id)
            entries = context_entries(folder, entries, plan.file)
            size = context_bytes(folder, entries, plan.file, text)
            write_context(folder, entries, plan.file, text, context)
            assert context.tell() == size
            context.seek(0)
            result = self.sandbox.build(
                replace(self._spec(run_id, plan, size), limits=limits, **how), context
            )
        return Built(plan=plan, result=result, run_id=run_id)

    def left(self, run_id: str) -> list[str]:
        """Containers and images of a run that exist."""
        mine = {"label": [f"{LABEL_INSTANCE}={self.instance}", f"{LABEL_RUN}={run_id}"]}
        containers = [f"container {c['Names']}" for c in self.client.containers(all=True, filters=mine)]
        return containers + [f"image {i['RepoTags']}" for i in self.client.images(all=True, filters=mine)]

    def run(self, image: str, *command: str) -> str:
        """What a program in a built image prints."""
        request = {
            "Image": image,
            "Entrypoint": [],
            "Cmd": list(command),
            "Labels": {LABEL_INSTANCE: self.instance},
            "HostConfig": {"NetworkMode": "none"},
        }
        container = self.client.create_container_from_config(request)["Id"]  # type: ignore[no-untyped-call]
        try:
            self.client.start(container)
            self.client.wait(container, timeout=60)
            said: bytes = self.client.logs(container)
            return said.decode().strip()
        finally:
            self.client.remove_container(container, v=True, force=True)

    def close(self) -> None:
        """Remove everything, and see that nothing was left to remove but what belongs to runs."""
        with contextlib.closing(self.client):
            self.sandbox.sweep(lambda _run_id, _fence: True)
            mine = {"label": f"{LABEL_INSTANCE}={self.instance}"}
            assert self.client.images(all=True, filters=mine) == []
            assert self.client.containers(all=True, filters=mine) == []

    def _spec(self, run_id: str, plan: BuildPlan, size: int) -> BuildSpec:
        return BuildSpec(
            ownership=Ownership(run_id=run_id, fence=1, deadline_epoch=self._deadline),
            file=plan.file,
            bases={base: self.images[base] for base in plan.bases},
            mirror=self.images["mirror"],
            context_bytes=size,
        )
