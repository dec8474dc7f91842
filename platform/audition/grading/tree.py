"""Look through the files of an unpacked submission with bounds: hostile, perhaps large, perhaps no text at all."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

_MOST_PATHS = 5000
_MOST_BYTES = 256 << 10
"""Of one file: what people write by hand is smaller."""
_MOST_TOTAL = 2 << 20
_MOST_LINE = 2000
#: Folders that hold what others wrote, or nothing that a person reads.
_SKIPPED = frozenset(
    [
        ".git",
        ".hg",
        ".venv",
        "venv",
        "env",
        "node_modules",
        "__pycache__",
        ".ipynb_checkpoints",
        "site-packages",
    ]
)


@dataclass(frozen=True, slots=True)
class Text:
    """A file as text."""

    path: str
    """Relative to the submission's top, with slashes."""
    lines: tuple[str, ...]
    """Long ones are cut."""
    content: str
    """All of it, uncut."""


class Tree:
    """The files of a submission; what was read once is kept, and all reading together is bounded."""

    def __init__(self, root: Path) -> None:
        """Look at a folder."""
        self.root = root
        self._read: dict[str, Text | None] = {}
        self._left = _MOST_TOTAL

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Paths of regular files, those near the top first."""
        found: list[str] = []
        for folder, names, files in os.walk(self.root):
            names[:] = sorted(name for name in names if name not in _SKIPPED)
            base = Path(folder).relative_to(self.root).as_posix()
            found.extend(name if base == "." else f"{base}/{name}" for name in files)
            if len(found) > _MOST_PATHS:
                break
        printable = (path for path in found[:_MOST_PATHS] if path.isprintable())
        return tuple(sorted(printable, key=lambda path: (path.count("/"), path)))

    def named(self, *names: str) -> Iterator[Text]:
        """Files with one of these names (any case), in whichever folder."""
        wanted = {name.lower() for name in names}
        yield from self._texts(path for path in self.paths if PurePosixPath(path).name.lower() in wanted)

    def ending(self, *suffixes: str) -> Iterator[Text]:
        """Files whose names end so."""
        yield from self._texts(path for path in self.paths if path.lower().endswith(suffixes))

    def _texts(self, paths: Iterator[str]) -> Iterator[Text]:
        for path in paths:
            text = self.text(path)
            if text is not None:
                yield text

    def text(self, path: str) -> Text | None:
        """One file; None when it is too large, not there, or more has been read than is looked at."""
        if path not in self._read:
            self._read[path] = self._open(path)
        return self._read[path]

    def _open(self, path: str) -> Text | None:
        file = self.root / path
        try:
            size = file.stat().st_size
            if file.is_symlink() or not file.is_file() or size > min(_MOST_BYTES, self._left):
                return None
            data = file.read_bytes()
        except (OSError, ValueError):  # A name that no file can have, or a folder that cannot be looked into.
            return None
        self._left -= len(data)
        if b"\0" in data[:1024]:
            return None
        content = data.decode("utf-8", "replace")
        return Text(path, tuple(line[:_MOST_LINE] for line in content.splitlines()), content)
