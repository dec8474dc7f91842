"""A pod as a manifest describes it, made into one start of the submission's own image.

Theory of operation. Manifests are hostile and read in a trusted container only, which writes down one `Pod`: plain
values with bounds. The worker starts the candidate's image from it, within its own limits and hardening; what a
manifest asks for beyond them is never granted, only noted. The prober asks what the pod's probes would ask, and
writes down when each began to be answered. What a cluster would have made of that is worked out afterwards from the
times of the probes (`audition.domain.pod_fate`), without waiting for them.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from audition.domain.execution import Limits
from audition.domain.service import MAX_PLACES, Manner, ServiceSpec

#: Bounds of what is taken from a manifest; beyond them it is noted as not given.
MAX_VARIABLES, MAX_WORDS, MAX_TEXT, MAX_NOTES, MAX_PORTS = 100, 64, 4096, 20, 20
#: The engine takes nothing below 6 MiB; a pod with less is out of memory either way.
LEAST_MEMORY_BYTES = 8 << 20
LEAST_CPUS = 0.01


class ProbeKind(StrEnum):
    """What a kubelet asks a container for."""

    STARTUP = "startup"
    READINESS = "readiness"
    LIVENESS = "liveness"


class ProbeMeans(StrEnum):
    """How it asks."""

    HTTP = "http"
    TCP = "tcp"
    OTHER = "other"
    """A command, gRPC, HTTPS or another host: not asked by us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PodProbe:
    """One probe. The defaults are Kubernetes' own. Source: its API reference, Probe v1."""

    kind: ProbeKind
    means: ProbeMeans
    port: int = 0
    """TCP; 0 when it names a port that the container does not have."""
    path: str = "/"
    headers: dict[str, str] = field(default_factory=dict)
    initial_delay_seconds: float = 0.0
    period_seconds: float = 10.0
    timeout_seconds: float = 1.0
    failure_threshold: int = 3
    success_threshold: int = 1
    words: str = ""
    """Why it is not asked, for `OTHER`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeTarget:
    """Where the manifests send Prometheus."""

    path: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """The workload that serves, with everything of its container that a run of the image can have."""

    name: str
    """Kind and name, e.g. "Deployment credit"."""
    container: str
    file: str
    line: int | None = None
    command: tuple[str, ...] = ()
    """Replaces the image's entry point and its command; empty leaves both."""
    arguments: tuple[str, ...] = ()
    """Replaces the image's command; empty leaves it, unless there is a `command`."""
    working_dir: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    ports: tuple[int, ...] = ()
    """Ports that the container declares."""
    targets: tuple[int, ...] = ()
    """Ports of it that Services send requests to."""
    traffic_port: int = 0
    """Where requests would come: a Service's target, else a readiness probe's port, else a declared one; 0: none."""
    probes: tuple[PodProbe, ...] = ()
    scrapes: tuple[ScrapeTarget, ...] = ()
    memory_request_bytes: int | None = None
    memory_limit_bytes: int | None = None
    cpu_request: float | None = None
    cpu_limit: float | None = None
    user: int | None = None
    group: int | None = None
    must_be_non_root: bool = False
    is_read_only: bool = False
    writable: tuple[str, ...] = ()
    """Where volumes are mounted that can be written to; they begin empty."""
    grace_seconds: float = 30.0
    unmet: tuple[str, ...] = ()
    """What it relies on and is not given here: a failure may be ours then."""
    refused: tuple[str, ...] = ()
    """What it asks of the host and never gets."""

    def probe(self, kind: ProbeKind) -> PodProbe | None:
        """Its probe of a kind."""
        return next((probe for probe in self.probes if probe.kind == kind), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a probe was answered from here on."""

    seconds: float
    """Since the container was started."""
    outcome: str
    """The status, or what went wrong, as one word."""
    is_good: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSeen:
    """One probe of the pod, asked by the prober."""

    kind: ProbeKind
    readings: tuple[Reading, ...] = ()
    """Where the answer changed, from the start until it was good or nobody waited any more."""
    asked: int = 0
    """How often it was asked under load, after the start; and how many answers were good."""
    good: int = 0
    longest_bad: int = 0
    """The most that were not good in a row: what a kubelet counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeSeen:
    """One place that the manifests send Prometheus to."""

    target: ScrapeTarget
    outcome: str
    is_readable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PodEvidence:
    """A start of the image as the manifest has it."""

    refused: str = ""
    """Why a kubelet would not start it; nothing else was looked at then."""
    waited_seconds: float = 0.0
    probes: tuple[ProbeSeen, ...] = ()
    predict_seconds: float | None = None
    """The first good prediction, through the port that requests would come to."""
    asked: int = 0
    """Predictions under load; and how many were good."""
    good: int = 0
    is_running: bool = False
    """At the end."""
    exit_code: int | None = None
    is_out_of_memory: bool = False
    memory_bytes: int | None = None
    """The most that was seen."""
    cpus: float | None = None
    """Processors used under load, on average."""
    listening: tuple[int, ...] = ()
    """TCP ports with a listener on more than the loopback."""
    scrapes: tuple[ScrapeSeen, ...] = ()


def unfit_user(pod: Pod, image_user: str) -> str:
    """Why a kubelet would not start the container as this user; empty when it would.

    Args:
        pod: The pod.
        image_user: As the image has it; empty is root. Source: Kubernetes, kuberuntime, verifyRunAsNonRoot.
    """
    if not pod.must_be_non_root:
        return ""
    if pod.user is not None:
        return "runAsNonRoot is set and so is runAsUser: 0." if pod.user == 0 else ""
    name = image_user.partition(":")[0]
    if not name or (name.isdigit() and int(name) == 0):
        return "runAsNonRoot is set, and the image runs as root."
    if not name.isdigit():
        return (
            f"runAsNonRoot is set, and a cluster cannot tell that the image's user {name[:40]!r} is not root."
        )
    return ""


def pod_spec(pod: Pod, usual: ServiceSpec) -> ServiceSpec:
    """The start of a service as a manifest has it, never with more than the usual start gets.

    Args:
        pod: What the manifest says.
        usual: How the same image is started otherwise.
    """
    group = "" if pod.group is None else f":{pod.group}"
    return ServiceSpec(
        image=usual.image,
        ownership=usual.ownership,
        environment=pod.environment,
        limits=_limits(pod, usual.limits),
        slot=usual.slot,
        arguments=pod.arguments or None,
        manner=Manner(
            command=pod.command,
            working_dir=pod.working_dir,
            user=f"{pod.user}{group}" if pod.user is not None else "",
            is_read_only=pod.is_read_only,
            writable=pod.writable[:MAX_PLACES],
        ),
    )


def _limits(pod: Pod, most: Limits) -> Limits:
    """Ours, or the pod's where they are lower."""
    memory = most.memory_bytes if pod.memory_limit_bytes is None else pod.memory_limit_bytes
    cpus = most.cpus if pod.cpu_limit is None else pod.cpu_limit
    return replace(
        most,
        memory_bytes=max(LEAST_MEMORY_BYTES, min(memory, most.memory_bytes)),
        cpus=max(LEAST_CPUS, min(cpus, most.cpus)),
    )
