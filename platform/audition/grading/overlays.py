"""What overlays of a kustomization make of one workload: patches applied as kustomize would, the simple ones.

Of several overlays the one for production is taken, else the first; the kustomizations that it is built on come
before it. Patches are merged by the keys that Kubernetes gives lists of pods, or applied as JSON patches; generators,
components, replacements and prefixes are not followed. Source: Kustomize's reference; Kubernetes' API types (patch
merge keys); RFC 6902.
"""

import copy
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from audition.grading.manifests import KUSTOMIZATIONS, Thing
from audition.grading.tree import Text, Tree
from audition.grading.yaml_files import at, items, read_yaml, table

_PRODUCTION = re.compile(r"prod|live", re.IGNORECASE)
_KEYS = (
    "containers",
    "initContainers",
    "env",
    "volumes",
    "volumeMounts",
    "ports",
    "imagePullSecrets",
    "envFrom",
)
_MERGE_KEYS = {"volumeMounts": "mountPath", "ports": "containerPort"}
"""Of the lists above, those that are not merged by name."""
_MOST_PATCHES = 50
_MOST_DEPTH = 20
_MOST_STEPS = 12


Patch = tuple[dict[str, Any], Any]
"""What it is for, empty when it says so itself; and what it says."""


def patches_of(tree: Tree) -> tuple[Patch, ...]:
    """Patches of the chosen overlay and of what it is built on, in their order."""
    return tuple(islice(_patches(tree), _MOST_PATCHES))


def overlaid(thing: Thing, patches: tuple[Patch, ...]) -> Thing:
    """The object with the patches applied that are for it."""
    value = thing.value
    for target, patch in patches:
        if isinstance(patch, dict) and _is_meant(thing, target or patch):
            value = table({"it": _merged(value, patch, "", 0)}, "it")
        elif isinstance(patch, list) and target and _is_meant(thing, target):
            value = _patched(value, patch)
    return thing if value is thing.value else replace(thing, value=value)


def _patches(tree: Tree) -> Iterator[Patch]:
    for text in _chain(tree):
        folder = str(PurePosixPath(text.path).parent)
        for document in read_yaml(text).documents:
            for key in ("patchesStrategicMerge", "patches", "patchesJson6902"):
                for entry in items(document.value, key)[:_MOST_PATCHES]:
                    told = entry if isinstance(entry, str) else at(entry, "patch") or at(entry, "path")
                    yield from ((table(entry, "target"), patch) for patch in _read(tree, folder, told))


def _read(tree: Tree, folder: str, told: object) -> Iterator[Any]:
    """A patch that is written out, or a file with some."""
    if not isinstance(told, str):
        return
    text = Text("patch", (), told) if "\n" in told else tree.text(_joined(folder, told))
    if text is not None:
        yield from (document.value for document in read_yaml(text).documents)


def _chain(tree: Tree) -> list[Text]:
    """The kustomizations that count, those that others are built on first."""
    every = {str(PurePosixPath(text.path).parent): text for text in tree.named(*KUSTOMIZATIONS)}
    below = {folder: _bases(folder, text, every) for folder, text in every.items()}
    used = {base for bases in below.values() for base in bases}
    tops = sorted(folder for folder in every if folder not in used)
    chosen = next((top for top in tops if _PRODUCTION.search(top)), next(iter(tops), None))
    ordered: list[str] = []

    def visit(folder: str, depth: int) -> None:
        if folder not in ordered and depth < _MOST_DEPTH:
            for base in below[folder]:
                visit(base, depth + 1)
            ordered.append(folder)

    if chosen is not None:
        visit(chosen, 0)
    return [every[folder] for folder in dict.fromkeys(ordered)]


def _bases(folder: str, text: Text, every: dict[str, Text]) -> list[str]:
    """Other kustomizations that one is built on."""
    named = [
        name
        for document in read_yaml(text).documents
        for key in ("resources", "bases")
        for name in items(document.value, key)
        if isinstance(name, str)
    ]
    return [place for name in named if (place := _joined(folder, name)) in every and place != folder]


def _joined(folder: str, name: str) -> str:
    """A path relative to a folder, without its dots; one that leaves the submission is no path of it."""
    parts: list[str] = []
    for part in (*PurePosixPath(folder).parts, *PurePosixPath(name).parts):
        if part == ".." and parts:
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts) or "."


def _is_meant(thing: Thing, target: dict[str, Any]) -> bool:
    """Whether a patch is for this object: by kind and name, each as far as it is said.

    Names may be patterns; of these only the one for everything is followed, for a pattern can take for ever.
    """
    kind = at(target, "kind")
    name = at(target, "name") or at(target, "metadata", "name")
    is_name = name in {None, ".*", thing.name} if isinstance(name, str | None) else False
    return (kind is None or kind == thing.kind) and is_name and bool(kind or name)


def _merged(value: Any, patch: Any, key: str, depth: int) -> Any:  # noqa: ANN401  whatever YAML can hold
    """A strategic merge: mappings by their keys, known lists by their merge keys, everything else replaced."""
    if depth > _MOST_DEPTH:
        return value
    if isinstance(value, dict) and isinstance(patch, dict):
        made = dict(value)
        for name, below in patch.items():
            if below is None:
                made.pop(name, None)
            elif name != "$patch":
                made[name] = _merged(made.get(name), below, str(name), depth + 1)
        return made
    if isinstance(value, list) and isinstance(patch, list) and key in _KEYS:
        return _merged_list(value, patch, _MERGE_KEYS.get(key, "name"), depth)
    return copy.deepcopy(patch)


def _merged_list(value: list[Any], patch: list[Any], key: str, depth: int) -> list[Any]:
    made = list(value)
    for item in patch:
        name = at(item, key)
        place = next((n for n, old in enumerate(made) if name is not None and at(old, key) == name), None)
        if place is None:
            made.append(copy.deepcopy(item))
        elif at(item, "$patch") == "delete":
            del made[place]
        else:
            made[place] = _merged(made[place], item, "", depth + 1)
    return made


def _patched(value: dict[str, Any], patch: list[Any]) -> dict[str, Any]:
    """A JSON patch, step by step; a step that leads nowhere changes nothing."""
    made: dict[str, Any] = copy.deepcopy(value)
    for step in patch[:_MOST_PATCHES]:
        path = at(step, "path")
        if isinstance(path, str) and path.startswith("/"):
            words = [word.replace("~1", "/").replace("~0", "~") for word in path[1:].split("/")]
            _step(made, words[:_MOST_STEPS], str(at(step, "op")), at(step, "value"))
    return made


def _step(place: Any, words: list[str], operation: str, value: Any) -> None:  # noqa: ANN401
    for word in words[:-1]:
        place = at(place, int(word) if isinstance(place, list) and word.isdecimal() else word)
    last = words[-1]
    if isinstance(place, dict):
        if operation == "remove":
            place.pop(last, None)
        elif operation in {"add", "replace"}:
            place[last] = copy.deepcopy(value)
    elif isinstance(place, list):
        _step_in_list(place, last, operation, value)


def _step_in_list(place: list[Any], last: str, operation: str, value: Any) -> None:  # noqa: ANN401
    if last == "-" and operation == "add":
        place.append(copy.deepcopy(value))
    elif last.isdecimal() and int(last[:9]) < len(place):
        number = int(last[:9])
        if operation == "remove":
            del place[number]
        elif operation == "replace":
            place[number] = copy.deepcopy(value)
        elif operation == "add":
            place.insert(number, copy.deepcopy(value))
