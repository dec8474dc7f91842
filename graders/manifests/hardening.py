"""Would a cluster under the restricted pod security standard take these pods? One class of defect is one fault."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from audition.domain.grade import Evidence
from audition.domain.serving import SERVING_KINDS
from audition.grading import Result, Workspace, check, failed, partial, passed
from audition.grading.manifests import Thing, Where, find_manifests
from audition.grading.yaml_files import at, items, table
from graders.manifests.presence import absent

_SECRET = re.compile(
    r"(?:^|_)(?:PASS|PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?)$",
    re.IGNORECASE,
)
_MOST_RULES = 30

Container = dict[str, Any]
Look = Callable[[Thing, Container], bool]


@dataclass(frozen=True, slots=True)
class Defect:
    """A class of defect: what is wrong, how much it weighs, how it shows, and what tools call it."""

    name: str
    words: str
    weight: float
    is_there: Look
    rules: frozenset[str] = frozenset()
    """Rules of checkov that mean the same; where our own look can decide, it does."""


def _setting(thing: Thing, container: Container, key: str) -> object:
    """A setting of the security context: the container's own, else the pod's."""
    own = at(container, "securityContext", key)
    return own if own is not None else at(thing.pod, "securityContext", key)


def _may_be_root(thing: Thing, container: Container) -> bool:
    user = _setting(thing, container, "runAsUser")
    return user == 0 or (_setting(thing, container, "runAsNonRoot") is not True and not isinstance(user, int))


def _may_escalate(_thing: Thing, container: Container) -> bool:
    return at(container, "securityContext", "allowPrivilegeEscalation") is not False


def _keeps_capabilities(_thing: Thing, container: Container) -> bool:
    return "ALL" not in [str(c).upper() for c in items(container, "securityContext", "capabilities", "drop")]


def _writes_root(_thing: Thing, container: Container) -> bool:
    return at(container, "securityContext", "readOnlyRootFilesystem") is not True


def _is_privileged(thing: Thing, container: Container) -> bool:
    shares = any(at(thing.pod, key) is True for key in ("hostNetwork", "hostPID", "hostIPC"))
    mounts = any(table(volume, "hostPath") for volume in items(thing.pod, "volumes"))
    return at(container, "securityContext", "privileged") is True or shares or mounts


def _has_no_profile(thing: Thing, container: Container) -> bool:
    profile = table(_setting(thing, container, "seccompProfile"))
    return profile.get("type") not in {"RuntimeDefault", "Localhost"}


def _asks_for_nothing(_thing: Thing, container: Container) -> bool:
    requests = table(container, "resources", "requests")
    return not {"cpu", "memory"} <= requests.keys()


def _has_no_limit(_thing: Thing, container: Container) -> bool:
    return "memory" not in table(container, "resources", "limits")


def _is_unpinned(_thing: Thing, container: Container) -> bool:
    image = str(container.get("image") or "")
    tag = image.rpartition("/")[2].partition(":")[2]
    return "@sha256:" not in image and tag in {"", "latest"}


def _mounts_token(thing: Thing, _container: Container) -> bool:
    return at(thing.pod, "automountServiceAccountToken") is not False


def _writes_secret(_thing: Thing, container: Container) -> bool:
    return any(
        _SECRET.search(str(at(variable, "name") or "")) and at(variable, "value")
        for variable in items(container, "env")
    )


DEFECTS = (
    Defect("root", "may run as root", 1.0, _may_be_root, frozenset({"CKV_K8S_23", "CKV_K8S_40"})),
    Defect("privileged", "is privileged or shares the host", 1.0, _is_privileged,
           frozenset({"CKV_K8S_16", "CKV_K8S_17", "CKV_K8S_18", "CKV_K8S_19", "CKV_K8S_27"})),
    Defect("escalation", "may gain privileges", 1.0, _may_escalate, frozenset({"CKV_K8S_20"})),
    Defect("capabilities", "keeps capabilities", 0.7, _keeps_capabilities,
           frozenset({"CKV_K8S_25", "CKV_K8S_28", "CKV_K8S_37"})),
    Defect("read-only", "may write to its own root", 0.7, _writes_root, frozenset({"CKV_K8S_22"})),
    Defect("seccomp", "has no seccomp profile", 0.5, _has_no_profile, frozenset({"CKV_K8S_31"})),
    Defect("requests", "asks for no processor or memory", 1.0, _asks_for_nothing,
           frozenset({"CKV_K8S_10", "CKV_K8S_12"})),
    Defect("limits", "has no limit of memory", 1.0, _has_no_limit, frozenset({"CKV_K8S_13", "CKV_K8S_11"})),
    Defect("image", "runs an image without a version", 1.0, _is_unpinned, frozenset({"CKV_K8S_14"})),
    Defect("secret", "has a secret written out in its environment", 1.0, _writes_secret, frozenset({"CKV_SECRET_6"})),
    Defect("token", "is given a token of the cluster that it may not need", 0.3, _mounts_token,
           frozenset({"CKV_K8S_38"})),
)  # fmt: skip
"""Source: the restricted Pod Security Standard and Kubernetes' guide to resource management. Rules that fire on most
honest work (network policies, digests, the default namespace) are left out."""


@check(
    "manifests.hardening.restricted",
    "Pods are hardened and bounded",
    points=3,
    why="A pod without bounds or with rights that it does not need takes its neighbours with it when it fails.",
    fix="Set the securityContext of the restricted pod security standard, requests, a memory limit, and a version.",
)
def hardened(workspace: Workspace) -> Result:
    """Weighted share of the classes of defects that are absent, mean over the containers (catalogue H2)."""
    found = find_manifests(workspace.submission)
    pairs = [(thing, number, box) for thing in found.workloads for number, box in enumerate(thing.containers)]
    if not pairs:
        return (
            absent(workspace, found) if not found.things else failed("No object makes pods with containers.")
        )
    defects = [d for d in DEFECTS if d.name != "root" or not _expects_root(workspace)]
    total = sum(defect.weight for defect in defects)
    lost, evidence = 0.0, list[Evidence]()
    for thing, number, box in pairs:
        there = [defect for defect in defects if defect.is_there(thing, box)]
        lost += sum(defect.weight for defect in there) / total
        where: Where = (*thing.pod_path, "containers", number)
        evidence += [thing.evidence(f"{_name(box)} {defect.words}", *where) for defect in there]
    share = 1 - lost / len(pairs)
    note = _also_said(workspace, {thing.file for thing in found.things})
    if not evidence:
        return replace(passed(f"All {len(pairs)} container(s) are hardened and bounded."), note=note)
    sentence = (
        f"{len(evidence)} of {len(pairs) * len(defects)} safeguards are missing in {len(pairs)} container(s)."
    )
    result = partial(share, sentence, *evidence) if share > 0 else failed(sentence, *evidence)
    return replace(result, note=note)


def _also_said(workspace: Workspace, files: set[str]) -> str:
    """For reviewers: rules of checkov that no class of ours stands for. They change no points."""
    ours = frozenset().union(*(defect.rules for defect in DEFECTS))
    said = workspace.tools.findings({"checkov"}) if workspace.tools else ()
    others = Counter(f.rule for _, f in said if f.file in files and f.rule not in ours)
    listed = ", ".join(f"{rule} ({count})" for rule, count in sorted(others.items())[:_MOST_RULES])
    return f"checkov also reports, without points here: {listed}." if listed else ""


def _expects_root(workspace: Workspace) -> bool:
    """Whether the serving contract itself asks for root."""
    return SERVING_KINDS[workspace.evidence.inventory.contract.serving.kind].expects_root


def _name(container: Container) -> str:
    return f"container {str(container.get('name') or '?')[:60]}"
