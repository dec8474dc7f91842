"""Are the objects valid? Our own look at what matters most, and the schemas' word where the tool has one."""

import re
from collections.abc import Iterator

from audition.domain.grade import Evidence
from audition.domain.tools import Severity, ToolFinding, ToolStatus
from audition.grading import Result, Workspace, check, failed, informative, partial, passed
from audition.grading.manifests import POD_PATHS, Manifests, Thing, Where, find_manifests
from audition.grading.yaml_files import at, items, table
from graders.manifests.presence import absent

#: API versions that are gone, with what replaced them. Source: Kubernetes' deprecated API migration guide.
_REMOVED: dict[tuple[str, str], str] = {
    **{("extensions/v1beta1", kind): "apps/v1" for kind in ("Deployment", "DaemonSet", "ReplicaSet")},
    **{("apps/v1beta1", kind): "apps/v1" for kind in ("Deployment", "StatefulSet", "ReplicaSet")},
    **{
        ("apps/v1beta2", kind): "apps/v1" for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")
    },
    ("extensions/v1beta1", "Ingress"): "networking.k8s.io/v1",
    ("networking.k8s.io/v1beta1", "Ingress"): "networking.k8s.io/v1",
    ("networking.k8s.io/v1beta1", "IngressClass"): "networking.k8s.io/v1",
    ("extensions/v1beta1", "NetworkPolicy"): "networking.k8s.io/v1",
    ("batch/v1beta1", "CronJob"): "batch/v1",
    ("batch/v2alpha1", "CronJob"): "batch/v1",
    ("policy/v1beta1", "PodDisruptionBudget"): "policy/v1",
    ("policy/v1beta1", "PodSecurityPolicy"): "Pod Security admission",
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler"): "autoscaling/v2",
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler"): "autoscaling/v2",
    ("rbac.authorization.k8s.io/v1beta1", "Role"): "rbac.authorization.k8s.io/v1",
    ("rbac.authorization.k8s.io/v1beta1", "RoleBinding"): "rbac.authorization.k8s.io/v1",
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRole"): "rbac.authorization.k8s.io/v1",
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRoleBinding"): "rbac.authorization.k8s.io/v1",
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"): "apiextensions.k8s.io/v1",
    ("storage.k8s.io/v1beta1", "StorageClass"): "storage.k8s.io/v1",
    ("scheduling.k8s.io/v1beta1", "PriorityClass"): "scheduling.k8s.io/v1",
    ("discovery.k8s.io/v1beta1", "EndpointSlice"): "discovery.k8s.io/v1",
}
#: API groups that belong to Kubernetes itself; others are extensions that no schema of ours knows.
_GROUPS = frozenset(["", "apps", "batch", "policy", "autoscaling", "extensions"]) | {
    f"{group}.k8s.io"
    for group in (
        *("networking", "rbac.authorization", "storage", "scheduling", "discovery", "apiextensions"),
        *("coordination", "admissionregistration", "certificates", "node", "events"),
    )
}
#: Source: RFC 1123 as Kubernetes applies it to names of objects.
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?")
_QUANTITY = re.compile(r"\d{1,15}(?:\.\d{1,9})?(?:m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi|E|Ei)?|\d{1,15}e\d{1,3}")
_MOST_PORT = 65_535
_TOOL = "kubernetes-validate"


@check(
    "manifests.schema.valid",
    "Kubernetes objects are valid",
    points=3,
    why="What the cluster does not accept is not deployed, and nobody notices until the release.",
    fix="Validate the manifests in CI, e.g. with kubernetes-validate or kubectl's dry run.",
)
def valid(workspace: Workspace) -> Result:
    """Share of objects without an error; unknown kinds are left out (catalogue H1)."""
    found = find_manifests(workspace.submission)
    if not found.things and not found.broken:
        return absent(workspace, found)
    wrong = {thing: error for thing in found.things if (error := _error(thing, workspace, found))}
    assessed = [thing for thing in found.things if is_known(thing) or thing in wrong]
    total = len(assessed) + len(found.broken)
    if not total:
        return informative("All objects are of kinds that are not Kubernetes' own; they were not assessed.")
    bad = len(wrong) + len(found.broken)
    evidence = (*(b.evidence for b in found.broken), *wrong.values())
    note = _limits(workspace, len(found.things) - len(assessed))
    if not bad:
        return passed(f"All {total} Kubernetes objects are valid.{note}")
    sentence = f"{bad} of {total} Kubernetes objects are not valid.{note}"
    return failed(sentence, *evidence) if bad == total else partial(1 - bad / total, sentence, *evidence)


def is_known(thing: Thing) -> bool:
    """Whether the kind is one of Kubernetes' own."""
    return thing.api.rpartition("/")[0] in _GROUPS


def _limits(workspace: Workspace, unknown: int) -> str:
    """What was not looked at, for honesty."""
    report = workspace.tools.of(_TOOL) if workspace.tools else None
    is_whole = report is not None and report.status == ToolStatus.OK
    words = "" if is_whole else " The full schemas were not at hand."
    return f"{words} {unknown} of kinds that are not Kubernetes' own were not assessed." if unknown else words


def _error(thing: Thing, workspace: Workspace, found: Manifests) -> Evidence | None:
    """The first thing that is wrong with an object."""
    replaced = _REMOVED.get((thing.api, thing.kind))
    if replaced:
        return thing.evidence(f"{thing.api} is gone; use {replaced}", "apiVersion")
    own = next(_own_errors(thing), None) if is_known(thing) else None
    return own or _schema_error(thing, workspace, found)


def _own_errors(thing: Thing) -> Iterator[Evidence]:
    """What can be said without a schema."""
    if not _NAME.fullmatch(thing.name):
        yield thing.evidence("metadata.name has to be lower case letters, digits, '-' and '.'", "metadata")
    if thing.kind in POD_PATHS:
        yield from _pod_errors(thing)
    if thing.kind in {"Deployment", "StatefulSet", "DaemonSet"} and not table(
        thing.value, "spec", "selector"
    ):
        yield thing.evidence("spec.selector is missing", "spec")
    if thing.kind == "Service":
        for number, port in enumerate(items(thing.value, "spec", "ports")):
            if not _is_port(at(port, "port")):
                yield thing.evidence("a port has to be a number from 1 to 65535", "spec", "ports", number)


def _pod_errors(thing: Thing) -> Iterator[Evidence]:
    if not thing.containers:
        yield thing.evidence("it has no containers", *thing.pod_path)
    for number, container in enumerate(thing.containers):
        where: Where = (*thing.pod_path, "containers", number)
        for key in ("name", "image"):
            if not isinstance(container.get(key), str) or not container[key]:
                yield thing.evidence(f"a container has no {key}", *where)
        for bound in ("requests", "limits"):
            for name, amount in table(container, "resources", bound).items():
                if not _QUANTITY.fullmatch(str(amount)):
                    yield thing.evidence(f"{name} is no quantity", *where, "resources", bound, name)
        for port in items(container, "ports"):
            if not _is_port(at(port, "containerPort")):
                yield thing.evidence("containerPort has to be a number from 1 to 65535", *where, "ports")


def _is_port(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST_PORT


def _schema_error(thing: Thing, workspace: Workspace, found: Manifests) -> Evidence | None:
    """What the tool with the schemas says of this object."""
    report = workspace.tools.of(_TOOL) if workspace.tools else None
    if report is None:
        return None
    is_alone = sum(other.file == thing.file for other in found.things) == 1
    for finding in report.findings:
        is_here = finding.severity == Severity.ERROR and finding.file == thing.file
        if is_here and _is_meant(thing, finding, is_alone=is_alone):
            return thing.evidence(finding.message[:200])
    return None


def _is_meant(thing: Thing, finding: ToolFinding, *, is_alone: bool) -> bool:
    if not finding.subject:
        return is_alone
    parts = re.split(r"[/ ]", finding.subject.lower())
    return thing.name.lower() in parts and (thing.kind.lower() in parts or is_alone)
