"""The Kubernetes objects of a submission, read from all its YAML files; what needs rendering first is set aside."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from audition.domain.grade import Evidence
from audition.grading.tree import Text, Tree
from audition.grading.yaml_files import Document, at, items, read_yaml, table

#: Kinds that hold a template of pods, with the path to it.
POD_PATHS: dict[str, tuple[str, ...]] = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "Pod": (),
}
SERVERS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod"})
"""Kinds whose pods answer requests; jobs do not."""
_YAML = (".yaml", ".yml")
KUSTOMIZATIONS = frozenset({"kustomization.yaml", "kustomization.yml", "kustomization"})
_TEMPLATE = re.compile(r"\{\{.*\}\}")
_SIGNS = (re.compile(r"^apiVersion\s*:", re.MULTILINE), re.compile(r"^kind\s*:", re.MULTILINE))
_MOST_OBJECTS = 300


Where = tuple[str | int, ...]
"""A path in an object."""


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """One object."""

    kind: str
    api: str
    name: str
    document: Document
    value: dict[str, Any]
    """The object itself; in a List, one of its items."""
    prefix: tuple[str | int, ...] = ()
    """Where it is in the document."""

    @property
    def file(self) -> str:
        """Its file's path."""
        return self.document.file

    @property
    def namespace(self) -> str:
        """Its namespace; empty when it does not say."""
        return str(at(self.value, "metadata", "namespace") or "")

    @property
    def labels(self) -> dict[str, str]:
        """Labels of the object."""
        return texts(at(self.value, "metadata", "labels"))

    @property
    def pod(self) -> dict[str, Any]:
        """The pod's spec; empty for kinds without pods."""
        return table(self.value, *self.pod_path) if self.kind in POD_PATHS else {}

    @property
    def pod_path(self) -> tuple[str, ...]:
        """Path of the pod's spec in the object."""
        return (*POD_PATHS.get(self.kind, ()), "spec")

    @property
    def pod_labels(self) -> dict[str, str]:
        """Labels of the pods that it makes."""
        return texts(at(self.value, *POD_PATHS.get(self.kind, ()), "metadata", "labels"))

    @property
    def containers(self) -> list[dict[str, Any]]:
        """Containers of its pods, without those that only prepare."""
        return [item for item in items(self.pod, "containers") if isinstance(item, dict)]

    def evidence(self, summary: str, *path: str | int) -> Evidence:
        """Where something in it can be seen."""
        line = self.document.line(*self.prefix, *path)
        return Evidence(summary=f"{self.kind} {self.name[:80]}: {summary}", file=self.file, line=line)


@dataclass(frozen=True, slots=True)
class Broken:
    """A file that cannot be read, or needs rendering first."""

    file: str
    reason: str
    line: int | None = None

    @property
    def evidence(self) -> Evidence:
        """Where it is."""
        return Evidence(summary=self.reason, file=self.file, line=self.line)


@dataclass(frozen=True, slots=True)
class Manifests:
    """Everything that was found."""

    things: tuple[Thing, ...] = ()
    broken: tuple[Broken, ...] = ()
    """Files that look like manifests and are no YAML."""
    unrendered: tuple[Broken, ...] = ()
    """Charts and patches: what they mean shows only when they are rendered."""

    def of(self, *kinds: str) -> tuple[Thing, ...]:
        """Objects of some kinds."""
        return tuple(thing for thing in self.things if thing.kind in kinds)

    @property
    def workloads(self) -> tuple[Thing, ...]:
        """Objects that make pods."""
        return self.of(*POD_PATHS)

    @property
    def servers(self) -> tuple[Thing, ...]:
        """Objects whose pods answer requests."""
        return self.of(*SERVERS)


def texts(value: object) -> dict[str, str]:
    """A mapping as texts; empty when it is none."""
    return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else {}


def matches(selector: dict[str, str], labels: dict[str, str]) -> bool:
    """Whether labels satisfy a selector of equalities."""
    return all(labels.get(key) == value for key, value in selector.items())


def behind(service: Thing, found: Manifests) -> list[Thing]:
    """Workloads whose pods a service sends requests to."""
    selector = texts(at(service.value, "spec", "selector"))
    pods = [thing for thing in found.workloads if _same_place(service, thing)]
    return [thing for thing in pods if selector and matches(selector, thing.pod_labels)]


def _same_place(one: Thing, other: Thing) -> bool:
    return one.namespace == other.namespace or not one.namespace or not other.namespace


def find_manifests(root: Path) -> Manifests:
    """The manifests of a submission; kept as long as its files do not change, for each check asks for them."""
    tree = Tree(root)
    files = [path for path in tree.paths if path.lower().endswith((*_YAML, "kustomization"))]
    state = tuple((path, (root / path).lstat().st_mtime_ns, (root / path).lstat().st_size) for path in files)
    return _read(root, state)


@lru_cache(maxsize=2)
def _read(root: Path, state: tuple[tuple[str, int, int], ...]) -> Manifests:
    del state  # It is part of the key.
    tree = Tree(root)
    charts = {str(PurePosixPath(path).parent) for path in tree.paths if path.endswith("Chart.yaml")}
    patches = set(_patches(tree))
    things: list[Thing] = []
    broken: list[Broken] = []
    unrendered: list[Broken] = []
    for text in tree.ending(*_YAML):
        if PurePosixPath(text.path).name.lower() in KUSTOMIZATIONS or text.path.startswith(".github/"):
            continue
        reason = _unrendered(text, charts, patches)
        if reason:
            unrendered.append(Broken(text.path, reason))
            continue
        file = read_yaml(text)
        if file.error and _looks_like_one(text):
            broken.append(Broken(file.path, f"it is no YAML: {file.error}", file.line))
        for document in file.documents:
            things.extend(_things(document))
    return Manifests(tuple(things[:_MOST_OBJECTS]), tuple(broken), tuple(unrendered))


def _things(document: Document) -> Iterator[Thing]:
    """The objects of one document; a List has several."""
    value = document.value
    kind, api = at(value, "kind"), at(value, "apiVersion")
    if not isinstance(value, dict) or not isinstance(kind, str) or not isinstance(api, str):
        return
    if kind == "List":
        for number, item in enumerate(items(value, "items")):
            below = Document(document.file, item, document.node)
            for thing in _things(below):
                yield Thing(thing.kind, thing.api, thing.name, document, thing.value, ("items", number))
        return
    if kind == "Kustomization":
        return
    yield Thing(kind, api, str(at(value, "metadata", "name") or ""), document, value)


def _unrendered(text: Text, charts: set[str], patches: set[str]) -> str:
    """Why a file says nothing by itself; empty when it does."""
    folder = PurePosixPath(text.path)
    if any(str(parent.parent) in charts and parent.name == "templates" for parent in folder.parents):
        return "a template of a Helm chart, which would have to be rendered"
    if text.path in patches:
        return "a patch of a kustomization, which would have to be rendered"
    is_template = _looks_like_one(text) and any(_TEMPLATE.search(line) for line in text.lines)
    return "a template with {{ }}, which would have to be rendered" if is_template else ""


def _looks_like_one(text: Text) -> bool:
    return all(sign.search(text.content) for sign in _SIGNS)


def _patches(tree: Tree) -> Iterator[str]:
    """Files that kustomizations apply to others."""
    for text in tree.named(*KUSTOMIZATIONS):
        folder = PurePosixPath(text.path).parent
        for document in read_yaml(text).documents:
            named = [
                *items(document.value, "patchesStrategicMerge"),
                *(at(patch, "path") for patch in items(document.value, "patches")),
                *(at(patch, "path") for patch in items(document.value, "patchesJson6902")),
            ]
            for name in named:
                if isinstance(name, str) and "\n" not in name:
                    yield str(folder / name)
