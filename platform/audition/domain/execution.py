"""What running a container means: limits going in, usage and exit coming out.

Theory of operation. A `ContainerSpec` says everything about one container and nothing about any technology;
`adapters/docker/translate.py` turns it into an engine request. An `Exit` is what the engine and the kernel
recorded, never what the process printed. `Exit` carries facts; `run.judge_exit` turns them into a verdict.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Profile(StrEnum):
    """Whose code runs in a container, hence how much it is trusted."""

    CANDIDATE = "candidate"
    AUTHOR = "author"
    GRADER = "grader"
    KEEPER = "keeper"
    """Trusted; holds the volumes of a run, and so shares its user id with the candidate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Ceilings for one container; every one is enforced by the kernel or the engine."""

    time_seconds: float = 60.0
    """Wall time from start to forced end."""
    memory_bytes: int = 1 << 30
    """Memory and swap together; tmpfs pages count."""
    cpus: float = 1.0
    pids: int = 256
    scratch_bytes: int = 64 << 20
    """Size of /tmp."""
    scratch_inodes: int = 4096
    output_bytes: int = 64 << 20
    """Size of the /out volume and of any single file."""
    output_inodes: int = 1024
    log_bytes: int = 256 << 10
    """Most that is kept of stdout and of stderr."""
    flood_bytes: int = 16 << 20
    """Output on stdout and stderr together beyond which the container is ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMount:
    """One host file or folder, seen read-only inside."""

    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeMount:
    """A memory-backed volume shared by the containers of one run.

    The volume lives as long as one container that mounts it runs: something trusted must hold it.
    """

    name: str
    """Local to the run; the sandbox adds run and fence."""
    target: str
    is_writable: bool
    size_bytes: int
    inodes: int
    writer: Profile = Profile.CANDIDATE
    """Whose containers write to it: the volume belongs to their user, whoever mounts it first."""


Mount = FileMount | VolumeMount


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """Which run a container belongs to; written on it as labels, so that a reaper needs no database."""

    run_id: str
    fence: int
    deadline_epoch: int
    """Unix seconds after which anything with this label may be removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSpec:
    """Everything about one container."""

    stage: str
    image: str
    argv: tuple[str, ...]
    profile: Profile
    ownership: Ownership
    limits: Limits = field(default_factory=Limits)
    mounts: tuple[Mount, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    working_dir: str = "/"
    warm_imports: tuple[str, ...] | None = None
    """Modules to import while a container like this waits; None when none may be started ahead."""
    ends_with_line: bool = False
    """A trusted program that says one line and has then done all it was for: nobody waits for it to go."""
    slot: int = 0
    """Worker slot, in [0, 999]; gives candidate code a user id of its own on this host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a container used, from the engine's and the kernel's own records."""

    wall_seconds: float = 0.0
    cpu_seconds: float | None = None
    peak_memory_bytes: int | None = None
    grader_seconds: dict[str, float] = field(default_factory=dict)
    """Of a container that grades: wall time by grader, as it said. No part of a grade, which has no clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """How a container ended: facts only.

    Attributes:
        exit_code: As the engine reports it; above 128 a signal ended the process. 0 for a program that said the line
            with which it was done (`ends_with_line`), whatever becomes of it afterwards.
        is_out_of_memory: The kernel killed something in the container's group for memory.
        is_past_deadline: We ended it because `limits.time_seconds` had passed.
        is_flooding: We ended it because it printed more than `limits.flood_bytes`.
        is_output_full: Nothing more could be written to its /out when it had ended.
        stdout: At most `limits.log_bytes`, from the start.
        stderr: At most `limits.log_bytes`, from the start.
        runtime: OCI runtime that ran it, e.g. "runc".
    """

    exit_code: int
    is_out_of_memory: bool = False
    is_past_deadline: bool = False
    is_flooding: bool = False
    is_output_full: bool = False
    stdout: bytes = b""
    stderr: bytes = b""
    is_log_truncated: bool = False
    usage: Usage = field(default_factory=Usage)
    runtime: str = ""
    image_id: str = ""
