"""What the prober saw under load: cost, capacity, latency, overload. Sources: the grader catalogue, D1 to D4."""

from dataclasses import dataclass

LATENCY_BOUNDS_MS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSummary:
    """What one stretch of open-loop traffic met. Latency counts from the intended time of sending."""

    rate_per_second: float
    seconds: float
    sent: int
    good: int
    failures: dict[str, int]
    """Requests without a good answer, by status or by `Failure`."""
    p50_ms: float | None = None
    """Of good answers; None without any. Likewise the next."""
    p95_ms: float | None = None
    p99_ms: float | None = None
    max_ms: float | None = None
    slip_p99_ms: float = 0.0
    """How late the prober itself sent."""
    slip_max_ms: float = 0.0
    early_p50_ms: float | None = None
    """Median of the first third, and of the last: a queue that grows shows as a difference."""
    late_p50_ms: float | None = None
    histogram: tuple[int, ...] = ()
    """Good answers by latency; the bounds are `LATENCY_BOUNDS_MS`, and one bin more for what is above."""
    series: tuple[int, ...] = ()
    """Good answers by the half second in which they came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostEvidence:
    """CPU time of the service per answered request (D1)."""

    windows_ms: tuple[float, ...]
    """CPU milliseconds per request, one number a window."""
    requests: int
    idle_share: float
    """CPU seconds per second without requests, which was taken off."""
    reference_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityEvidence:
    """Step search (D3)."""

    steps: tuple[LoadSummary, ...]
    capacity_per_second: float
    """Highest rate that was held; 0 when not even the first was."""
    is_prober_bound: bool = False
    """Whether the prober's own ceiling ended the search."""
    reference_per_second: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyEvidence:
    """Latency at shares of the capacity, with what says whether the numbers can be believed (D2)."""

    levels: tuple[LoadSummary, ...]
    calibration_before_p99_ms: float
    """Of a server that does nothing, beside the prober."""
    calibration_after_p99_ms: float
    is_valid: bool
    invalid_reason: str = ""
    slo_p95_ms: float | None = None
    slo_error_ratio: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OverloadEvidence:
    """A burst far above capacity, and after it (D4)."""

    burst: LoadSummary
    is_alive: bool
    recovery_seconds: float | None
    """Until answers are as quick as before; None when that was not seen."""
    waited_seconds: float
