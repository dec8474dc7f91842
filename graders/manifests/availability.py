"""Does the service stay up while nodes are drained and versions change?"""

from audition.domain.grade import Evidence
from audition.grading import Result, Workspace, check, failed, partial, passed
from audition.grading.manifests import Manifests, Thing, find_manifests, matches, texts
from audition.grading.yaml_files import at, items, table
from graders.manifests.presence import NO_SERVER, absent

_ITEMS = 5
_ENOUGH = 2
"""Replicas: with one, every change is an outage."""


@check(
    "manifests.availability.survives",
    "The service survives a lost pod and a release",
    points=2,
    why="Nodes are drained and versions change every week; users should not notice.",
    fix="Run two replicas or an autoscaler that keeps two, a disruption budget, spread, and a rolling update.",
)
def available(workspace: Workspace) -> Result:
    """Replicas, budget, spread, rollout, and an autoscaler that can work (catalogue H5)."""
    found = find_manifests(workspace.submission)
    servers = [thing for thing in found.servers if thing.containers]
    if not servers:
        return absent(workspace, found) if not found.things else failed(NO_SERVER)
    missing = [item for thing in servers for item in _missing(thing, found)]
    total = _ITEMS * len(servers)
    if not missing:
        return passed("Replicas, disruption budget, spread, rollout and scaling are taken care of.")
    sentence = f"{len(missing)} of {total} things that keep a service available are missing."
    share = 1 - len(missing) / total
    return partial(share, sentence, *missing) if share > 0 else failed(sentence, *missing)


def _missing(thing: Thing, found: Manifests) -> list[Evidence]:
    scaler = _scaler(thing, found)
    lacks = []
    if _replicas(thing, scaler) < _ENOUGH:
        lacks.append(thing.evidence(f"runs fewer than {_ENOUGH} replicas", "spec", "replicas"))
    if not any(_covers(budget, thing) for budget in found.of("PodDisruptionBudget")):
        lacks.append(thing.evidence("has no PodDisruptionBudget"))
    if not _is_spread(thing):
        lacks.append(thing.evidence("is not spread over nodes", *thing.pod_path))
    if not _rolls(thing):
        lacks.append(thing.evidence("stops all pods before it starts new ones", "spec", "strategy"))
    if scaler is None:
        lacks.append(thing.evidence("has no autoscaler"))
    elif any("cpu" not in table(box, "resources", "requests") for box in thing.containers):
        lacks.append(scaler.evidence("has no processor requests to scale by", "spec"))
    return lacks


def _scaler(thing: Thing, found: Manifests) -> Thing | None:
    for scaler in found.of("HorizontalPodAutoscaler", "ScaledObject"):
        if at(scaler.value, "spec", "scaleTargetRef", "name") == thing.name:
            return scaler
    return None


def _replicas(thing: Thing, scaler: Thing | None) -> int:
    """How many pods there are at least."""
    if thing.kind == "DaemonSet":
        return _ENOUGH
    least = at(scaler.value, "spec", "minReplicas") if scaler else at(thing.value, "spec", "replicas")
    return least if isinstance(least, int) else 1


def _covers(budget: Thing, thing: Thing) -> bool:
    selector = texts(at(budget.value, "spec", "selector", "matchLabels"))
    return bool(selector) and matches(selector, thing.pod_labels)


def _is_spread(thing: Thing) -> bool:
    spread = items(thing.pod, "topologySpreadConstraints")
    return thing.kind == "DaemonSet" or bool(spread or table(thing.pod, "affinity", "podAntiAffinity"))


def _rolls(thing: Thing) -> bool:
    if thing.kind in {"StatefulSet", "DaemonSet"}:
        return bool(at(thing.value, "spec", "updateStrategy", "type") != "OnDelete")
    is_recreated = at(thing.value, "spec", "strategy", "type") == "Recreate"
    return thing.kind == "Deployment" and not is_recreated
