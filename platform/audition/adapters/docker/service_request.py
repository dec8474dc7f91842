"""Translate a `ServiceSpec` into an engine request: pure, so every flag is asserted without an engine.

Theory of operation. A service starts from what any container of ours gets (see `translate.py`) and differs in what
a live service needs: its own entry point and working folder, no init before it (so that it is process 1, as it
would be in production, and gets signals itself), and the loopback of its prober instead of one of its own.
"""

from pathlib import PurePosixPath
from typing import Any

from audition.adapters.docker.translate import create_request, uid_of
from audition.domain.execution import ContainerSpec, Profile
from audition.domain.service import (
    MAX_PLACES,
    SCRATCH_BYTES,
    SMALL_SCRATCH_BYTES,
    SYSTEM_FOLDERS,
    Manner,
    Restriction,
    ServiceSpec,
    service_limits,
)

SERVICE_STAGE = "service"
_TMP = "/tmp"  # noqa: S108  a place in the service's container

#: What the engine hides from every container; a list of our own replaces its.
#: Source: moby, oci/defaults.go, with what newer releases added.
_ALWAYS_HIDDEN = (
    "/proc/asound",
    "/proc/acpi",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
)


def prober_request(
    spec: ContainerSpec, *, instance: str, seccomp: str, runtime: str | None
) -> dict[str, Any]:
    """The request for a prober: hardened like all, with a loopback that services join, and a stdin for answers.

    Args:
        spec: The prober.
        instance: Which Audition this is.
        seccomp: Text of the seccomp profile.
        runtime: OCI runtime, or None for the engine's default; one whose loopback can be shared.
    """
    request = create_request(spec, instance=instance, seccomp=seccomp, runtime=runtime, reads_stdin=True)
    # Names are looked up where nothing answers; with the engine's own name server a name would be a way out.
    names = {"Dns": ["127.0.0.1"], "DnsSearch": ["."]}
    return {**request, "NetworkDisabled": False, "HostConfig": {**request["HostConfig"], **names}}


def service_request(
    spec: ServiceSpec, *, prober: str, instance: str, seccomp: str, runtime: str | None
) -> dict[str, Any]:
    """The request for a candidate's service.

    Args:
        spec: The service.
        prober: Id of the container whose loopback it joins.
        instance: Which Audition this is.
        seccomp: Text of the seccomp profile.
        runtime: OCI runtime, the prober's.
    """
    limits = service_limits(spec)
    container = ContainerSpec(
        stage=SERVICE_STAGE,
        image=spec.image,
        argv=(),
        profile=Profile.CANDIDATE,
        ownership=spec.ownership,
        limits=limits,
        mounts=tuple(file for file in spec.files if file.target in coverable((file.target,))),
        slot=spec.slot,
    )
    request = create_request(container, instance=instance, seccomp=seccomp, runtime=runtime)
    # From the image, all of these; the host name is the prober's.
    for key in ("Entrypoint", "Cmd", "WorkingDir", "User", "Hostname", "NetworkDisabled"):
        del request[key]
    if spec.arguments is not None:
        request["Cmd"] = list(spec.arguments)
    if spec.restriction >= Restriction.ARBITRARY_USER:
        uid = uid_of(Profile.CANDIDATE, spec.slot)
        request["User"] = f"{uid}:{uid}"
    request["Env"] = [f"{key}={value}" for key, value in sorted(spec.environment.items())]
    is_read_only = spec.restriction >= Restriction.READ_ONLY_ROOT
    request["HostConfig"] |= {
        "NetworkMode": f"container:{prober}",
        "Init": False,
        "ReadonlyRootfs": is_read_only,
        "Tmpfs": _scratch(spec) if is_read_only else {},
    }
    if spec.manner is not None:
        _follow(spec, spec.manner, request)
    if hidden := coverable(spec.hidden):
        # The engine's own way to hide a file or a folder: it is found empty, and one that is not there is no error.
        request["HostConfig"]["MaskedPaths"] = [*_ALWAYS_HIDDEN, *hidden]
    return request


def coverable(places: tuple[str, ...]) -> tuple[str, ...]:
    """Those of some absolute paths that may be mounted over: plain, and not the system's own."""
    return tuple(dict.fromkeys(place for place in places[:MAX_PLACES] if _is_plain(place)))


def _is_plain(place: str) -> bool:
    path = PurePosixPath(place)
    is_whole = path.is_absolute() and str(path) == place and ".." not in path.parts and len(path.parts) > 1
    is_system = any(place == system or place.startswith(f"{system}/") for system in SYSTEM_FOLDERS)
    # A colon or a comma would be read by the engine as the end of a path.
    return is_whole and not is_system and place.isprintable() and not set(place) & set(":,\\")


def _scratch(spec: ServiceSpec) -> dict[str, str]:
    """Memory-backed folders: /tmp and what the submission declares."""
    is_small = spec.restriction >= Restriction.SMALL_SCRATCH
    size = SMALL_SCRATCH_BYTES if is_small else SCRATCH_BYTES
    return dict.fromkeys((_TMP, *coverable(spec.writable)), _options(spec, size))


def _options(spec: ServiceSpec, size: int) -> str:
    return f"rw,noexec,nosuid,nodev,size={size},nr_inodes={spec.limits.scratch_inodes},mode=1777"


def _follow(spec: ServiceSpec, manner: Manner, request: dict[str, Any]) -> None:
    """Start it as its manifest says; what holds it (network, privileges, limits) stays as it is.

    The engine and a kubelet agree: another entry point drops the image's command, arguments alone replace it.
    """
    if manner.command:
        request["Entrypoint"] = list(manner.command)
        request["Cmd"] = list(spec.arguments or ())
    if manner.working_dir:
        request["WorkingDir"] = manner.working_dir
    if manner.user:
        request["User"] = manner.user
    request["HostConfig"]["ReadonlyRootfs"] = manner.is_read_only
    folders = coverable(manner.writable)
    request["HostConfig"]["Tmpfs"] = dict.fromkeys(folders, _options(spec, SCRATCH_BYTES))
