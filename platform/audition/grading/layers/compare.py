"""Compare two clean builds of the same files, without what differs in honest ones."""

import re

from audition.domain.image import Difference, Reproduction
from audition.grading.layers.shapes import shown
from audition.grading.layers.stack import Seen, Stack

_MOST_SHOWN = 20
#: Bytecode holds times, installers write down what they did and when, and systems keep caches of their own.
#: Source: the design's grader catalogue, A8; the list was checked against two builds of the same Dockerfile.
_VARIES = re.compile(
    r"\.py[co]$|\.dist-info/(?:RECORD|INSTALLER|REQUESTED|direct_url\.json)$"
    r"|^(?:var/log|var/cache|var/lib/(?:apt|dpkg|systemd)|root/\.cache|tmp|run)/"
    r"|^etc/(?:shadow|gshadow|passwd|group|subuid|subgid)-?$|^etc/(?:ld\.so\.cache|machine-id)$"
)


def compare(first: Stack, again: Stack, base_layers: int) -> Reproduction:
    """How far two builds agree.

    Args:
        first: The image.
        again: The same, built again without a cache.
        base_layers: How many of the lowest layers are ours, in both.
    """
    one, two = _content(first, base_layers), _content(again, base_layers)
    paths = one.keys() | two.keys()
    sizes = {path: max(built[path][0] for built in (one, two) if path in built) for path in paths}
    differing = [
        Difference(path=shown(f"/{path}"), bytes=sizes[path], how=_how(path in one, path in two))
        for path in sorted(paths)
        if one.get(path) != two.get(path)
    ]
    largest = sorted(differing, key=lambda item: (-item.bytes, item.path))[:_MOST_SHOWN]
    return Reproduction(
        files=len(paths),
        bytes=sum(sizes.values()),
        differing_bytes=sum(item.bytes for item in differing),
        differing=tuple(largest),
    )


def _content(stack: Stack, base_layers: int) -> dict[str, tuple[int, bytes]]:
    return {
        item.path: (item.fact.size, item.fact.digest) for item in stack.seen() if _counts(item, base_layers)
    }


def _counts(item: Seen, base_layers: int) -> bool:
    return item.layer >= base_layers and bool(item.fact.digest) and not _VARIES.search(item.path)


def _how(was_there: bool, is_there: bool) -> str:  # noqa: FBT001  two facts
    if was_there and is_there:
        return "content"
    return "missing" if was_there else "new"
