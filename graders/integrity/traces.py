"""Fingerprints and digests of what a submission's author wrote and made, without what everybody was given."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path, PurePosixPath

from audition.domain.traces import MAX_FILES, MAX_PRINTS, TracedFile, Traces
from audition.grading.tree import Tree
from graders.integrity.winnow import fingerprints, tokens_of

_CHUNK = 1 << 20
#: Smaller files are alike by chance: empty packages, pins of one line.
_LEAST_BYTES = 256
#: Shorter cells are too: the usual imports, one plot.
_LEAST_CELL_BYTES = 400
_MOST_BYTES = 512 << 20
#: Characters of code that are looked at, files near the top first: some seconds of work at worst.
_MOST_CODE = 512 << 10
_MOST_CELLS = 500
_MOST_KIT = 64 << 20


def traces_of(submission: Path, kit: Path | None, inputs: Path) -> Traces:
    """The traces of a submission.

    Args:
        submission: The unpacked files; hostile.
        kit: What every candidate got, a zip of ours; None when it is not at hand.
        inputs: Folder of the public data, which many copy.
    """
    given = _Given(kit, inputs)
    tree = Tree(submission)
    prints = sorted(_prints(tree) - given.prints)
    files = chain(_files(submission, given.digests), _equal_cells(tree, given.digests))
    return Traces(
        prints=tuple(prints[:MAX_PRINTS]),
        is_sample=len(prints) > MAX_PRINTS,
        files=tuple(islice(files, MAX_FILES)),
    )


class _Given:
    """What everybody has: prints of the starter's code, digests of files and cells of kit and data."""

    def __init__(self, kit: Path | None, inputs: Path) -> None:
        self.digests = (
            {_digest(path) for path in inputs.glob("*") if path.is_file()} if inputs.is_dir() else set()
        )
        found: set[int] = set()
        if kit is not None and zipfile.is_zipfile(kit):
            with zipfile.ZipFile(kit) as archive:
                for member in archive.infolist():
                    if member.file_size > _MOST_KIT:
                        continue
                    data = archive.read(member)
                    self.digests.add(hashlib.sha256(data).hexdigest())
                    name, text = PurePosixPath(member.filename).name, data.decode("utf-8", "replace")
                    found |= _prints_of(name, text)
                    if name.endswith(".ipynb"):
                        self.digests |= {cell.digest for cell in _long_cells(name, text)}
        self.prints = frozenset(found)


def _prints(tree: Tree) -> frozenset[int]:
    """Prints of all code that is the author's own."""
    found: set[int] = set()
    left = _MOST_CODE
    for text in tree.ending(".py", ".ipynb"):
        left -= len(text.content)
        if left < 0:
            break
        found |= _prints_of(text.path, text.content)
    return frozenset(found)


def _prints_of(name: str, content: str) -> frozenset[int]:
    if name.endswith(".ipynb"):
        content = "\n".join(_cells(content))
    return fingerprints(tokens_of(content)) if name.endswith((".py", ".ipynb")) else frozenset()


def _cells(content: str) -> Iterator[str]:
    """Code of a notebook's cells, without lines for the shell and the notebook itself."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return
    cells = document.get("cells") if isinstance(document, dict) else None
    for cell in cells[:_MOST_CELLS] if isinstance(cells, list) else ():
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source")
            lines = source if isinstance(source, list) else [source]
            text = "".join(line for line in lines if isinstance(line, str))
            yield "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(("!", "%")))


def _files(submission: Path, given: set[str]) -> Iterator[TracedFile]:
    """The largest files that nobody was given, in a fixed order."""
    tree = Tree(submission)
    sized = [(place.stat().st_size, path) for path in tree.paths if (place := submission / path).is_file()]
    chosen = sorted((s, p) for s, p in sized if _LEAST_BYTES <= s <= _MOST_BYTES)
    for size, path in sorted(chosen, key=lambda item: (-item[0], item[1]))[:MAX_FILES]:
        digest = _digest(submission / path)
        if digest not in given:
            yield TracedFile(path=path, digest=digest, bytes=size)


def _equal_cells(tree: Tree, given: set[str]) -> Iterator[TracedFile]:
    """Long cells of notebooks that nobody was given; one moved to another notebook is the same cell."""
    left = _MOST_CODE
    for text in tree.ending(".ipynb"):
        left -= len(text.content)
        if left < 0:
            return
        yield from (cell for cell in _long_cells(text.path, text.content) if cell.digest not in given)


def _long_cells(name: str, content: str) -> Iterator[TracedFile]:
    """Code cells by the digest of their words: neither indentation nor empty lines make another cell."""
    for number, cell in enumerate(_cells(content), start=1):
        words = " ".join(cell.split()).encode("utf-8", "replace")
        if len(words) >= _LEAST_CELL_BYTES:
            digest = hashlib.sha256(words).hexdigest()
            yield TracedFile(path=f"{name}, code cell {number}", digest=digest, bytes=len(words))


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
