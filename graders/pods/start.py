"""Does the pod become ready, would its cluster leave it alive, do scrapes arrive? The live halves of H3 and H6."""

from audition.domain.pod import PodProbe, ProbeKind, ProbeMeans
from audition.domain.pod_fate import Fate, fate_of
from audition.grading import (
    Result,
    Workspace,
    check,
    failed,
    informative,
    not_applicable,
    not_assessed,
    passed,
)
from graders.pods.seen import NO_POD, Seen, seen_of
from graders.probed import plural, scored

_NOT_ASKED = "Not assessed: its {kind} probe asks {words}."


@check(
    "pods.ready.reached",
    "The pod becomes ready under its own probes",
    points=3,
    why="A pod that never gets ready never gets a request, and a rollout that waits for it never ends.",
    fix="Let probes ask the routes and ports that the service has, and give its start the time that it needs.",
)
def ready(workspace: Workspace) -> Result:
    """All or nothing: ready by a kubelet's times, and a prediction answered where requests come (H3)."""
    seen = seen_of(workspace)
    if isinstance(seen, Result):
        return seen
    if seen.start.refused:
        return failed(f"A cluster would not start {seen.pod.name}: {seen.start.refused}")
    fate = fate_of(seen.pod, seen.start)
    if fate.ready_seconds is None:
        return seen.fault(_never(seen, fate))
    if seen.start.predict_seconds is None:
        port = seen.pod.traffic_port
        where = f" on port {port}, where requests would come" if port else ""
        return seen.fault(f"The pod would be ready, but answers no prediction{where}.")
    return passed(
        f"{seen.pod.name} would be ready {fate.ready_seconds:.0f} s after its start; it predicted after"
        f" {seen.start.predict_seconds:.1f} s."
    )


def _never(seen: Seen, fate: Fate) -> str:
    """Why it did not become ready."""
    if fate.killed_by is not None and fate.killed_seconds is not None:
        words = _answers(seen, fate.killed_by)
        return f"Its {fate.killed_by} probe would have it killed {fate.killed_seconds:.0f} s after its start{words}."
    if not seen.start.is_running:
        how = (
            "was out of memory" if seen.start.is_out_of_memory else f"ended with code {seen.start.exit_code}"
        )
        return f"The container {how} before it was ready."
    return f"It never became ready{_answers(seen, ProbeKind.READINESS)}."


def _answers(seen: Seen, kind: ProbeKind) -> str:
    """What a probe got last."""
    probe = seen.pod.probe(kind)
    readings = next((item.readings for item in seen.start.probes if item.kind == kind), ())
    if probe is None or not readings:
        return ""
    last = readings[-1]
    if last.is_good:
        return f": {_asked(probe)} was answered only after {last.seconds:.1f} s"
    return f": {_asked(probe)} gave {last.outcome}"


def _asked(probe: PodProbe) -> str:
    port = probe.port or "a port that it does not have"
    return f"{probe.path} on {port}" if probe.means == ProbeMeans.HTTP else f"port {port}"


@check(
    "pods.alive.kept",
    "Its liveness probe leaves a working pod alive",
    points=1.5,
    why="A liveness probe that fails under load or during the start kills what works, again and again.",
    fix="Let liveness ask something cheap, with a timeout and a threshold that a busy moment does not break.",
)
def kept(workspace: Workspace) -> Result:
    """Not killed at its start; nor under load, where else the share of good answers counts."""
    seen = seen_of(workspace)
    if isinstance(seen, Result):
        return seen
    probe = seen.pod.probe(ProbeKind.LIVENESS)
    if probe is None:
        return not_applicable("It has no liveness probe.")
    if seen.start.refused:
        return seen.blocked()
    if probe.means == ProbeMeans.OTHER:
        return not_assessed(_NOT_ASKED.format(kind=probe.kind, words=probe.words))
    fate = fate_of(seen.pod, seen.start)
    return _under_load(seen, probe) if fate.killed_by is None else seen.fault(_never(seen, fate))


def _under_load(seen: Seen, probe: PodProbe) -> Result:
    """All as long as fewer failed in a row than it takes to kill: one late answer is no fault."""
    counts = next((item for item in seen.start.probes if item.kind == ProbeKind.LIVENESS), None)
    if seen.start.predict_seconds is None:
        return seen.blocked()
    if counts is None or not counts.asked or not seen.start.asked:
        return not_assessed("Not assessed: no load could be put on it.")
    sentence = f"Under load {counts.good} of {plural(counts.asked, 'liveness question')} were answered."
    if counts.longest_bad < probe.failure_threshold and counts.good:
        return passed(sentence)
    return scored(
        counts.good / counts.asked, f"{sentence} So many in a row went wrong that it would be killed."
    )


@check(
    "pods.scrape.live",
    "Prometheus would find the metrics",
    points=1,
    why="A scrape that leads nowhere is a dashboard without lines and an alert that never rings.",
    fix="Let the annotations or the monitor name the port and path at which the service shows its metrics.",
)
def scraped(workspace: Workspace) -> Result:
    """A place that the manifests send Prometheus to shows a page that can be read (H6)."""
    seen = seen_of(workspace)
    if isinstance(seen, Result):
        return seen
    if not seen.start.scrapes:
        return not_applicable("The manifests name no place to scrape that could be followed.")
    if seen.start.predict_seconds is None:
        return seen.blocked()
    good = next((item for item in seen.start.scrapes if item.is_readable), None)
    if good is not None:
        return passed(f"{good.target.path} on port {good.target.port} shows metrics.")
    told = "; ".join(
        f"{item.target.path} on port {item.target.port} gave {item.outcome}" for item in seen.start.scrapes
    )
    return failed(f"No place that Prometheus is sent to shows metrics: {told}.")


@check(
    "pods.wishes.refused",
    "What the pod asks of its host",
    points=0,
    why="What reaches beyond the container is for a cluster's operators to grant, and seldom needed by a model.",
    fix="Do without, or say in the README why it is needed.",
)
def wishes(workspace: Workspace) -> Result:
    """Worth no points here; hardening has its own check."""
    pod = workspace.evidence.inventory.pod
    if pod is None:
        return not_applicable(NO_POD)
    if not pod.refused:
        return passed("It asks nothing of its host.")
    return informative(f"Asked for and never given here: {', '.join(pod.refused)}.")
