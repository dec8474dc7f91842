"""Read the code of a submission as text, of notebooks that of their cells, for reviewers to compare."""

import json
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from audition.domain.sources import MOST_BYTES, MOST_FILE_BYTES, NOTEBOOK, SourceFile, Sources
from audition.grading.notebooks import UnreadableNotebookError, read_book


def read_sources(submission: Path, paths: Sequence[str]) -> Sources:
    """Each file that is text, as far as all together fit.

    Args:
        submission: The unpacked files.
        paths: Relative to it.
    """
    files: list[SourceFile] = []
    left = MOST_BYTES
    for path in paths:
        file = _read(submission / path, path)
        size = len(json.dumps([file.path, file.text])) if file else 0
        if file and size <= left:
            files.append(file)
            left -= size
    return Sources(files=tuple(files), left_out=len(paths) - len(files))


def _read(file: Path, path: str) -> SourceFile | None:
    """The file; None when it is no text, or cannot be read."""
    try:
        if PurePosixPath(path).suffix.lower() == NOTEBOOK:
            cells = read_book(file).code
            data = "\n".join(f"# Cell {cell.number}\n{cell.source}\n" for cell in cells).encode(
                errors="replace"
            )
        else:
            with file.open("rb") as stream:
                data = stream.read(MOST_FILE_BYTES + 1)
    except (OSError, UnreadableNotebookError):
        return None
    if b"\0" in data:
        return None
    text = data[:MOST_FILE_BYTES].decode("utf-8", errors="replace")
    return SourceFile(path=path, text=text, is_cut=len(data) > MOST_FILE_BYTES)
