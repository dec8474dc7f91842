"""Pack the files that an image is built from, with the Dockerfile that the policy wrote in place of theirs."""

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from audition.domain.contract import Entry
from audition.grading.ignore import IGNORE_FILE, own_ignore


class Counter(io.RawIOBase):
    """A sink that only counts."""

    def __init__(self) -> None:
        """Nothing was written."""
        super().__init__()
        self.count = 0

    def writable(self) -> bool:
        """It takes everything."""
        return True

    def write(self, data: object) -> int:
        """Count the bytes."""
        size = memoryview(data).nbytes  # type: ignore[arg-type]  # whatever a buffer is
        self.count += size
        return size


def write_context(  # noqa: PLR0913  the files, what stands in the place of some, and where to
    submission: Path,
    entries: tuple[Entry, ...],
    file: str,
    content: bytes,
    sink: BinaryIO,
    changed: Mapping[str, bytes] | None = None,
) -> None:
    """Write a tar of a submission.

    Args:
        submission: The unpacked files.
        entries: Which of them to take, as `context_entries` chose them.
        file: Path of the Dockerfile among them.
        content: What to put there.
        sink: Where to.
        changed: What to put in the place of other files.
    """
    ours = {**(changed or {}), file: content, IGNORE_FILE: own_ignore(file)}
    with tarfile.open(fileobj=sink, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for entry in sorted(entries, key=lambda entry: entry.path):
            info = tarfile.TarInfo(entry.path)
            if entry.path in ours:
                info.size, info.mode = len(ours[entry.path]), 0o644
                tar.addfile(info, io.BytesIO(ours[entry.path]))
                continue
            path = submission / entry.path
            status = path.stat()
            # Nothing of owners and times: equal submissions give equal contexts.
            info.size, info.mode = status.st_size, status.st_mode & 0o755
            with path.open("rb") as source:
                tar.addfile(info, source)


def context_bytes(
    submission: Path,
    entries: tuple[Entry, ...],
    file: str,
    content: bytes,
    changed: Mapping[str, bytes] | None = None,
) -> int:
    """How many bytes `write_context` writes."""
    counter = Counter()
    write_context(submission, entries, file, content, counter, changed)  # type: ignore[arg-type]  # it writes
    return counter.count
