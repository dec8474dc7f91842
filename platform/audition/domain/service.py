"""Running a candidate's service: how it is started going in, facts about it coming out.

Theory of operation. A service runs beside a trusted prober: both share a loopback and nothing else, no bridge and no
gateway. The prober asks for what it needs (start it with these restrictions, what has it used, end it) and a
worker does so without an opinion; what comes back is what the engine and the kernel recorded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum

from audition.domain.execution import FileMount, Limits, Ownership


class Restriction(IntEnum):
    """How a service is held, each step as the one before and one thing more.

    What keeps the host safe is on every step and cannot be asked away: no capabilities, no new privileges, our
    seccomp profile, no network but the loopback, and limits of memory, processes, processors, files and output.
    """

    BASIC = 1
    """The image's own user, and a file system that it may write to."""
    ARBITRARY_USER = 2
    """A user id that the image does not know."""
    READ_ONLY_ROOT = 3
    """Only /tmp and the folders that the submission declares may be written to."""
    SMALL_SCRATCH = 4
    """And they are small: 16 MiB each."""
    TIGHT_LIMITS = 5
    """Half of the memory, and 64 processes."""


#: How a service gets what it writes to, in bytes, from READ_ONLY_ROOT on; and when that is small.
SCRATCH_BYTES, SMALL_SCRATCH_BYTES = 64 << 20, 16 << 20
TIGHT_PIDS = 64
#: Of folders that a submission may declare as written to, and of files that may be hidden.
MAX_PLACES = 8
#: Nothing is mounted over these, whatever a submission declares.
SYSTEM_FOLDERS = ("/proc", "/sys", "/dev", "/etc", "/usr", "/bin", "/sbin", "/lib", "/lib64")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a manifest wants a container started; it takes the place of a step of the ladder."""

    command: tuple[str, ...] = ()
    """In place of the image's entry point, and of its command; empty leaves both."""
    working_dir: str = ""
    """Empty leaves the image's."""
    user: str = ""
    """Number, or two with a colon; empty leaves the image's."""
    is_read_only: bool = False
    writable: tuple[str, ...] = ()
    """Folders that begin empty and can be written to, at most `MAX_PLACES`; not even /tmp is one otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSpec:
    """Everything about one start of a service."""

    image: str
    ownership: Ownership
    arguments: tuple[str, ...] | None = None
    """What follows the image's entry point, as `serve` for SageMaker; None for the image's own command."""
    environment: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=lambda: Limits(pids=512, flood_bytes=64 << 20))
    """`time_seconds` does not count: a service lives as long as its prober wants."""
    restriction: Restriction = Restriction.BASIC
    writable: tuple[str, ...] = ()
    """Folders that it declares to write to; at most `MAX_PLACES`."""
    hidden: tuple[str, ...] = ()
    """Files of the image that it finds empty, at most `MAX_PLACES`: to see what it does without its model."""
    files: tuple[FileMount, ...] = ()
    """Files of the image that are others for it, at most `MAX_PLACES`: to see whether it serves another model."""
    slot: int = 0
    manner: Manner | None = None
    """When there is one, `restriction` and `writable` do not count."""


def service_limits(spec: ServiceSpec) -> Limits:
    """The limits that a service has under its restriction."""
    if spec.restriction < Restriction.TIGHT_LIMITS:
        return spec.limits
    limits = spec.limits
    return replace(limits, memory_bytes=limits.memory_bytes // 2, pids=min(TIGHT_PIDS, limits.pids))


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceState:
    """How a service is, by the engine's record.

    Attributes:
        is_running: Its first process lives.
        exit_code: None while it runs; 126 and 127 when its command could not be started.
        is_out_of_memory: The kernel killed something of it for memory; it may be running all the same.
        is_flooding: We ended it because it printed more than `limits.flood_bytes`.
        is_over_disk: We ended it because it wrote more than `limits.output_bytes` into its own file system.
        user: User id of its first process as the image or the restriction has it; empty is root.
        running_seconds: From its start until now or its end.
    """

    is_running: bool
    exit_code: int | None = None
    is_out_of_memory: bool = False
    is_flooding: bool = False
    is_over_disk: bool = False
    user: str = ""
    running_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceUsage:
    """The kernel's counters of a service, at one moment."""

    cpu_seconds: float
    """Of all its processes since its start."""
    memory_bytes: int
    peak_memory_bytes: int | None = None
    """None where the kernel keeps no high-water mark."""
    processes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceOutput:
    """What a service has printed so far; each at most `limits.log_bytes`, from the start."""

    stdout: bytes = b""
    stderr: bytes = b""
    total_bytes: int = 0
