"""Every reference from one object to another, and whether there is something at its other end."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from audition.domain.grade import Evidence
from audition.grading.manifests import Manifests, Thing, behind, matches, texts
from audition.grading.yaml_files import at, items, table

#: Objects that every namespace has, or that the cluster makes.
_GIVEN_CONFIG = frozenset({"kube-root-ca.crt"})
_GIVEN_ACCOUNTS = frozenset({"", "default"})


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """One reference."""

    holds: bool
    evidence: Evidence


def edges(found: Manifests) -> Iterator[Edge]:
    """All references that can be followed without a cluster."""
    for thing in found.things:
        if thing.kind in {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"}:
            yield _own_selector(thing)
        if thing.pod:
            yield from _references(thing, found)
        if thing.kind == "Service":
            yield from _service(thing, found)
        if thing.kind == "Ingress":
            yield from _ingress(thing, found)
        if thing.kind == "HorizontalPodAutoscaler":
            yield _target(thing, found)
        if thing.kind in {"PodDisruptionBudget", "NetworkPolicy", "PodMonitor"}:
            yield from _pod_selector(thing, found)
        if thing.kind == "ServiceMonitor":
            yield from _service_monitor(thing, found)


def _own_selector(thing: Thing) -> Edge:
    selector = texts(at(thing.value, "spec", "selector", "matchLabels"))
    holds = bool(selector) and matches(selector, thing.pod_labels)
    return Edge(
        holds, thing.evidence("its selector does not match the labels of its own pods", "spec", "selector")
    )


def _service(thing: Thing, found: Manifests) -> Iterator[Edge]:
    if not table(thing.value, "spec", "selector"):
        return  # A service without a selector has its end points from elsewhere.
    pods = behind(thing, found)
    yield Edge(bool(pods), thing.evidence("its selector matches no pods", "spec", "selector"))
    if not pods:
        return
    for number, port in enumerate(items(thing.value, "spec", "ports")):
        target = at(port, "targetPort")
        wanted = at(port, "port") if target is None else target
        holds = any(_listens(pod, wanted) for pod in pods)
        yield Edge(
            holds, thing.evidence(f"no container has the port {str(wanted)[:40]!r}", "spec", "ports", number)
        )


def _listens(pod: Thing, wanted: object) -> bool:
    """Whether a container declares a port, by number or by name."""
    ports = [port for box in pod.containers for port in items(box, "ports")]
    return any(str(wanted) in {str(at(port, "containerPort")), str(at(port, "name"))} for port in ports)


def _references(thing: Thing, found: Manifests) -> Iterator[Edge]:
    """Configuration, volumes and the account of a pod. Secrets do not belong into a repository: none is missed."""
    where = thing.pod_path
    for name, is_optional in _config_maps(thing):
        if not is_optional and name not in _GIVEN_CONFIG:
            yield Edge(
                _is_there(found, ("ConfigMap",), name),
                thing.evidence(f"there is no ConfigMap {name[:60]!r}", *where),
            )
    for volume in items(thing.pod, "volumes"):
        claim = at(volume, "persistentVolumeClaim", "claimName")
        if isinstance(claim, str):
            holds = _is_there(found, ("PersistentVolumeClaim",), claim)
            yield Edge(holds, thing.evidence(f"there is no PersistentVolumeClaim {claim[:60]!r}", *where))
    account = str(at(thing.pod, "serviceAccountName") or "")
    if account not in _GIVEN_ACCOUNTS:
        holds = _is_there(found, ("ServiceAccount",), account)
        yield Edge(holds, thing.evidence(f"there is no ServiceAccount {account[:60]!r}", *where))
    volumes = {str(at(volume, "name")) for volume in items(thing.pod, "volumes")}
    for number, box in enumerate(thing.containers):
        for mount in items(box, "volumeMounts"):
            name = str(at(mount, "name"))
            words = f"mounts {name[:60]!r}, which is no volume of the pod"
            yield Edge(name in volumes, thing.evidence(words, *where, "containers", number))
        for kind in ("readinessProbe", "livenessProbe", "startupProbe"):
            port = at(box, kind, "httpGet", "port")
            if isinstance(port, str) and not port.isdigit():
                words = f"its {kind} asks the port {port[:40]!r}, which it does not have"
                yield Edge(_listens(thing, port), thing.evidence(words, *where, "containers", number, kind))


def _config_maps(thing: Thing) -> Iterator[tuple[str, bool]]:
    """Names of configuration that a pod uses, and whether it may be missing."""
    refs: list[Any] = [at(volume, "configMap") for volume in items(thing.pod, "volumes")]
    for box in thing.containers:
        refs += [at(source, "configMapRef") for source in items(box, "envFrom")]
        refs += [at(variable, "valueFrom", "configMapKeyRef") for variable in items(box, "env")]
    for ref in refs:
        name = at(ref, "name")
        if isinstance(name, str):
            yield name, at(ref, "optional") is True


def _is_there(found: Manifests, kinds: tuple[str, ...], name: str) -> bool:
    return any(thing.name == name for thing in found.of(*kinds))


def _ingress(thing: Thing, found: Manifests) -> Iterator[Edge]:
    backends = [at(thing.value, "spec", "defaultBackend")]
    for rule in items(thing.value, "spec", "rules"):
        backends += [at(path, "backend") for path in items(rule, "http", "paths")]
    for backend in backends:
        name, port = at(backend, "service", "name"), table(backend, "service", "port")
        if not isinstance(name, str):
            continue
        services = [service for service in found.of("Service") if service.name == name]
        offered = {
            str(at(p, k)) for s in services for p in items(s.value, "spec", "ports") for k in ("port", "name")
        }
        wanted = str(port.get("number") or port.get("name"))
        words = f"no Service {name[:60]!r} has the port {wanted[:40]}"
        yield Edge(wanted in offered, thing.evidence(words, "spec"))


def _target(thing: Thing, found: Manifests) -> Edge:
    ref = table(thing.value, "spec", "scaleTargetRef")
    kind, name = str(ref.get("kind")), str(ref.get("name"))
    holds = _is_there(found, (kind,), name)
    return Edge(
        holds, thing.evidence(f"there is no {kind[:40]} {name[:60]!r} to scale", "spec", "scaleTargetRef")
    )


def _pod_selector(thing: Thing, found: Manifests) -> Iterator[Edge]:
    path = ("spec", "podSelector") if thing.kind == "NetworkPolicy" else ("spec", "selector")
    selector = texts(at(thing.value, *path, "matchLabels"))
    if selector:  # An empty selector means every pod, which always holds.
        holds = any(matches(selector, pod.pod_labels) for pod in found.workloads)
        yield Edge(holds, thing.evidence("its selector matches no pods", *path))


def _service_monitor(thing: Thing, found: Manifests) -> Iterator[Edge]:
    selector = texts(at(thing.value, "spec", "selector", "matchLabels"))
    services = [service for service in found.of("Service") if matches(selector, service.labels)]
    yield Edge(
        bool(selector and services),
        thing.evidence("its selector matches the labels of no Service", "spec", "selector"),
    )
    names = {str(at(port, "name")) for service in services for port in items(service.value, "spec", "ports")}
    for number, endpoint in enumerate(items(thing.value, "spec", "endpoints")):
        port = at(endpoint, "port")
        if isinstance(port, str) and services:
            words = f"the Service has no port called {port[:40]!r}"
            yield Edge(port in names, thing.evidence(words, "spec", "endpoints", number))
