"""Where the manifests send Prometheus: annotations and the objects of its operator."""

from collections.abc import Iterator
from dataclasses import dataclass

from audition.domain.grade import Evidence
from audition.grading.manifests import Manifests, Thing, behind, matches, texts
from audition.grading.yaml_files import at, items, table

_DEFAULT_PATH = "/metrics"
_ANNOTATION = "prometheus.io/"


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One place that Prometheus is sent to."""

    path: str
    port: str
    """Number; empty when a name could not be followed."""
    evidence: Evidence


def scrape_targets(found: Manifests) -> list[Target]:
    """Every place that Prometheus is sent to."""
    return [*_annotated(found), *_monitored(found)]


def _annotated(found: Manifests) -> Iterator[Target]:
    """Annotations of pods and services."""
    for thing in (*found.servers, *found.of("Service")):
        path = ("metadata",) if thing.kind in {"Service", "Pod"} else ("spec", "template", "metadata")
        notes = texts(at(thing.value, *path, "annotations"))
        if notes.get(f"{_ANNOTATION}scrape") == "true":
            where = notes.get(f"{_ANNOTATION}path", _DEFAULT_PATH)
            port = notes.get(f"{_ANNOTATION}port", "")
            yield Target(where, port, thing.evidence("its annotations", *path))


def _monitored(found: Manifests) -> Iterator[Target]:
    """Objects of the Prometheus operator."""
    for monitor in found.of("ServiceMonitor"):
        selector = texts(at(monitor.value, "spec", "selector", "matchLabels"))
        services = [service for service in found.of("Service") if matches(selector, service.labels)]
        for number, endpoint in enumerate(items(monitor.value, "spec", "endpoints")):
            port = _number_behind(str(at(endpoint, "port")), services, found)
            yield _target(monitor, at(endpoint, "path"), port, "endpoints", number)
    for monitor in found.of("PodMonitor"):
        for number, endpoint in enumerate(items(monitor.value, "spec", "podMetricsEndpoints")):
            port = _container_port(str(at(endpoint, "port")), list(found.servers))
            yield _target(monitor, at(endpoint, "path"), port, "podMetricsEndpoints", number)


def _target(monitor: Thing, path: object, port: str, key: str, number: int) -> Target:
    where = path if isinstance(path, str) else _DEFAULT_PATH
    return Target(where, port, monitor.evidence("its end point", "spec", key, number))


def _number_behind(name: str, services: list[Thing], found: Manifests) -> str:
    """The container's port that a service's named port leads to."""
    for service in services:
        for port in items(service.value, "spec", "ports"):
            if str(at(port, "name")) == name:
                target = at(port, "targetPort")
                wanted = str(at(port, "port") if target is None else target)
                return wanted if wanted.isdigit() else _container_port(wanted, behind(service, found))
    return ""


def _container_port(name: str, pods: list[Thing]) -> str:
    ports = (p for pod in pods for box in pod.containers for p in items(box, "ports") if table(p))
    return next((str(at(p, "containerPort")) for p in ports if at(p, "name") == name), "")
