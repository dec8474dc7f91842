"""Read hostile YAML: bounded in size, depth, aliases and documents, with the line of everything in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from audition.grading.tree import Text

_MOST_DOCUMENTS = 200
_MOST_DEPTH = 40
_MOST_NODES = 50_000
"""With every alias counted as what it stands for, so that few lines cannot mean billions of nodes."""
_MOST_SHOWN = 160
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

VERSION = str(yaml.__version__)
"""Of the parser."""
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file."""

    file: str
    value: Any
    """Plain values; YAML has no narrower type."""
    node: yaml.Node

    def line(self, *path: str | int) -> int:
        """The line (1-based) of what is at this path, or of the nearest thing above it that is there."""
        node = self.node
        for step in path:
            below = _step(node, step)
            if below is None:
                break
            node = below
        return int(node.start_mark.line) + 1


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A file with its documents, or why it cannot be read."""

    path: str
    documents: tuple[Document, ...] = ()
    error: str = ""
    line: int | None = None


def read_yaml(text: Text) -> YamlFile:
    """Read all documents of a file; a file that breaks a bound or the grammar has none."""
    try:
        trouble = _out_of_bounds(text.content)
        if trouble:
            return YamlFile(text.path, error=trouble)
        return YamlFile(text.path, tuple(_documents(text)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = int(mark.line) + 1 if mark is not None else None
        return YamlFile(text.path, error=str(error.problem or "not YAML")[:_MOST_SHOWN], line=line)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        # Values that YAML allows and Python does not: the 31st of February, numbers of thousands of digits.
        return YamlFile(text.path, error=" ".join(str(error).split())[:_MOST_SHOWN])


def _documents(text: Text) -> Iterator[Document]:
    loader = _LOADER(text.content)
    try:
        while loader.check_node():
            node = loader.get_node()
            assert isinstance(node, yaml.Node)  # noqa: S101  there is one, says check_node
            yield Document(text.path, loader.construct_document(node), node)
    finally:
        loader.dispose()


def broken_bound(content: bytes) -> str:
    """Which bound a file breaks, for whoever hands it to another reader; empty when none or when it is no YAML."""
    try:
        return _out_of_bounds(content)
    except (yaml.YAMLError, ValueError, RecursionError):
        return ""


def _out_of_bounds(content: str | bytes) -> str:
    """Which bound a file breaks; empty when none. Looks at events only, so nothing is built on the way."""
    count = _Count()
    for event in yaml.parse(content, Loader=_LOADER):
        count.take(event)
        if count.trouble:
            return count.trouble
    return ""


class _Count:
    """How much a stream of events means."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}
        self._open: list[tuple[str | None, int]] = []
        """Anchors of the collections that we are in, and the count before each."""
        self._documents = self._total = 0
        self.trouble = ""

    def take(self, event: yaml.Event) -> None:
        """Count one event; `trouble` says when it was one too many."""
        if isinstance(event, yaml.CollectionStartEvent):
            self._open.append((event.anchor, self._total))
            self._total += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = self._open.pop()
            self._remember(anchor, self._total - before)
        elif isinstance(event, yaml.ScalarEvent):
            self._total += 1
            self._remember(event.anchor, 1)
        elif isinstance(event, yaml.AliasEvent):
            self._refer(event.anchor)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            self._sizes.clear()
        self._judge()

    def _remember(self, anchor: str | None, size: int) -> None:
        if anchor:
            self._sizes[anchor] = size

    def _refer(self, anchor: str | None) -> None:
        if any(name == anchor for name, _ in self._open):
            self.trouble = "an alias refers to the thing it is in"
        self._total += self._sizes.get(anchor or "", 1)

    def _judge(self) -> None:
        if len(self._open) > _MOST_DEPTH:
            self.trouble = f"nested deeper than {_MOST_DEPTH} levels"
        elif self._total > _MOST_NODES:
            self.trouble = f"more than {_MOST_NODES:,} values, aliases counted as what they stand for"
        elif self._documents > _MOST_DOCUMENTS:
            self.trouble = f"more than {_MOST_DOCUMENTS} documents"


def _step(node: yaml.Node, step: str | int) -> yaml.Node | None:
    """What is one step below a node."""
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and 0 <= step < len(node.value):
        below: yaml.Node = node.value[step]
        return below
    return None


def at(value: Any, *path: str | int) -> Any:  # noqa: ANN401  whatever YAML can hold
    """What is at a path in plain values; None where there is nothing."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def table(value: Any, *path: str | int) -> dict[str, Any]:  # noqa: ANN401
    """The mapping at a path, keys as text; empty where there is none."""
    found = at(value, *path)
    return {str(key): item for key, item in found.items()} if isinstance(found, dict) else {}


def items(value: Any, *path: str | int) -> list[Any]:  # noqa: ANN401
    """The list at a path; empty where there is none."""
    found = at(value, *path)
    return found if isinstance(found, list) else []
