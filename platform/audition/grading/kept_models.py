"""Models that a submission keeps under their versions, so that an older one can be served again (catalogue G6)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from audition.grading.tree import Tree

_MODEL = re.compile(r"\.(?:joblib|pkl|pickle|onnx|safetensors|skops|pt|pth|h5|keras|ubj|json|txt|cbm|bin)$")
_VERSION = re.compile(r"(?:^|[-_/])(?:v|version[-_]?)?\d+(?:\.\d+)*(?=$|[-_/.])")
_FOLDERS = frozenset(["models", "model", "registry", "artifacts", "releases", "mlruns"])
_LEAST = 2


@dataclass(frozen=True, slots=True)
class KeptModel:
    """One of at least two versions of a model."""

    version: str
    path: str

    @property
    def order(self) -> tuple[int, ...]:
        """Its numbers: later versions are larger."""
        return tuple(int(number) for number in re.findall(r"\d{1,9}", self.version))


def kept_models(tree: Tree) -> Iterator[KeptModel]:
    """Model files under at least two versions of one folder, also as MLflow's file store has them."""
    versions: dict[str, dict[str, str]] = {}
    for path in tree.paths:
        place = PurePosixPath(path)
        tops = [n for n, part in enumerate(place.parts[:-1]) if part.lower() in _FOLDERS]
        is_registered = place.name == "meta.yaml" and place.parent.name.startswith("version-")
        if not tops or not (is_registered or _MODEL.search(place.name.lower())):
            continue
        rest = "/".join(place.parts[tops[0] + 1 :]).lower()
        if found := _VERSION.search(rest):
            family = f"{'/'.join(place.parts[: tops[0] + 1])}/{rest[: found.start()]}"
            versions.setdefault(family, {}).setdefault(found[0].strip("-_/"), path)
    for found_versions in versions.values():
        if len(found_versions) >= _LEAST:
            yield from (KeptModel(version, path) for version, path in sorted(found_versions.items()))
