"""Say what is in an exported image: layers, what should not be there, what is installed, and what was built again."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import IO, Any

from audition.domain.image import (
    Distribution,
    Hit,
    HitKind,
    ImageEvidence,
    ImageTask,
    LayerFacts,
    ModelFile,
)
from audition.grading.archives import DAMAGE
from audition.grading.layers.compare import compare
from audition.grading.layers.read import Export, Layer, Reader, TooMuchError
from audition.grading.layers.shapes import is_model, shown, unwanted
from audition.grading.layers.stack import Seen, Stack

_MOST_OF_A_KIND = 20
_MOST_LAYERS = 200
_MOST_DISTRIBUTIONS = 1000
_MOST_MODELS = 8
_MAX_INSTRUCTION = 160
_METADATA = re.compile(
    r"(?:^|/)(?:site|dist)-packages/([A-Za-z0-9._]{1,100})-([A-Za-z0-9.!+_]{1,60}?)"
    r"(?:\.dist-info/METADATA|(?:-py[\d.]+)?\.egg-info(?:/PKG-INFO)?)$"
)
_SETID, _STICKY, _ANYBODY = 0o6000, 0o1000, 0o002
_MANIFEST = "manifest.json"


class _UnknownFormError(Exception):
    """The export is not laid out as we know it."""


@dataclass(frozen=True, slots=True)
class _Image:
    """One image of an export."""

    layers: list[Layer]
    instructions: list[str]
    """What each layer came of."""


def look(stream: IO[bytes], task: ImageTask) -> ImageEvidence:
    """Read an export and say what is in its first image; what cannot be read is said, and costs nobody anything.

    Args:
        stream: A tar as an engine exports images; hostile in what it holds, honest in its frame.
        task: What is known of it.
    """
    try:
        export = Reader().read(stream)
        images = _images(export)
        first = Stack(images[0].layers)
        evidence = _evidence(images[0], first, task)
        if len(images) < 2 or task.images < 2:  # noqa: PLR2004  there is no second one
            return evidence
        again = compare(first, Stack(images[1].layers), task.base_layers)
    except TooMuchError as error:
        return ImageEvidence(limit=f"The image was not looked at: {error}.")
    except (_UnknownFormError, *DAMAGE) as error:
        return ImageEvidence(limit=f"The export of the image cannot be read ({type(error).__name__}).")
    return replace(evidence, reproduction=again)


def _images(export: Export) -> list[_Image]:
    """The images of an export in its own order."""
    listed = _document(export, _MANIFEST)
    if not isinstance(listed, list) or not listed:
        raise _UnknownFormError
    return [_image(export, item) for item in listed]


def _image(export: Export, item: object) -> _Image:
    if not isinstance(item, dict) or not isinstance(item.get("Layers"), list):
        raise _UnknownFormError
    names = [_resolved(export, str(name)) for name in item["Layers"]]
    if len(names) > _MOST_LAYERS or any(name not in export.layers for name in names):
        raise _UnknownFormError
    config = _document(export, str(item.get("Config", "")))
    history = config.get("history") if isinstance(config, dict) else None
    said = [
        _instruction(step) for step in history or () if isinstance(step, dict) and not step.get("empty_layer")
    ]
    said = [""] * (len(names) - len(said)) + said
    return _Image([export.layers[name] for name in names], said[: len(names)])


def _resolved(export: Export, name: str) -> str:
    """The name under which a layer was stored; one that is there already is a link to it."""
    for _ in range(2):
        if name in export.layers or name not in export.links:
            break
        folder = PurePosixPath(name).parent
        parts: list[str] = []
        for part in (folder / export.links[name]).parts:
            parts = parts[:-1] if part == ".." else [*parts, part]
        name = "/".join(parts)
    return name


def _document(export: Export, name: str) -> Any:  # noqa: ANN401  any JSON
    try:
        return json.loads(export.documents[_resolved(export, name)])
    except (KeyError, ValueError, RecursionError):
        raise _UnknownFormError from None


def _instruction(step: dict[str, Any]) -> str:
    text = str(step.get("created_by", "")).removeprefix("/bin/sh -c ").removeprefix("#(nop) ").strip()
    return shown(text, _MAX_INSTRUCTION)


def _evidence(image: _Image, stack: Stack, task: ImageTask) -> ImageEvidence:
    seen = list(stack.seen())
    hits = list(_hits(image.layers, seen, task.base_layers))
    above = [item for item in seen if item.layer >= task.base_layers]
    name = PurePosixPath(task.model_path).name
    models = sorted((i for i in above if name and _name(i.path) == name and i.fact.digest), key=_path)
    return ImageEvidence(
        layers=tuple(_layers(image, stack, task.base_layers)),
        app_bytes=sum(item.fact.size for item in above),
        model_bytes=sum(i.fact.size for i in above if is_model(i.path) or (name and _name(i.path) == name)),
        hits=tuple(_first_of_each(hits)),
        hit_counts=dict(Counter(hit.kind for hit in hits)),
        distributions=tuple(_distributions(seen, task.base_layers)),
        models=tuple(
            ModelFile(path=shown(f"/{i.path}"), bytes=i.fact.size, sha256=i.fact.digest.hex())
            for i in models[:_MOST_MODELS]
        ),
    )


def _layers(image: _Image, stack: Stack, base: int) -> Iterator[LayerFacts]:
    for index, layer in enumerate(image.layers):
        is_base = index < base
        yield LayerFacts(
            bytes=layer.bytes,
            files=layer.files,
            wasted_bytes=0 if is_base else stack.wasted[index],
            instruction="" if is_base else image.instructions[index],
            is_base=is_base,
        )


def _hits(layers: Sequence[Layer], seen: Sequence[Seen], base: int) -> Iterator[Hit]:
    owners = {item.path: item.layer for item in seen}
    before = {path: fact.mode for layer in layers[:base] for path, fact in layer.entries.items()}
    for item in sorted(seen, key=_path):
        if item.layer >= base and before.get(item.path) != item.fact.mode:
            yield from _open_doors(item)
    for index, layer in enumerate(layers[base:], start=base):
        for path, what in sorted(layer.secrets.items()):
            is_removed = owners.get(path) != index
            yield Hit(
                kind=HitKind.SECRET, path=shown(f"/{path}"), layer=index, detail=what, is_removed=is_removed
            )
        yield from _kept(index, layer, owners)


def _open_doors(item: Seen) -> Iterator[Hit]:
    mode, path = item.fact.mode, shown(f"/{item.path}")
    if mode & _SETID and item.fact.digest:
        yield Hit(kind=HitKind.SETUID, path=path, layer=item.layer, detail=f"mode {mode:04o}")
    is_shared_folder = item.fact.is_folder and mode & _STICKY
    if mode & _ANYBODY and not is_shared_folder:
        yield Hit(kind=HitKind.WORLD_WRITABLE, path=path, layer=item.layer, detail=f"mode {mode:04o}")


def _kept(index: int, layer: Layer, owners: dict[str, int]) -> Iterator[Hit]:
    """Caches and what was copied along: one hit for each folder of them."""
    sizes: Counter[tuple[HitKind, str]] = Counter()
    visible: set[tuple[HitKind, str]] = set()
    for path, fact in layer.entries.items():
        if fact.digest and (found := unwanted(path, fact.size)):
            sizes[found] += fact.size
            if owners.get(path) == index:
                visible.add(found)
    for (kind, folder), size in sorted(sizes.items()):
        is_removed = (kind, folder) not in visible
        yield Hit(kind=kind, path=shown(f"/{folder}"), layer=index, bytes=size, is_removed=is_removed)


def _first_of_each(hits: Sequence[Hit]) -> Iterator[Hit]:
    for kind in HitKind:
        yield from [hit for hit in hits if hit.kind == kind][:_MOST_OF_A_KIND]


def _distributions(seen: Sequence[Seen], base: int) -> list[Distribution]:
    found: dict[tuple[str, str], bool] = {}
    for item in seen:
        if match := _METADATA.search(item.path):
            name = re.sub(r"[-_.]+", "-", match[1]).lower()
            # One that is also above the base is the candidate's.
            found[name, match[2]] = item.layer < base and found.get((name, match[2]), True)
    rows = (Distribution(name=n, version=v, is_base=is_base) for (n, v), is_base in sorted(found.items()))
    return list(rows)[:_MOST_DISTRIBUTIONS]


def _path(item: Seen) -> str:
    return item.path


def _name(path: str) -> str:
    return path.rpartition("/")[2]
