"""Run the probe in a container like those of runs and judge what it saw."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import docker

from audition.adapters.docker import probe
from audition.adapters.docker.failures import engine_errors
from audition.adapters.docker.launch import Launcher
from audition.adapters.docker.posture import Expected, Facts, judge
from audition.adapters.docker.streams import Conversation
from audition.adapters.docker.sweep import Sweeper
from audition.adapters.docker.translate import Translator, uid_of
from audition.domain.execution import ContainerSpec, FileMount, Limits, Ownership, Profile, VolumeMount

#: Small enough to be filled at once, and unlike any default.
LIMITS = Limits(
    time_seconds=20.0,
    memory_bytes=200 << 20,
    cpus=0.5,
    pids=120,
    scratch_bytes=3 << 20,
    scratch_inodes=60,
    output_bytes=5 << 20,
    output_inodes=40,
)
_ANSWER_BYTES = 1 << 20
_STDERR_BYTES = 2000
_LATEST_SECONDS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A kind of container: whose code, in which image, under which runtime."""

    profile: Profile
    image: str
    runtime: str

    def __str__(self) -> str:
        """As a person reads it."""
        return f"{self.profile.value} containers of {self.image} under {self.runtime}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How one kind of container was found."""

    subject: Subject
    troubles: tuple[str, ...]
    """Empty when everything is as it must be."""
    is_remembered: bool = False


def examine(
    client: docker.APIClient, subject: Subject, *, instance: str, folder: Path, host_kernel: str
) -> tuple[str, ...]:
    """Everything about such a container that is not as it must be; see `posture.judge`.

    Args:
        client: Its time-out bounds every call, so that a runtime that hangs is noticed.
        subject: What to look at.
        instance: For labels, so that a sweeper finds what a crash leaves.
        folder: Of the host, with the same path for the engine; a file to mount is put there.
        host_kernel: Release of the kernel that the engine runs on.

    Raises:
        UnavailableError: The container could not be started, or said nothing in time.
    """
    facts = look(client, subject, instance=instance, folder=folder)
    expected = Expected(
        runtime=subject.runtime, uid=uid_of(subject.profile, 0), limits=LIMITS, host_kernel=host_kernel
    )
    return judge(facts, expected)


def look(client: docker.APIClient, subject: Subject, *, instance: str, folder: Path) -> Facts:
    """What the probe sees in a container of this kind, and what the engine counts for it meanwhile.

    Raises:
        UnavailableError: See `examine`.
    """
    name = f"posture_{uuid4().hex[:16]}"
    source = _input(folder / name)
    owner = Ownership(run_id=name, fence=0, deadline_epoch=int(time.time()) + _LATEST_SECONDS)
    translator = Translator(instance=instance, runtimes={subject.profile: subject.runtime})
    launched = None
    try:
        launched = Launcher(client, None, translator).launch(_spec(subject, owner, source))
        talk = Conversation(launched.reader, what="self-test", stderr_cap=_STDERR_BYTES)
        launched.begin()
        line = talk.read_line(_ANSWER_BYTES, LIMITS.time_seconds)
        with engine_errors("reading a container's counters"):
            # It waits until it is removed, so that there is something to count.
            stats = client.stats(launched.container, stream=False, one_shot=True)
    finally:
        if launched is not None:
            launched.reader.close()
        with engine_errors("removing the self-test's container"):
            Sweeper(client, instance).remove_run(name, 0)
        _forget(folder / name)
    facts: dict[str, Any] = json.loads(line)
    return {**facts, "engine": _counters(stats)}


def _counters(stats: Mapping[str, Any]) -> dict[str, object]:
    throttling = stats.get("cpu_stats", {}).get("throttling_data", {})
    return {
        "memory": stats.get("memory_stats", {}).get("limit"),
        "pids": stats.get("pids_stats", {}).get("limit"),
        # Counted only where there is a quota.
        "has_cpu_quota": throttling.get("periods", 0) > 0,
    }


def _spec(subject: Subject, owner: Ownership, source: Path) -> ContainerSpec:
    script = Path(probe.__file__).read_text(encoding="utf-8")
    return ContainerSpec(
        stage="posture",
        image=subject.image,
        argv=("python3", "-c", script, "--stay"),
        profile=subject.profile,
        ownership=owner,
        limits=LIMITS,
        mounts=(
            FileMount(source=str(source), target="/in/test.csv"),
            VolumeMount(
                name="out",
                target="/out",
                is_writable=True,
                size_bytes=5 << 20,
                inodes=40,
                writer=subject.profile,
            ),
            VolumeMount(name="tree", target="/submission", is_writable=False, size_bytes=1 << 20, inodes=20),
        ),
        working_dir="/submission",
    )


def _input(folder: Path) -> Path:
    """The file to mount; beside it lies one that must not be found from inside."""
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    source, secret = folder / "input", folder / "secret"
    source.write_text("id,a\n1,2\n")
    secret.write_text("".join(probe.CANARY_PARTS))
    for path in (source, secret):
        path.chmod(0o444)
    return source


def _forget(folder: Path) -> None:
    for path in folder.glob("*"):
        path.unlink()
    folder.rmdir()
