"""Can the cluster tell a pod that works from one that does not? The half that can be read; the other is measured."""

from typing import Any

from audition.domain.grade import Evidence
from audition.grading import Result, Workspace, check, failed, partial, passed
from audition.grading.manifests import Thing, find_manifests
from audition.grading.yaml_files import at, table
from graders.manifests.presence import NO_SERVER, absent

_HANDLERS = ("httpGet", "tcpSocket", "exec", "grpc")
#: Defaults of a probe. Source: Kubernetes' API reference, Probe v1.
_PERIOD, _TIMEOUT, _FAILURES = 10, 1, 3
_LONGEST_PERIOD = 60
"""A readiness probe that asks less often than this sends requests to a dead pod for minutes."""
_ITEMS = 4


@check(
    "manifests.probes.sane",
    "Readiness and liveness probes that mean something",
    points=2,
    why="Without them requests go to pods that cannot answer, and pods that hang are kept.",
    fix="Give a readiness probe and another liveness probe, and a startup probe as long as loading the model takes.",
)
def probes(workspace: Workspace) -> Result:
    """Four items: readiness, liveness, that they differ, and timing (catalogue H3, static half)."""
    found = find_manifests(workspace.submission)
    servers = [thing for thing in found.servers if thing.containers]
    if not servers:
        return absent(workspace, found) if not found.things else failed(NO_SERVER)
    startup = workspace.evidence.inventory.contract.serving.startup_seconds
    missing = [item for thing in servers for item in _missing(thing, startup)]
    share = 1 - len(missing) / (_ITEMS * len(servers))
    if not missing:
        return passed("Readiness and liveness are asked separately, and starting has the time it needs.")
    sentence = f"{len(missing)} of {_ITEMS * len(servers)} things about probes are missing."
    return partial(share, sentence, *missing) if share > 0 else failed(sentence, *missing)


def _missing(thing: Thing, startup_seconds: float) -> list[Evidence]:
    """What one workload lacks; the container with most probes speaks for it, for others may be helpers."""
    number, box = max(
        enumerate(thing.containers), key=lambda pair: sum(bool(_probe(pair[1], k)) for k in _KINDS)
    )
    ready, live, start = (_probe(box, kind) for kind in _KINDS)
    lacks = []
    if not ready:
        lacks.append("has no readiness probe")
    if not live:
        lacks.append("has no liveness probe")
    if not (ready and live) or _asks(ready) == _asks(live):
        lacks.append(
            "asks the same for readiness and liveness" if ready and live else "has not both to tell apart"
        )
    timing = _timing(ready, live, start, startup_seconds)
    if timing:
        lacks.append(timing)
    return [thing.evidence(words, *thing.pod_path, "containers", number) for words in lacks]


_KINDS = ("readinessProbe", "livenessProbe", "startupProbe")


def _probe(container: dict[str, Any], kind: str) -> dict[str, Any]:
    """A probe that asks something; empty when there is none."""
    probe = table(container, kind)
    return probe if any(table(probe, handler) for handler in _HANDLERS) else {}


def _asks(probe: dict[str, Any]) -> object:
    """What a probe asks, without how often."""
    return {handler: at(probe, handler) for handler in _HANDLERS}


def _timing(
    ready: dict[str, Any], live: dict[str, Any], start: dict[str, Any], startup_seconds: float
) -> str:
    """What is wrong with the times; empty when nothing is."""
    if not ready and not live:
        return "has no times, for it has no probes"
    if ready and _number(ready, "periodSeconds", _PERIOD) > _LONGEST_PERIOD:
        return f"asks for readiness less often than every {_LONGEST_PERIOD} s"
    if any(
        _number(p, "timeoutSeconds", _TIMEOUT) > _number(p, "periodSeconds", _PERIOD)
        for p in (ready, live)
        if p
    ):
        return "waits for an answer longer than until the next question"
    patience = _patience(start) if start else _patience(live)
    if live and patience < startup_seconds:
        return f"is killed after {patience:g} s, but may take {startup_seconds:g} s to start; use a startup probe"
    return ""


def _patience(probe: dict[str, Any]) -> float:
    """How long a pod may fail a probe before it is killed."""
    period = _number(probe, "periodSeconds", _PERIOD)
    return _number(probe, "initialDelaySeconds", 0) + period * _number(probe, "failureThreshold", _FAILURES)


def _number(probe: dict[str, Any], key: str, default: float) -> float:
    value = probe.get(key, default)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else default
