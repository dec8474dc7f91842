"""What a cluster would have made of a pod: its probes at their own times, over what they were answered when.

Theory of operation. The prober asks often and writes down when an answer changed. A kubelet asks seldom: after the
initial delay and then every period. So its view is worked out here, from the same answers at its own times. Until a
startup probe has succeeded the two others are not asked; as many failures in a row as its threshold let a liveness or
startup probe kill the container, and nothing else does. Source: Kubernetes, configure liveness, readiness and startup
probes; kubelet, prober/worker.go.
"""

from dataclasses import dataclass

from audition.domain.pod import Pod, PodEvidence, PodProbe, ProbeKind, ProbeMeans, Reading

#: Nobody waits longer for a pod. Source: a Deployment's default progressDeadlineSeconds.
_DEADLINE_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What would have become of it."""

    ready_seconds: float | None = None
    """When it would have got its first request; None: never."""
    killed_seconds: float | None = None
    """When a probe would have had it killed at its start; None: it would not."""
    killed_by: ProbeKind | None = None


def fate_of(pod: Pod, seen: PodEvidence) -> Fate:
    """The fate of a pod over its start. Probes that we cannot ask are taken to succeed."""
    readings = {probe.kind: probe.readings for probe in seen.probes}
    begun = 0.0
    startup = pod.probe(ProbeKind.STARTUP)
    if startup is not None:
        good, dead = _outcome(startup, readings.get(startup.kind, ()), 0.0)
        if good is None:
            return Fate(killed_seconds=dead, killed_by=ProbeKind.STARTUP)
        begun = good
    liveness, dead = pod.probe(ProbeKind.LIVENESS), None
    if liveness is not None:
        _, dead = _outcome(liveness, readings.get(liveness.kind, ()), begun)
    readiness, ready = pod.probe(ProbeKind.READINESS), None
    if readiness is not None:
        ready, _ = _outcome(readiness, readings.get(readiness.kind, ()), begun, is_fatal=False)
    else:
        ready = begun  # A container without a readiness probe is ready as soon as it has started.
    if dead is not None:
        is_first = ready is None or dead <= ready
        return Fate(
            ready_seconds=None if is_first else ready, killed_seconds=dead, killed_by=ProbeKind.LIVENESS
        )
    return Fate(ready_seconds=ready)


def _outcome(
    probe: PodProbe, readings: tuple[Reading, ...], begun: float, *, is_fatal: bool = True
) -> tuple[float | None, float | None]:
    """When a probe has succeeded as often as it must, and when it has failed as often in a row as kills."""
    if probe.means == ProbeMeans.OTHER:
        return begun, None
    good = bad = 0
    period = max(1.0, probe.period_seconds)
    first = probe.initial_delay_seconds
    at = max(first, begun)
    while at <= _DEADLINE_SECONDS + first:
        if _is_good(readings, at):
            good, bad = good + 1, 0
            if good >= probe.success_threshold:
                return at, None
        else:
            good, bad = 0, bad + 1
            if is_fatal and bad >= probe.failure_threshold:
                return None, at
        at += period
    return None, at if is_fatal else None


def _is_good(readings: tuple[Reading, ...], at: float) -> bool:
    """The answer at a time: the last change before it. Before the first there was none."""
    before = [reading for reading in readings if reading.seconds <= at]
    return bool(before) and before[-1].is_good
