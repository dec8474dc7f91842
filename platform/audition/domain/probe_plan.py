"""What the prober is told, and what it asks its runner while it works.

The prober is a trusted program in a container of its own that shares the network namespace of a candidate's
service. It reads one `ProbeTask`, asks the runner for what only the runner can know or do (`Ask`, `Answer`), and
ends with one `ServiceEvidence`, or one `DriftEvidence` where the task has a drift plan.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from statistics import fmean
from typing import Self

from audition.domain.alerting import AlertRule
from audition.domain.contract import Contract, Slo
from audition.domain.drift import DriftEvidence
from audition.domain.drift_plan import DriftPlan
from audition.domain.exercise import OtherModel
from audition.domain.monitoring import SCRAPE_INTERVAL_SECONDS
from audition.domain.pod import Pod
from audition.domain.probe import ServiceEvidence
from audition.domain.service import Restriction
from audition.domain.serving import Serving

Cell = str | float | int | bool | None
Row = dict[str, Cell]
Prediction = float | str
"""A number, or the label of a class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The challenge's reference solution, measured on the same host."""

    cpu_ms_per_request: float | None = None
    capacity_per_second: float | None = None

    @classmethod
    def of(cls, seen: ServiceEvidence) -> Self:
        """What a prober saw of the reference, as far as services are compared with it."""
        return cls(
            cpu_ms_per_request=fmean(seen.cost.windows_ms) if seen.cost and seen.cost.windows_ms else None,
            capacity_per_second=seen.capacity.capacity_per_second if seen.capacity else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredReference:
    """What a challenge's reference was measured at when the challenge was published."""

    environment: dict[str, str]
    """Engine, runtime and kernel of the host: what services do elsewhere cannot be compared with it."""
    service: Reference
    image_bytes: int | None = None
    """What its image has above its base, on whichever host."""


class Probe(StrEnum):
    """What can be looked at; the wire values are the catalogue's own names."""

    START = "start"
    BINDING = "binding"
    CONTRACT = "contract"
    PARITY = "parity"
    INVARIANCE = "invariance"
    BAD_INPUT = "bad_input"
    OPENAPI = "openapi"
    TRACE = "trace"
    CONCURRENCY = "concurrency"
    COST = "cost"
    CAPACITY = "capacity"
    LATENCY = "latency"
    OVERLOAD = "overload"
    HEALTH = "health"
    EXPOSITION = "exposition"
    SIGNALS = "signals"
    SHARDING = "sharding"
    CARDINALITY = "cardinality"
    STOP = "stop"


ALL_PROBES = tuple(Probe)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much traffic the timed probes send. The defaults are the design's grader catalogue, section 8 D."""

    cost_requests: int = 300
    cost_windows: int = 3
    level_seconds: float = 15.0
    """Length of each latency level."""
    step_seconds: float = 5.0
    """Length of each capacity step."""
    steps: int = 5
    burst_seconds: float = 5.0
    recovery_seconds: float = 30.0
    """How long recovery is waited for."""
    most_rate: float = 800.0
    """No probe sends faster than this: beyond it one core makes no steady schedule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbePlan:
    """One session of the prober with one start of the service."""

    serving: Serving
    rows: tuple[Row, ...]
    """Held-out rows, 1 to 2,000; all with the same columns."""
    host: str = "127.0.0.1"
    metrics_path: str = ""
    """Empty when the service has no metrics."""
    metrics_port: int | None = None
    """None when metrics are on the service's port."""
    scrape_interval_seconds: float = SCRAPE_INTERVAL_SECONDS
    """How often it would be scraped in production."""
    slo: Slo | None = None
    """What was promised under load; None when nothing was declared."""
    offline: tuple[Prediction, ...] | None = None
    """What the submission predicted offline for the same rows; None when nothing was."""
    tolerance: float = 1e-5
    """Largest relative difference between a served and an offline prediction."""
    probes: tuple[Probe, ...] = ALL_PROBES
    seed: int = 0
    """Of everything random: order, rows, canaries."""
    reference: Reference = field(default_factory=Reference)
    expected_versions: tuple[str, ...] = ()
    """Versions of the model that files and image name."""
    pace: Pace = field(default_factory=Pace)
    most_seconds: float = 900.0
    """When it is over, what is left is not looked at; a stop is tried in any case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeTask:
    """What the runner tells a prober first, in one line; data and the files that a run left are mounted."""

    contract: Contract
    seed: int = 0
    pace: Pace = field(default_factory=Pace)
    reference: Reference = field(default_factory=Reference)
    drift: DriftPlan | None = None
    """Send this instead of looking at everything else; the rows are mounted."""
    pod: Pod | None = None
    """What the submission's manifests would run; None when there are none that can be read."""
    rules: tuple[AlertRule, ...] = ()
    """The submission's alert rules, read elsewhere."""
    other_models: tuple[OtherModel, ...] = ()
    """Which the service can be started with."""
    probes: tuple[Probe, ...] = ()
    """Only these, in one start of the service; empty for the whole course."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How a service is wanted."""

    restriction: Restriction = Restriction.BASIC
    is_without_model: bool = False
    """The files that may be its model are hidden from it."""
    model: OtherModel | None = None
    """In the place of its own."""
    is_as_manifest: bool = False
    """As the task's pod has it, whatever the restriction."""


class AskVerb(StrEnum):
    """What only the runner can know or do."""

    START = "start"
    """Start the service; one that was there is ended first. Answer when its process runs, or has ended."""
    KILL = "kill"
    """Kill the service; answer when it is gone."""
    STATE = "state"
    """Does it run, and if not, how did it end?"""
    LOGS = "logs"
    """What has it printed?"""
    CPU = "cpu"
    """How much CPU time has the service used since its start?"""
    SLOW = "slow"
    """Leave the service a hundredth of a processor."""
    FAST = "fast"
    """Give it back what it had."""
    TERMINATE = "terminate"
    """Send SIGTERM to process 1 of the service now; answer when it was sent."""
    EXIT = "exit"
    """How did the service end? Answer when it has, or when its grace has long passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A question of the prober."""

    number: int
    """Counts from 1; the answer repeats it."""
    verb: AskVerb
    start: Start | None = None
    """With START only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the runner says; a field that does not belong to the question stays None."""

    number: int
    is_running: bool = False
    cpu_seconds: float | None = None
    memory_bytes: int | None = None
    peak_memory_bytes: int | None = None
    is_out_of_memory: bool = False
    is_flooding: bool = False
    is_over_disk: bool = False
    user: str = ""
    """User id of its first process as the image or the restriction has it; empty is root."""
    logs: str = ""
    """The beginning of what it printed, at most 256 KiB."""
    exit_code: int | None = None
    exit_seconds: float | None = None
    """From SIGTERM to the end; None when the service did not end by itself."""
    trouble: str = ""
    """Why there is no answer, for staff."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line on the prober's stdout: a question, how far it is, or the last thing it says."""

    ask: Ask | None = None
    progress: str = ""
    """For the page that people watch."""
    evidence: ServiceEvidence | None = None
    drift: DriftEvidence | None = None
    """Instead of `evidence`, when drift was what it was told to send."""
