"""Reach a Docker engine and learn what it is.

Only this folder knows docker-py. It uses the low-level client: the high-level one hides HTTP calls whose
time-outs and failures we have to see.
"""

import os
import socket
import weakref
from collections.abc import Sequence
from dataclasses import dataclass

import docker
from docker.errors import DockerException

from audition.adapters.docker.translate import GVISOR
from audition.domain.errors import UnavailableError

SYSTEM_SOCKET = "unix:///var/run/docker.sock"
_HOW_TO_BE_LET_IN = (
    "Run as root, or have an administrator add this user to the group that owns the socket "
    "(sudo usermod -aG docker NAME, then sign in again). That group is as good as root."
)


@dataclass(frozen=True)
class EngineFacts:
    """What an engine says about itself, as recorded with each result."""

    version: str
    api_version: str
    runc_version: str
    architecture: str
    """Of its kernel, as `uname -m` says it: x86_64, aarch64."""
    kernel: str
    cgroup_version: str
    storage_driver: str
    runtimes: tuple[str, ...]
    default_runtime: str
    security_options: tuple[str, ...]
    """Names only: seccomp, apparmor, userns, rootless, cgroupns."""
    cpu_count: int
    memory_bytes: int
    root_dir: str
    gvisor_command: tuple[str, ...] = ()
    """Path and arguments with which runsc is registered; empty when it is not."""


def usual_addresses() -> tuple[str, ...]:
    """Where an engine listens when nobody says otherwise: the system's, then this user's own."""
    return (SYSTEM_SOCKET, f"unix:///run/user/{os.getuid()}/docker.sock")


def connect(address: str, *, timeout_seconds: int = 60, pool_size: int = 10) -> docker.APIClient:
    """Return a client that has talked to the engine once.

    Args:
        address: `unix://…`, `tcp://…` or `ssh://…`.
        timeout_seconds: For each read of a reply; a stream may be silent that long.
        pool_size: Connections kept open; threads beyond that number wait for each other.

    Raises:
        UnavailableError: Nothing answers there; `code` is `engine-absent` (no socket), `engine-denied`
            (no right to use it) or `engine-silent`.
    """
    _knock(address, timeout_seconds)
    try:
        # Negotiation asks the engine, so a client that exists has an engine behind it.
        client = docker.APIClient(
            base_url=address,
            version="auto",
            timeout=timeout_seconds,
            max_pool_size=pool_size,
            num_pools=4,
        )
    except (DockerException, OSError) as error:
        raise _silent(address, error) from error
    _close_before_fork(client)
    return client


def _close_before_fork(client: docker.APIClient) -> None:
    """Never let a forked child inherit a connection: two processes on one would read each other's answers."""
    reference = weakref.ref(client)

    def close_idle() -> None:
        living = reference()
        if living is not None:
            living.close()

    os.register_at_fork(before=close_idle)


def find(addresses: Sequence[str], *, timeout_seconds: int = 5) -> str:
    """Return the first address at which an engine answers.

    Raises:
        UnavailableError: None does; the error is the most telling of them (denied, then silent, then absent).
    """
    failures: list[UnavailableError] = []
    for address in addresses:
        try:
            connect(address, timeout_seconds=timeout_seconds).close()
        except UnavailableError as error:
            failures.append(error)
        else:
            return address
    rank = {"engine-denied": 0, "engine-silent": 1, "engine-absent": 2}
    raise min(failures, key=lambda error: rank[error.code])


def check_answers(client: docker.APIClient) -> None:
    """Ask the engine for a sign of life.

    Raises:
        UnavailableError: It gave none.
    """
    try:
        client.ping()
    except (DockerException, OSError) as error:
        raise UnavailableError(f"The Docker engine does not answer: {_innermost(error)}") from error


def engine_facts(client: docker.APIClient) -> EngineFacts:
    """Ask the engine about itself.

    Raises:
        UnavailableError: It stopped answering.
    """
    try:
        info, version = client.info(), client.version()
    except (DockerException, OSError) as error:
        raise UnavailableError(f"The Docker engine stopped answering: {_innermost(error)}") from error
    runtimes = info.get("Runtimes") or {}
    gvisor = runtimes.get(GVISOR)
    components = {part["Name"]: part["Version"] for part in version.get("Components") or []}
    options = (option.split(",")[0].removeprefix("name=") for option in info.get("SecurityOptions") or [])
    return EngineFacts(
        version=version["Version"],
        api_version=version["ApiVersion"],
        runc_version=components.get("runc", ""),
        architecture=info["Architecture"],
        kernel=info["KernelVersion"],
        cgroup_version=str(info.get("CgroupVersion", "1")),
        storage_driver=info["Driver"],
        runtimes=tuple(sorted(runtimes)),
        default_runtime=info.get("DefaultRuntime", "runc"),
        security_options=tuple(options),
        cpu_count=int(info["NCPU"]),
        memory_bytes=int(info["MemTotal"]),
        root_dir=info["DockerRootDir"],
        gvisor_command=() if gvisor is None else (gvisor.get("path", ""), *(gvisor.get("runtimeArgs") or ())),
    )


def _knock(address: str, timeout_seconds: float) -> None:
    """Connect to a unix socket once: the reasons it gives are better than those of a client."""
    if not address.startswith("unix://"):
        return
    path = address.removeprefix("unix://")
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(timeout_seconds)
        try:
            link.connect(path)
        except (FileNotFoundError, NotADirectoryError) as error:
            message = f"No Docker engine listens at {path}"
            raise UnavailableError(message, code="engine-absent") from error
        except PermissionError as error:
            message = f"This user may not use the Docker engine at {path}"
            raise UnavailableError(message, code="engine-denied", next_step=_HOW_TO_BE_LET_IN) from error
        except OSError as error:
            raise _silent(address, error) from error


def _silent(address: str, error: BaseException) -> UnavailableError:
    message = f"The Docker engine at {address} does not answer: {_innermost(error)}"
    return UnavailableError(message, code="engine-silent", next_step="Is the engine running?")


def _innermost(error: BaseException) -> str:
    while error.__context__ is not None:
        error = error.__context__
    return str(error) or type(error).__name__
