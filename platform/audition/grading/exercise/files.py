"""Workspaces as files: laid out for a command, emptied after it, and looked into without following anything.

Whoever ran there is dead, but left what it liked: links, pipes, locked folders, folders in folders without end.
"""

import os
import shutil
import stat
from hashlib import sha256
from pathlib import Path, PurePosixPath

from audition.domain.exercise import Left

_CHUNK = 1 << 20
_RUNS = 0o111


def empty(folder: Path) -> None:
    """Remove everything in a folder.

    Not by recursion: a folder's folders are moved up beside it first, so nothing is ever deep.
    """
    moved = 0
    folder.chmod(0o755)  # Whoever wrote there may have locked it, for it was theirs.
    while paths := list(folder.iterdir()):
        for path in paths:
            if not _is_folder(path):
                path.unlink()
                continue
            path.chmod(0o700)
            for inner in list(path.iterdir()):
                if _is_folder(inner):
                    moved += 1
                    # Whoever cannot be written to cannot be moved: its entry ".." changes.
                    inner.chmod(0o700)
                    inner.rename(_free(folder, moved))
                else:
                    inner.unlink()
            path.rmdir()


def _free(folder: Path, number: int) -> Path:
    """A name that nobody has taken."""
    path = folder / f"moved-{number}"
    while os.path.lexists(path):
        path = path.with_name(f"{path.name}-")
    return path


def _is_folder(path: Path) -> bool:
    return stat.S_ISDIR(path.lstat().st_mode)


def copy_tree(source: Path, target: Path) -> None:
    """Copy the unpacked submission, which has regular files and folders only."""
    for folder, names, files in os.walk(source):
        here = target / Path(folder).relative_to(source)
        for name in names:
            (here / name).mkdir(exist_ok=True)
        for name in files:
            original = Path(folder, name)
            copied = here / name
            shutil.copyfile(original, copied)
            copied.chmod(0o755 if original.stat().st_mode & _RUNS else 0o644)


def copy_out(base: Path, relative: str, target: Path, max_bytes: int) -> Left | None:
    """Copy a regular file that untrusted code left; None when it is absent, none, or too large.

    Args:
        base: The folder in which it should be.
        relative: Its path there; no part of it may be a link.
        target: Where to write the copy.
        max_bytes: Largest file that is taken.
    """
    descriptor = _open(base, PurePosixPath(relative).parts)
    if descriptor is None:
        return None
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode) or not 0 < facts.st_size <= max_bytes:
        os.close(descriptor)
        return None
    digest, size = sha256(), 0
    with os.fdopen(descriptor, "rb") as source, target.open("wb") as sink:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            sink.write(chunk)
            size += len(chunk)
    return Left(name=relative, bytes=size, sha256=digest.hexdigest())


def _open(base: Path, parts: tuple[str, ...]) -> int | None:
    """Open a file part by part, following no link and waiting for nobody."""
    here: int | None = None
    try:
        for number, part in enumerate(("", *parts)):
            kind = os.O_DIRECTORY if number < len(parts) else os.O_NONBLOCK
            flags = os.O_RDONLY | os.O_NOFOLLOW | kind
            below = os.open(part, flags, dir_fd=here) if part else os.open(base, flags)
            if here is not None:
                os.close(here)
            here = below
    except (OSError, ValueError):
        if here is not None:
            os.close(here)
        return None
    return here


def digest_of(path: Path) -> str:
    """SHA-256 of a file; empty when it is not there."""
    if not path.is_file():
        return ""
    digest = sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
