"""Translate a `ContainerSpec` into an engine request: pure, so every flag is asserted without an engine.

Theory of operation. Every container of ours gets the same hardening, whoever's code it runs; profiles differ in
their user id, and in the runtime where a host has two. There is no option to weaken anything: what is not in a
`ContainerSpec` cannot be asked for.
Sources: CIS Docker Benchmark section 5, the engine API reference (v1.41), and the design's security notes 2.1.
"""

import errno
import functools
import json
import math
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audition.domain.execution import ContainerSpec, FileMount, Limits, Mount, Ownership, Profile, VolumeMount

#: Candidate code gets a user id of its own per slot: kernel quotas and signals go by user id.
CANDIDATE_UID = 20_000
TRUSTED_UID = 30_000

_PREFIX = "audition."
LABEL_INSTANCE = f"{_PREFIX}instance"
LABEL_RUN = f"{_PREFIX}run"
LABEL_FENCE = f"{_PREFIX}fence"
LABEL_STAGE = f"{_PREFIX}stage"
LABEL_DEADLINE = f"{_PREFIX}deadline"
BUILD_STAGE = "build"

#: The runtimes we know: the usual one, which shares the host's kernel, and gVisor's.
RUNC = "runc"
GVISOR = "runsc"

#: Not a link to the outside: for libraries that want a home, a temp folder and quiet thread pools.
_FIXED_ENVIRONMENT = {
    "HOME": "/tmp",  # noqa: S108  a tmpfs of this container alone
    "TMPDIR": "/tmp",  # noqa: S108
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUNBUFFERED": "1",
}
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@functools.cache
def seccomp_profile(runtime: str = RUNC) -> str:
    """The profile in `seccomp.json`, as a runtime can apply it; the API wants its text, not a path."""
    text = Path(__file__).with_name("seccomp.json").read_text()
    if runtime != GVISOR:
        return text
    # Inside gVisor (--oci-seccomp) whatever is refused fails with EPERM. The C library takes ENOSYS only for a reason
    # to fall back from clone3 to clone, so without clone3 there would be no thread. What it makes there is gVisor's.
    profile = json.loads(text)
    for rule in profile["syscalls"]:
        if rule["names"] == ["clone3"]:
            rule.clear()
            rule.update(names=["clone3"], action="SCMP_ACT_ALLOW", args=[])
    return json.dumps(profile)


def engine_profile() -> str:
    """The profile as the default of a whole engine, so that it holds for the steps of builds.

    `useradd` and its like ask the kernel's audit and give up when they are told that they may not; told that there
    is no such thing, they go on.
    """
    profile = json.loads(seccomp_profile())
    netlink = {"index": 0, "value": socket.AF_NETLINK, "valueTwo": 0, "op": "SCMP_CMP_EQ"}
    refusal = {
        "names": ["socket"],
        "action": "SCMP_ACT_ERRNO",
        "errnoRet": errno.EAFNOSUPPORT,
        "args": [netlink],
    }
    return json.dumps({**profile, "syscalls": [*profile["syscalls"], refusal]})


def uid_of(profile: Profile, slot: int) -> int:
    """The user id containers of a profile run as, distinct for each slot of this host."""
    is_candidates = profile in {Profile.CANDIDATE, Profile.KEEPER}
    return (CANDIDATE_UID if is_candidates else TRUSTED_UID) + slot


def pids_limit(limits: Limits, runtime: str | None) -> int:
    """Tasks of the host's kernel that a container may have, so that it can have `limits.pids` of its own.

    gVisor has some twenty tasks of its own and more than two for each process inside: counted by the kernel with
    0, 8, 32 and 64 processes inside, they were 26, 48, 101 and 155.
    """
    return 3 * limits.pids + 32 if runtime == GVISOR else limits.pids


def volume_name(spec: ContainerSpec, mount: VolumeMount, instance: str) -> str:
    """Name of a run's volume on the engine, which other instances use as well."""
    return f"audition-{instance}-{spec.ownership.run_id}-{spec.ownership.fence}-{mount.name}"


def labels_of(spec: ContainerSpec, instance: str) -> dict[str, str]:
    """Labels from which a reaper can work without any database."""
    owner = spec.ownership
    return {
        LABEL_INSTANCE: instance,
        LABEL_RUN: owner.run_id,
        LABEL_FENCE: str(owner.fence),
        LABEL_STAGE: spec.stage,
        LABEL_DEADLINE: str(owner.deadline_epoch),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Translator:
    """Turns specs into requests for one instance on one host."""

    instance: str
    """Which Audition this is; several may share an engine."""
    runtimes: Mapping[Profile, str] = field(default_factory=dict)
    """Whose code runs under which runtime; a profile that is not named gets the engine's default."""

    def request(self, spec: ContainerSpec, *, reads_stdin: bool = False) -> dict[str, Any]:
        """See `create_request`."""
        runtime = self.runtimes.get(spec.profile)
        seccomp = seccomp_profile(runtime or RUNC)
        return create_request(
            spec, instance=self.instance, seccomp=seccomp, runtime=runtime, reads_stdin=reads_stdin
        )


def create_request(
    spec: ContainerSpec,
    *,
    instance: str,
    seccomp: str,
    runtime: str | None = None,
    reads_stdin: bool = False,
) -> dict[str, Any]:
    """The body of the engine's "create container" request.

    Args:
        spec: What to run.
        instance: Which Audition this is; several may share an engine.
        seccomp: Text of the seccomp profile.
        runtime: OCI runtime, or None for the engine's default.
        reads_stdin: Whether it waits for a line on its standard input, which ends with the one who writes it.
    """
    uid = uid_of(spec.profile, spec.slot)
    return {
        "Image": spec.image,
        "Entrypoint": [],
        "Cmd": list(spec.argv),
        "User": f"{uid}:{uid}",
        # The same everywhere: the engine's random one would be the only thing that differs between equal runs.
        "Hostname": "audition",
        "WorkingDir": spec.working_dir,
        "Env": [f"{key}={value}" for key, value in sorted(_environment(spec).items())],
        "Labels": labels_of(spec, instance),
        "Healthcheck": {"Test": ["NONE"]},
        "Tty": False,
        "OpenStdin": reads_stdin,
        "StdinOnce": reads_stdin,
        "AttachStdin": reads_stdin,
        "AttachStdout": True,
        "AttachStderr": True,
        "NetworkDisabled": True,
        "HostConfig": _host_config(spec, instance, seccomp, runtime),
    }


def mirror_request(spec: ContainerSpec, *, instance: str, seccomp: str) -> dict[str, Any]:
    """The request for a build's package mirror: hardened like all, with a loopback that the build's steps join.

    No bridge and no gateway exist there, and a name is looked up on the loopback, where nothing answers: neither a
    service of the host nor its name servers can be reached. (On an internal network both could: CVE-2024-29018.)
    """
    request = create_request(spec, instance=instance, seccomp=seccomp)
    names = {"ExtraHosts": ["mirror:127.0.0.1"], "Dns": ["127.0.0.1"], "DnsSearch": ["."]}
    return {**request, "NetworkDisabled": False, "HostConfig": {**request["HostConfig"], **names}}


def build_labels(owner: Ownership, instance: str) -> dict[str, str]:
    """Labels of everything that a build makes: its base images have them, so all that comes of them inherits them."""
    return {
        LABEL_INSTANCE: instance,
        LABEL_RUN: owner.run_id,
        LABEL_FENCE: str(owner.fence),
        LABEL_STAGE: BUILD_STAGE,
        LABEL_DEADLINE: str(owner.deadline_epoch),
        "org.audition.kind": "candidate",
    }


def _environment(spec: ContainerSpec) -> dict[str, str]:
    # More threads than processors make numeric libraries slower, not faster.
    threads = str(max(1, math.ceil(spec.limits.cpus)))
    return {**_FIXED_ENVIRONMENT, **dict.fromkeys(_THREAD_VARIABLES, threads), **spec.environment}


def _host_config(spec: ContainerSpec, instance: str, seccomp: str, runtime: str | None) -> dict[str, Any]:
    limits = spec.limits
    config: dict[str, Any] = {
        "NetworkMode": "none",
        "Privileged": False,
        "CapDrop": ["ALL"],
        "CapAdd": [],
        "SecurityOpt": ["no-new-privileges:true", f"seccomp={seccomp}"],
        "ReadonlyRootfs": True,
        "IpcMode": "private",
        "PidMode": "",
        "Init": True,
        "AutoRemove": False,
        "RestartPolicy": {"Name": "no"},
        "OomScoreAdj": 500,
        "Devices": [],
        # No driver: what a container prints goes to the attached reader, which caps it, and to no disk.
        "LogConfig": {"Type": "none", "Config": {}},
        "Tmpfs": {"/tmp": _tmpfs(limits.scratch_bytes, limits.scratch_inodes)},  # noqa: S108
        "ShmSize": 64 << 20,
        "Mounts": [_mount(spec, mount, instance) for mount in spec.mounts],
        **_resources(limits, runtime),
    }
    return {**config, "Runtime": runtime} if runtime else config


def _resources(limits: Limits, runtime: str | None) -> dict[str, Any]:
    return {
        "Memory": limits.memory_bytes,
        # Equal to Memory means no swap at all.
        "MemorySwap": limits.memory_bytes,
        "NanoCpus": round(limits.cpus * 1e9),
        "PidsLimit": pids_limit(limits, runtime),
        "Ulimits": [
            {"Name": "core", "Soft": 0, "Hard": 0},
            {"Name": "nofile", "Soft": 1024, "Hard": 1024},
            {"Name": "fsize", "Soft": limits.output_bytes, "Hard": limits.output_bytes},
        ],
    }


def _tmpfs(size: int, inodes: int) -> str:
    return f"rw,noexec,nosuid,nodev,size={size},nr_inodes={inodes},mode=1777"


def _mount(spec: ContainerSpec, mount: Mount, instance: str) -> dict[str, Any]:
    if isinstance(mount, FileMount):
        return {
            "Type": "bind",
            "Source": mount.source,
            "Target": mount.target,
            "ReadOnly": True,
            "BindOptions": {"Propagation": "rprivate"},
        }
    uid = uid_of(mount.writer, spec.slot)
    options = f"size={mount.size_bytes},nr_inodes={mount.inodes},uid={uid},gid={uid},mode=0755"
    return {
        "Type": "volume",
        "Source": volume_name(spec, mount, instance),
        "Target": mount.target,
        "ReadOnly": not mount.is_writable,
        "VolumeOptions": {
            # Nothing of the image may be copied into it.
            "NoCopy": True,
            "Labels": labels_of(spec, instance),
            "DriverConfig": {
                "Name": "local",
                "Options": {"type": "tmpfs", "device": "tmpfs", "o": f"nosuid,nodev,{options}"},
            },
        },
    }
