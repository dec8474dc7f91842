"""From manifests to the one pod that serves, as a run of its image can have it (see `audition.domain.pod`).

Of all workloads the one that looks most like the contract's service is taken. What it takes from its surroundings is
followed as far as the submission shows it: ConfigMaps, Secrets that are written out, Services, scrape targets.
Simple overlays are applied; charts are not rendered.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from audition.domain.contract import Contract
from audition.domain.pod import MAX_NOTES, MAX_PORTS, MAX_TEXT, MAX_WORDS, Pod, ProbeKind, ScrapeTarget
from audition.grading.manifests import Manifests, Thing, behind, find_manifests
from audition.grading.overlays import overlaid, patches_of
from audition.grading.pod_environment import environment_of, expanded
from audition.grading.pod_probes import port_of, probes_of
from audition.grading.pod_volumes import volumes_of
from audition.grading.quantities import quantity
from audition.grading.scrape_targets import scrape_targets
from audition.grading.tree import Tree
from audition.grading.yaml_files import at, items, table

Container = dict[str, Any]

#: Programs that stand beside a service, by the last part of their image's name.
_OTHERS = frozenset({
    "prometheus", "alertmanager", "grafana", "node-exporter", "pushgateway", "loki", "promtail", "jaeger", "zipkin",
    "otel-collector", "opentelemetry-collector", "redis", "valkey", "postgres", "mysql", "minio", "kafka", "rabbitmq",
    "mlflow", "nginx", "envoy", "busybox", "alpine", "curl",
})  # fmt: skip
_KIND_FIRST = ("Deployment", "StatefulSet", "ReplicaSet", "Pod", "DaemonSet")
_MOST_CONTAINERS = 50
_HOST_WISHES = ("hostNetwork", "hostPID", "hostIPC")
_LARGEST_ID = (1 << 31) - 1


def pod_of(root: Path, contract: Contract) -> Pod | None:
    """The pod that serves; None when no manifest describes one.

    Args:
        root: The unpacked submission; hostile.
        contract: What the submission says of its service.
    """
    found, patches = find_manifests(root), patches_of(Tree(root))
    choices = [
        (thing, number, box)
        for thing in (overlaid(server, patches) for server in found.servers)
        for number, box in enumerate(thing.containers[:_MOST_CONTAINERS])
    ]
    if not choices:
        return None
    thing, number, box = max(choices, key=lambda choice: _likeness(choice[0], choice[2], contract))
    return _pod(thing, number, box, found)


def _likeness(thing: Thing, box: Container, contract: Contract) -> float:
    """How much a container looks like the service; ties go to the first."""
    short = str(at(box, "image") or "").partition("@")[0].rpartition("/")[2].partition(":")[0].lower()
    routes = {contract.serving.routes.live, contract.serving.routes.ready} - {""}
    asked = {str(at(box, f"{kind}Probe", "httpGet", "path")) for kind in ProbeKind}
    has_port = contract.serving.port in _ports(box)
    rank = len(_KIND_FIRST) - _KIND_FIRST.index(thing.kind) if thing.kind in _KIND_FIRST else 0
    return 8 * has_port + 4 * bool(routes & asked) - 20 * (short in _OTHERS) + rank / 10


def _pod(thing: Thing, number: int, box: Container, found: Manifests) -> Pod:
    given = environment_of(box, thing, found)
    volumes = volumes_of(thing, box)
    targets = tuple(dict.fromkeys(_targets(thing, box, found)))[:MAX_PORTS]
    probes = probes_of(box)
    ports = _ports(box)
    ready = next((probe.port for probe in probes if probe.kind == ProbeKind.READINESS and probe.port), 0)
    return Pod(
        name=f"{thing.kind} {thing.name}"[:120],
        container=str(at(box, "name") or "")[:80],
        file=thing.file,
        line=thing.document.line(*thing.prefix, *thing.pod_path, "containers", number),
        command=_words(box, "command", given.values),
        arguments=_words(box, "args", given.values),
        working_dir=_folder(at(box, "workingDir")),
        environment=given.values,
        ports=ports,
        targets=targets,
        traffic_port=next(iter((*targets, *([ready] if ready else ()), *ports)), 0),
        probes=probes,
        scrapes=_scrapes(found),
        memory_request_bytes=_bytes(at(box, "resources", "requests", "memory")),
        memory_limit_bytes=_bytes(at(box, "resources", "limits", "memory")),
        cpu_request=quantity(at(box, "resources", "requests", "cpu")),
        cpu_limit=quantity(at(box, "resources", "limits", "cpu")),
        user=_id(_setting(thing, box, "runAsUser")),
        group=_id(_setting(thing, box, "runAsGroup")),
        must_be_non_root=_setting(thing, box, "runAsNonRoot") is True,
        is_read_only=at(box, "securityContext", "readOnlyRootFilesystem") is True,
        writable=volumes.writable,
        grace_seconds=_grace(thing),
        unmet=(*given.missing, *volumes.unmet, *_unmet(thing, found))[:MAX_NOTES],
        refused=(*volumes.refused, *_refused(thing, box))[:MAX_NOTES],
    )


def _setting(thing: Thing, box: Container, key: str) -> object:
    own = at(box, "securityContext", key)
    return own if own is not None else at(thing.pod, "securityContext", key)


def _ports(box: Container) -> tuple[int, ...]:
    found = (at(port, "containerPort") for port in items(box, "ports")[:MAX_PORTS])
    return tuple(port for port in found if isinstance(port, int) and port_of(port, box))


def _targets(thing: Thing, box: Container, found: Manifests) -> Iterator[int]:
    """Ports that Services in front of it send requests to."""
    for service in found.of("Service"):
        if not any(_is_same(other, thing) for other in behind(service, found)):
            continue
        for port in items(service.value, "spec", "ports")[:MAX_PORTS]:
            target = at(port, "targetPort")
            number = port_of(at(port, "port") if target is None else target, box)
            if number:
                yield number


def _is_same(one: Thing, other: Thing) -> bool:
    """Whether they are the same object, one of them perhaps with patches."""
    return one.document is other.document and one.prefix == other.prefix


def _scrapes(found: Manifests) -> tuple[ScrapeTarget, ...]:
    """Where Prometheus is sent: what has a number and a path, whichever workload it is for."""
    made = (
        ScrapeTarget(path=target.path[:200], port=int(target.port))
        for target in scrape_targets(found)
        if target.port.isdigit() and port_of(int(target.port), {}) and target.path.startswith("/")
    )
    return tuple(dict.fromkeys(made))[:4]


def _words(box: Container, key: str, values: dict[str, str]) -> tuple[str, ...]:
    """A command line with `$(NAME)` filled in, as a kubelet does it."""
    words = [word for word in items(box, key)[:MAX_WORDS] if isinstance(word, str | int | float)]
    return tuple(expanded(str(word), values)[:MAX_TEXT].replace("\0", "") for word in words)


def _folder(value: object) -> str:
    is_plain = isinstance(value, str) and value.startswith("/") and value.isprintable() and ".." not in value
    return str(value)[:200] if is_plain else ""


def _bytes(value: object) -> int | None:
    number = quantity(value)
    return None if number is None else round(number)


def _id(value: object) -> int | None:
    """A user or group id that the kernel knows."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return int(str(value)) if is_number and 0 <= int(str(value)) <= _LARGEST_ID else None


def _grace(thing: Thing) -> float:
    value = at(thing.pod, "terminationGracePeriodSeconds")
    return float(value) if isinstance(value, int) and 0 <= value <= 3600 else 30.0  # noqa: PLR2004  an hour


def _unmet(thing: Thing, found: Manifests) -> Iterator[str]:
    """What happens around the container in a cluster and not here."""
    if items(thing.pod, "initContainers"):
        yield "init containers, which are not run"
    if len(thing.containers) > 1:
        yield "other containers of the pod, which are not run"
    if any("patch" not in broken.reason for broken in found.unrendered):
        yield "charts or templates, which are not rendered"


def _refused(thing: Thing, box: Container) -> Iterator[str]:
    """What is never honoured, whatever a manifest says."""
    context = table(box, "securityContext")
    if context.get("privileged") is True:
        yield "privileged"
    if items(context, "capabilities", "add"):
        yield "added capabilities"
    yield from (wish for wish in _HOST_WISHES if at(thing.pod, wish) is True)
    if any(at(port, "hostPort") for port in items(box, "ports")[:MAX_PORTS]):
        yield "hostPort"
