"""Lay layers over each other as a container sees them, and count what each hides of those below."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from audition.grading.layers.read import FileFact, Layer, TooMuchError

#: Folders that only stand in names cost as much as those that are entries.
_MOST_NODES = 1_000_000


@dataclass(slots=True)
class _Node:
    """A place in the tree: a file, a folder, or only a part of names."""

    fact: FileFact | None = None
    layer: int = 0
    children: dict[str, "_Node"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """An entry that a container sees."""

    path: str
    fact: FileFact
    layer: int
    """Index of the layer that brought it."""


class Stack:
    """The file system of an image."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        """Lay them over each other, the lowest first.

        Raises:
            TooMuchError: There is more than is looked at.
        """
        self.wasted = [0] * len(layers)
        """Bytes of each layer's files that later ones remove or bring again."""
        self._root = _Node()
        self._nodes = 0
        for index, layer in enumerate(layers):
            self._lay(index, layer)

    def seen(self) -> Iterator[Seen]:
        """Everything that a container sees, in no order."""
        pending = [("", self._root)]
        while pending:
            path, node = pending.pop()
            if node.fact is not None and path:
                yield Seen(path, node.fact, node.layer)
            pending.extend((f"{path}/{name}" if path else name, n) for name, n in node.children.items())

    def _lay(self, index: int, layer: Layer) -> None:
        # What a layer hides lies below it, wherever in its tar that is said.
        for folder in layer.emptied:
            if node := self._find(folder):
                self._drop(node, keep=True)
        for path in layer.hidden:
            parent, _, name = path.rpartition("/")
            node = self._find(parent)
            if node and name in node.children:
                self._drop(node.children.pop(name), keep=False)
        for path, fact in layer.entries.items():
            node = self._make(path)
            # A folder goes on with what it has; everything else takes the place of what was there.
            if not fact.is_folder or (node.fact and not node.fact.is_folder):
                self._drop(node, keep=False)
            node.fact, node.layer = fact, index

    def _find(self, path: str) -> _Node | None:
        node = self._root
        for part in path.split("/") if path else ():
            if part not in node.children:
                return None
            node = node.children[part]
        return node

    def _make(self, path: str) -> _Node:
        node = self._root
        for part in path.split("/"):
            if part not in node.children:
                self._nodes += 1
                if self._nodes > _MOST_NODES:
                    msg = "it has too many folders"
                    raise TooMuchError(msg)
                node.children[part] = _Node()
            node = node.children[part]
        return node

    def _drop(self, top: _Node, *, keep: bool) -> None:
        """Count what is below a node, itself included unless it is kept, as wasted; then forget it."""
        pending = [*top.children.values()] if keep else [top]
        while pending:
            node = pending.pop()
            if node.fact:
                self.wasted[node.layer] += node.fact.size
            pending.extend(node.children.values())
        top.children = {}
