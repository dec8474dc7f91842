"""What the prober saw of a candidate's service: facts and counts, no judgement.

Every text in here may be a candidate's. Counts and texts are bounded by the prober, so that a document stays well
below a megabyte. A part is None when its probe was not asked for or could not run; `Unfinished` says why.
"""

from dataclasses import dataclass, fields

from audition.domain.alerting import AlertingEvidence
from audition.domain.pod import PodEvidence
from audition.domain.probe_api import (
    BadInputEvidence,
    ConcurrencyEvidence,
    ContractEvidence,
    Failure,
    InvarianceEvidence,
    OpenApiEvidence,
    ParityEvidence,
    TraceEvidence,
)
from audition.domain.probe_load import CapacityEvidence, CostEvidence, LatencyEvidence, OverloadEvidence
from audition.domain.probe_metrics import (
    CardinalityEvidence,
    ExpositionEvidence,
    ShardingEvidence,
    SignalsEvidence,
)
from audition.domain.probe_runtime import (
    LadderEvidence,
    LogsEvidence,
    MaskedEvidence,
    NetworkEvidence,
    RestartEvidence,
    SwappedEvidence,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something on the timeline."""

    seconds: float
    """Since the prober began."""
    name: str
    detail: str = ""


NEVER_PREDICTED = "The service never answered a prediction."
UNREADABLE = "No prediction can be read from the answers."
GONE = "The service did not answer any more."
ONLY_JSON = "The cases are made for JSON bodies."
NO_DOCUMENT = "The contract names no OpenAPI document, and none is at the usual places."
NO_RULES = "There are no alert rules that a server could load."
UNTRIED_RULES = "No alert rule can be tried: "
"""Reasons of what is unfinished that graders know by their words; the last one goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A probe that was asked for and has no result."""

    probe: str
    reason: str
    is_ours: bool = False
    """Whether the platform could not look; else something before it failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """What a route began to answer."""

    seconds: float
    status: int
    """0 when there was no answer."""
    failure: Failure = Failure.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class StartEvidence:
    """From nothing to the first prediction (B1, half of B7)."""

    live_seconds: float | None = None
    """First good answer of the liveness route; None when there was none."""
    ready_seconds: float | None = None
    """First good answer of the readiness route; None when there was none, or no such route."""
    predict_seconds: float | None = None
    """First good prediction."""
    waited_seconds: float = 0.0
    live_changes: tuple[StatusChange, ...] = ()
    ready_changes: tuple[StatusChange, ...] = ()
    predict_changes: tuple[StatusChange, ...] = ()
    ready_lies: int = 0
    """How often readiness said yes and the prediction sent right after it failed."""
    has_one_route: bool = False
    """Whether liveness and readiness are the same route."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingEvidence:
    """Which addresses the service listens on."""

    addresses: tuple[str, ...] = ()
    """Of listening sockets on the service's port."""
    is_loopback_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthEvidence:
    """Health routes while there is something to do (B7)."""

    live_asked: int
    live_good: int
    has_live_route: bool
    has_ready_route: bool
    has_one_route: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StopEvidence:
    """SIGTERM while requests are in flight (B4)."""

    in_flight: int
    answered: int
    refused_after: bool
    """Whether new connections were refused, or readiness said no, after the signal and before the end."""
    exit_code: int | None
    exit_seconds: float | None
    grace_seconds: float
    in_flight_failures: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEvidence:
    """Everything the prober saw. Sessions with several starts of the service are put together by `merged`."""

    seed: int = 0
    order: tuple[str, ...] = ()
    """Probes as they ran."""
    events: tuple[Event, ...] = ()
    unfinished: tuple[Unfinished, ...] = ()
    canaries: tuple[str, ...] = ()
    """Values sent in requests that must not be in the logs (B8)."""
    requests: int = 0
    starts: tuple[StartEvidence, ...] = ()
    binding: BindingEvidence | None = None
    contract: ContractEvidence | None = None
    parity: ParityEvidence | None = None
    invariance: InvarianceEvidence | None = None
    bad_input: BadInputEvidence | None = None
    openapi: OpenApiEvidence | None = None
    trace: TraceEvidence | None = None
    concurrency: ConcurrencyEvidence | None = None
    cost: CostEvidence | None = None
    capacity: CapacityEvidence | None = None
    latency: LatencyEvidence | None = None
    overload: OverloadEvidence | None = None
    health: HealthEvidence | None = None
    exposition: ExpositionEvidence | None = None
    signals: SignalsEvidence | None = None
    sharding: ShardingEvidence | None = None
    cardinality: CardinalityEvidence | None = None
    stop: StopEvidence | None = None
    ladder: LadderEvidence | None = None
    restart: RestartEvidence | None = None
    masked: MaskedEvidence | None = None
    network: NetworkEvidence | None = None
    retrained: SwappedEvidence | None = None
    older: SwappedEvidence | None = None
    logs: LogsEvidence | None = None
    alerting: AlertingEvidence | None = None
    pod: PodEvidence | None = None

    @property
    def has_predicted(self) -> bool:
        """Whether a start ended with a good prediction."""
        return any(start.predict_seconds is not None for start in self.starts)


def merged(sessions: tuple[ServiceEvidence, ...]) -> ServiceEvidence:
    """Put sessions together: lists are joined, of each part the first that there is counts."""
    parts: dict[str, object] = {"seed": sessions[0].seed if sessions else 0}
    for field in fields(ServiceEvidence):
        values = [getattr(session, field.name) for session in sessions]
        if field.name == "seed":
            continue
        if field.name == "requests":
            parts[field.name] = sum(values)
        elif values and isinstance(values[0], tuple):
            parts[field.name] = tuple(item for value in values for item in value)
        else:
            parts[field.name] = next((value for value in values if value is not None), None)
    return ServiceEvidence(**parts) if sessions else ServiceEvidence()  # type: ignore[arg-type]  # by field
