"""Collect files that untrusted code wrote, after that code is dead.

Each file is opened without following links and without blocking, and must be a regular file with one name,
below its size limit. Everything else is refused with a reason; nothing is parsed here.
"""

import os
import stat
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from audition.domain.contract import CollectedFile, Collection

_CHUNK = 1 << 20
_MAX_REASONS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A file that may be taken, held open so that it cannot become another one."""

    file: CollectedFile
    descriptor: int


def collect(
    folder: Path, *, allowed: frozenset[str] | None, max_bytes: int
) -> tuple[Collection, list[Taken]]:
    """Look at a folder's direct entries and take what may be taken.

    Args:
        folder: Where untrusted code wrote.
        allowed: Names that are expected, or None for any plain name.
        max_bytes: Most bytes in one file.
    """
    taken: list[Taken] = []
    refusals: list[str] = []
    is_full = _is_full(os.statvfs(folder))
    try:
        base = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except PermissionError as error:  # Whoever writes there owns the folder, and may lock it.
        refusal = f"The folder {folder} cannot be looked into ({error.strerror})."
        return Collection(refusals=(refusal,), is_full=is_full), []
    try:
        names = os.listdir(base)  # noqa: PTH208  by descriptor: the folder that was opened, whatever its name is now
        # Expected names first: junk must not push the reason that matters out of the list.
        for name in sorted(names, key=lambda name: (allowed is not None and name not in allowed, name)):
            reason = _take(base, name, allowed, max_bytes, taken)
            if reason and len(refusals) < _MAX_REASONS:
                refusals.append(f"{name[:80]!r} {reason}")
    finally:
        os.close(base)
    files = tuple(t.file for t in taken)
    return Collection(files=files, refusals=tuple(refusals), is_full=is_full), taken


def _is_full(facts: os.statvfs_result) -> bool:
    """Whether a file system takes no more; one that does not count its files says that it has none."""
    return facts.f_bavail == 0 or (facts.f_files > 0 and facts.f_favail == 0)


def _take(base: int, name: str, allowed: frozenset[str] | None, max_bytes: int, taken: list[Taken]) -> str:
    """Append the file to `taken`, or return why not."""
    if allowed is not None and name not in allowed:
        return f"is not one of the expected files ({', '.join(sorted(allowed))}) and was left."
    if not name.isprintable():
        return "has control characters or broken text in its name; rename it."
    try:
        # O_NONBLOCK: opening a named pipe must not wait for a writer that never comes.
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=base)
    except OSError as error:
        return f"cannot be opened as a regular file ({error.strerror})."
    reason = _unfit(os.fstat(descriptor), max_bytes)
    if reason:
        os.close(descriptor)
        return reason
    digest, size = _digest(descriptor, max_bytes)
    if size > max_bytes:
        os.close(descriptor)
        return f"grew beyond {max_bytes:,} bytes while it was read."
    file = CollectedFile(name=name, bytes=size, sha256=digest)
    taken.append(Taken(file=file, descriptor=descriptor))
    return ""


def _unfit(facts: os.stat_result, max_bytes: int) -> str:
    if not stat.S_ISREG(facts.st_mode):
        return "is not a regular file."
    if facts.st_nlink != 1:
        return "has several names (hard links)."
    if facts.st_size > max_bytes:
        return f"has {facts.st_size:,} bytes; at most {max_bytes:,} are accepted."
    return ""


def _digest(descriptor: int, max_bytes: int) -> tuple[str, int]:
    digest, size = sha256(), 0
    while size <= max_bytes and (chunk := os.pread(descriptor, _CHUNK, size)):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def send(taken: list[Taken], sink: BinaryIO) -> None:
    """Write the bytes of the files one after the other, and close them.

    Raises:
        EOFError: A file became shorter than its document says: whoever wrote it is not dead.
    """
    for item in taken:
        offset = 0
        while offset < item.file.bytes:
            chunk = os.pread(item.descriptor, min(_CHUNK, item.file.bytes - offset), offset)
            if not chunk:
                msg = f"{item.file.name!r} became shorter while it was sent."
                raise EOFError(msg)
            sink.write(chunk)
            offset += len(chunk)
        os.close(item.descriptor)
    sink.flush()
