"""The code of a submission as text, for reviewers to compare: which files it is, and how much of them is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from audition.domain.contract import Entry

MOST_FILES = 60
MOST_FILE_BYTES = 64 << 10
"""Of one file; a longer one is cut there, and says so."""
MOST_BYTES = 512 << 10
"""Of all together, as JSON."""
NOTEBOOK = ".ipynb"
#: Longer paths are no names that a person gave.
_LONGEST_PATH = 200
_SUFFIXES = frozenset(
    [
        ".py",
        NOTEBOOK,
        ".toml",
        ".yaml",
        ".yml",
        ".cfg",
        ".ini",
        ".sh",
        ".sql",
        ".r",
        ".jl",
        ".go",
        ".js",
        ".ts",
    ]
)
_NAMES = frozenset(["dockerfile", "makefile", "justfile", "requirements.txt", ".dockerignore"])
#: Folders with what other people wrote, or nothing that a person reads.
_FOREIGN = frozenset(
    [".git", ".venv", "venv", "env", "node_modules", "vendor", "third_party", "site-packages", "__pycache__"]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file; hostile text."""

    path: str
    text: str
    """Of a notebook the code of its cells."""
    is_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What a trusted container read of a submission's code."""

    files: tuple[SourceFile, ...] = ()
    left_out: int = 0
    """Files that `sources_of` named and that did not fit, or are no text."""


def sources_of(entries: Sequence[Entry]) -> tuple[str, ...]:
    """The files of code, those nearest to the root first.

    Args:
        entries: Files of the submission.

    Returns:
        At most `MOST_FILES` paths.
    """
    paths = [PurePosixPath(entry.path) for entry in entries if entry.bytes]
    found = sorted((path for path in paths if _is_source(path)), key=lambda p: (len(p.parts), str(p)))
    return tuple(str(path) for path in found[:MOST_FILES])


def _is_source(path: PurePosixPath) -> bool:
    name = path.name.lower()
    is_code = path.suffix.lower() in _SUFFIXES or name in _NAMES or name.startswith("dockerfile.")
    return (
        is_code and len(str(path)) <= _LONGEST_PATH and not _FOREIGN & {part.lower() for part in path.parts}
    )
