"""What candidates write for people to read: which files of a submission it is, and how much of it is shown."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from audition.domain.contract import Entry

MOST_TEXTS = 12
MOST_TEXT_BYTES = 256 << 10
"""Of one file; a longer one is cut there, and says so."""
_SUFFIXES = {".md", ".markdown"}
_DEEPEST = 3
#: Folders whose texts are those of other people.
_FOREIGN = {"node_modules", "site-packages", "vendor", "third_party", ".venv", "venv"}


def texts_of(entries: Sequence[Entry], card: str) -> tuple[str, ...]:
    """The Markdown files that people should read, most important first.

    Args:
        entries: Files of the submission.
        card: Path of the model card, empty where none is known.

    Returns:
        At most `MOST_TEXTS` paths: the README, the model card, then what is nearest to the root.
    """
    paths = [PurePosixPath(entry.path) for entry in entries if entry.bytes]
    found = [path for path in paths if path.suffix.lower() in _SUFFIXES and _is_own(path)]

    def rank(path: PurePosixPath) -> tuple[bool, bool, int, str]:
        is_readme = len(path.parts) == 1 and path.stem.lower() == "readme"
        return (not is_readme, str(path) != card, len(path.parts), str(path))

    return tuple(str(path) for path in sorted(found, key=rank)[:MOST_TEXTS])


def _is_own(path: PurePosixPath) -> bool:
    return len(path.parts) <= _DEEPEST and not _FOREIGN & {part.lower() for part in path.parts}
