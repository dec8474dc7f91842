"""What is in the image's layers: size, what hides in them, what should not be there (catalogue A3, A5)."""

import math
from collections.abc import Sequence
from dataclasses import replace

from audition.domain.grade import Evidence
from audition.domain.image import Hit, HitKind, ImageEvidence
from audition.grading import Result, Workspace, check, failed, not_assessed, passed
from graders.chain import no_image
from graders.probed import plural, scored

#: Nothing is left at so many times the reference. Source: the grader catalogue, A3.
_SIZE_RANGE = 8.0
#: Above the base, where a challenge has no measured reference: scikit-learn, pandas, pyarrow and a web server take
#: about 410 MB.
USUAL_BYTES = 512 << 20
#: So many things that should not be there leave nothing. Source: the grader catalogue, A5.
_MOST_HITS = 5
#: Less than this is what package managers touch in passing.
_NO_WASTE_BYTES = 1 << 20
_DIRTY = (HitKind.SETUID, HitKind.WORLD_WRITABLE, HitKind.CACHE, HitKind.CONTEXT)
_WORDS = {
    HitKind.SETUID: "runs with the rights of its owner",
    HitKind.WORLD_WRITABLE: "can be written by everybody",
    HitKind.CACHE: "a cache that nobody uses again",
    HitKind.CONTEXT: "was copied along",
    HitKind.SECRET: "holds a secret",
}


def _seen(workspace: Workspace) -> ImageEvidence | Result:
    """What was seen in the layers, or why there is nothing."""
    if reason := no_image(workspace):
        return reason
    build = workspace.evidence.build
    image = build.image if build else None
    if image is None or image.limit:
        return not_assessed(image.limit if image else "The layers were not looked at in this run.")
    return image


@check(
    "image.size.reference",
    "The image is not larger than it has to be",
    points=2,
    why="Every node pulls every byte: size is what a new version waits for.",
    fix="Install what the service imports and nothing else, in a stage of its own, and copy only the result.",
)
def size(workspace: Workspace) -> Result:
    """Bytes above the base: 1 at the reference or less, linear in log2 to 0 at eight times (A3)."""
    image = _seen(workspace)
    if isinstance(image, Result):
        return image
    build = workspace.evidence.build
    measured = workspace.manifest.reference_image_bytes or (build.reference_bytes if build else None)
    reference = measured or USUAL_BYTES
    ratio = max(1.0, image.payload_bytes / reference)
    share = 1 - math.log2(ratio) / math.log2(_SIZE_RANGE)
    beside = "the reference has" if measured else "usual are up to"
    sentence = f"Above its base the image has {_mib(image.payload_bytes)}; {beside} {_mib(reference)}."
    parts = f"Seen in a container: {_mib(image.app_bytes)}, of these {_mib(image.model_bytes)} of models."
    evidence = () if share >= 1 else _largest(image)
    return replace(scored(share, sentence, note=parts), evidence=evidence)


def _largest(image: ImageEvidence) -> tuple[Evidence, ...]:
    layers = sorted((layer for layer in image.layers if not layer.is_base), key=lambda layer: -layer.bytes)
    return tuple(Evidence(summary=_mib(layer.bytes), excerpt=layer.instruction) for layer in layers[:3])


@check(
    "image.layers.waste",
    "No layer holds what a later one deletes",
    points=1,
    why="What a later step removes or changes is pulled by every node all the same.",
    fix="Delete in the same RUN that created it, or leave it behind in an earlier stage; use COPY --chown, not chown.",
)
def waste(workspace: Workspace) -> Result:
    """1 - share of bytes that later layers hide (A3)."""
    image = _seen(workspace)
    if isinstance(image, Result):
        return image
    if image.wasted_bytes < _NO_WASTE_BYTES:
        return passed("What the layers hold can be seen in a container.")
    share = 1 - image.wasted_bytes / image.payload_bytes
    layers = sorted((n for n in image.layers if n.wasted_bytes), key=lambda layer: -layer.wasted_bytes)
    evidence = tuple(Evidence(summary=_mib(n.wasted_bytes), excerpt=n.instruction) for n in layers[:3])
    sentence = f"{_mib(image.wasted_bytes)} of {_mib(image.payload_bytes)} are hidden by later layers."
    return replace(scored(share, sentence), evidence=evidence)


@check(
    "image.layers.clean",
    "Nothing is in the image that has no business there",
    points=2,
    why="Setuid programs and files that everybody may write to are doors; caches and history are weight and leaks.",
    fix="Install with --no-cache-dir, remove package lists in the same RUN, and copy named files with sound modes.",
)
def clean(workspace: Workspace) -> Result:
    """1 - hits over those of the base / 5, over all layers (A5)."""
    image = _seen(workspace)
    if isinstance(image, Result):
        return image
    counts = image.hit_counts or {}
    count = sum(counts.get(kind, 0) for kind in _DIRTY)
    if not count:
        return passed("No setuid programs, open files, caches or stowaways above the base.")
    found = [hit for hit in image.hits if hit.kind in _DIRTY]
    share = 1 - min(1.0, count / _MOST_HITS)
    return replace(
        scored(share, f"{plural(count, 'thing')} should not be in the image."), evidence=_places(found)
    )


@check(
    "image.layers.secrets",
    "No layer holds a secret",
    points=1,
    why="Who can pull the image can read every layer of it, also what a later one deletes.",
    fix="Revoke it, keep the file out with .dockerignore, and mount it or set it when the container starts.",
)
def secrets(workspace: Workspace) -> Result:
    """Nothing of the form or the name of a secret in any layer above the base (A5)."""
    image = _seen(workspace)
    if isinstance(image, Result):
        return image
    found = [hit for hit in image.hits if hit.kind == HitKind.SECRET]
    if not found:
        return passed("No layer above the base holds what looks like a secret.")
    removed = " A later layer deletes it, which changes nothing." if all(h.is_removed for h in found) else ""
    return failed(f"{plural(len(found), 'file')} with what looks like a secret.{removed}", *_places(found))


def _places(hits: Sequence[Hit]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            summary=f"{_WORDS[hit.kind]}{', deleted by a later layer' if hit.is_removed else ''}",
            file=hit.path,
            excerpt=hit.detail,
        )
        for hit in hits
    )


def _mib(count: int) -> str:
    return f"{count / (1 << 20):.1f} MiB" if count < 10 << 20 else f"{count >> 20} MiB"
