"""What building a candidate's image means: the plan going in, the facts coming out.

Theory of operation. A Dockerfile is hostile. A trusted container reads it, refuses what may not be asked of a
builder, and writes it anew with our own base images behind every FROM; what it found is a `BuildPlan`. The bytes
to build from come from the same container, so that a worker never reads them. `BuildResult` has what the engine
and the kernel recorded, and the log that the candidate's own programs wrote.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from audition.domain.execution import Ownership
from audition.domain.image import ImageConfig

#: Where a Dockerfile may be, the first that is there counts.
DOCKERFILES = ("Dockerfile", "docker/Dockerfile", "deploy/Dockerfile", "deployment/Dockerfile")


def base_argument(base: str) -> str:
    """Name of the build argument that says which image on this host stands for one of our bases."""
    return f"AUDITION_BASE_{base.upper().replace('-', '_')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """One instruction as it will be built."""

    line: int
    """Of the submission's own file, 1-based; 0 for one of ours."""
    text: str
    """Its beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPlan:
    """What a trusted container found in a submission's Dockerfile."""

    file: str = ""
    """Path of the Dockerfile in the submission; empty when there is none."""
    bases: tuple[str, ...] = ()
    """Names of our images that it starts from."""
    instructions: tuple[PlannedStep, ...] = ()
    """Of the Dockerfile as it will be built."""
    unknown_bases: tuple[str, ...] = ()
    """What it starts from and we do not have; each is a reason to refuse it."""
    refusals: tuple[str, ...] = ()
    """Why it will not be built, each with the line and what to do; empty when it will."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildContext:
    """Says how many bytes of a tar follow on the stream."""

    bytes: int
    touched: str = ""
    """The source file that was changed in it, when that was asked for and there is one."""


class BuildKind(StrEnum):
    """Which build of a run it is; the wire values are tags of images."""

    FIRST = "image"
    """Clean; its image is the submission's."""
    TOUCHED = "touched"
    """After a source file was changed, with what the first one left; its image is not kept."""
    AGAIN = "again"
    """Clean once more, to compare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildLimits:
    """Ceilings for one build."""

    time_seconds: float = 300.0
    """Wall time of all steps together. Source: the design's grader catalogue, A1."""
    memory_bytes: int = 2 << 30
    """Memory and swap of each step together."""
    cpus: float = 1.0
    pids: int = 256
    image_bytes: int = 2 << 30
    """Size of the image with its base, and of any file that a step writes."""
    written_bytes: int = 4 << 30
    """What all steps of all stages may write together."""
    log_bytes: int = 256 << 10
    """Most that is kept of what the build prints."""
    flood_bytes: int = 16 << 20
    """Output beyond which the build is ended."""


class BuildCause(StrEnum):
    """Why a build ended as it did."""

    OK = "ok"
    POLICY = "policy"
    """It was not begun."""
    NETWORK = "network"
    """A step failed that wanted something which is not on our mirror."""
    STEP_FAILED = "step_failed"
    TIME_LIMIT = "time_limit"
    MEMORY_LIMIT = "memory_limit"
    TOO_LARGE = "too_large"
    """The image, a step's files, or the log."""
    STOPPED = "stopped"
    """The worker was asked to stop; this says nothing about the Dockerfile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuild:
    """A build after a source file was changed, beside the first one; both by the engine's record."""

    touched: str
    """The file that was changed."""
    first_steps: int
    """RUN instructions that the first build carried out."""
    first_seconds: float
    """How long they took together."""
    steps: int
    """RUN instructions that were carried out again."""
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSpec:
    """Everything about one build besides the bytes to build from."""

    ownership: Ownership
    file: str
    """Path of the Dockerfile in the context; one of `DOCKERFILES`."""
    bases: Mapping[str, str]
    """Name of a base to the image on this host that stands for it."""
    mirror: str
    """Image of the package mirror."""
    context_bytes: int
    kind: BuildKind = BuildKind.FIRST
    keeps_steps: bool = False
    """Leave what only a build after it has a use for."""
    limits: BuildLimits = field(default_factory=BuildLimits)
    slot: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """How a build ended: facts only, but for the log.

    Attributes:
        cause: What the engine's records say; OK means that there is an image.
        detail: The instruction that failed or the limit that was reached; empty when it went well.
        reference: Name of the image on this host; empty without one.
        log: What the build printed, without control characters; its beginning and its end when it is long.
        walls: What stood between its steps and the host, as seen from inside a step of ours.
        base_layers: How many of the image's lowest layers are those of our base.
        run_steps: How many RUN instructions were carried out, by the engine's record: cached ones are not.
        run_seconds: How long these took together.
        failed_step: Number of the instruction at which a failed build ended, from 1; 0 when it is not known.
        config: What containers of the image start with.
    """

    cause: BuildCause
    detail: str = ""
    reference: str = ""
    image_id: str = ""
    size_bytes: int = 0
    layers: int = 0
    seconds: float = 0.0
    log: str = ""
    is_log_truncated: bool = False
    refused_packages: tuple[str, ...] = ()
    """Projects that were asked of the mirror and are not on it, at most 20."""
    walls: str = ""
    base_layers: int = 0
    run_steps: int = 0
    run_seconds: float = 0.0
    failed_step: int = 0
    config: ImageConfig | None = None
