"""Bytes in a folder, by their SHA-256: `ab/cdef…`.

Files are 0444 and folders 0755, whatever the umask: containers of other users read them through a bind mount.
A file appears under its name whole and synced, or not at all.
"""

import errno
import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from audition.domain.errors import InvalidError, NotFoundError, UnavailableError

#: Copy unit: large enough that hashing dominates, small beside the memory of a process.
_CHUNK_BYTES = 1 << 20
_DIGEST = re.compile(r"[0-9a-f]{64}")
#: What an upload that was cut off leaves; the names are `tempfile`'s.
_LEFT = re.compile(r"incoming/[a-z0-9_]+")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class FolderBlobs:
    """Implements `BlobStore`."""

    def __init__(self, folder: Path) -> None:
        """Use a folder; it is made with the first blob."""
        self._folder = folder

    def put(self, data: bytes) -> str:
        """Store bytes; return their hex SHA-256."""
        return self.put_stream(BytesIO(data), len(data))[0]

    def put_stream(self, stream: BinaryIO, max_bytes: int) -> tuple[str, int]:
        """Store a stream; return digest and size.

        Raises:
            InvalidError: More than `max_bytes` came; nothing is kept.
            UnavailableError: The disk is full, or the folder cannot be written.
        """
        with self._writable() as incoming:
            descriptor, name = tempfile.mkstemp(dir=incoming)
            temporary = Path(name)
            try:
                with os.fdopen(descriptor, "wb") as sink:
                    digest, size = _copy(stream, sink, max_bytes)
                    sink.flush()
                    os.fchmod(descriptor, 0o444)
                    os.fsync(descriptor)
                self._publish(temporary, digest)
            finally:
                temporary.unlink(missing_ok=True)
        return digest, size

    def get(self, digest: str) -> bytes:
        """Return the bytes."""
        return self.path(digest).read_bytes()

    def delete(self, digest: str) -> None:
        """Forget the bytes."""
        if _DIGEST.fullmatch(digest):
            self._path(digest).unlink(missing_ok=True)

    def older_than(self, at: datetime) -> Iterator[tuple[str, int]]:
        """Name and size of what was last stored before a moment."""
        limit = at.timestamp()
        folders = (
            [folder for folder in self._folder.iterdir() if folder.is_dir()] if self._folder.is_dir() else []
        )
        for folder in folders:
            # Not pathlib's own walk: an operator's page waits for this, and there may be a million files.
            for entry in os.scandir(folder):
                with suppress(FileNotFoundError):
                    found = entry.stat()
                    if found.st_mtime < limit and (name := _name(folder.name, entry.name)):
                        yield name, found.st_size

    def delete_older(self, name: str, at: datetime) -> bool:
        """Forget what `older_than` named, unless it was stored again since."""
        path = self._folder / name if _LEFT.fullmatch(name) else self._path(name)
        if _name(path.parent.name, path.name) != name:
            return False
        with self._storing(fcntl.LOCK_EX), suppress(FileNotFoundError):
            if path.stat().st_mtime < at.timestamp():
                path.unlink()
                return True
        return False

    def path(self, digest: str) -> Path:
        """Return the read-only file that holds the bytes."""
        # The pattern also keeps "../" out of the path.
        path = self._path(digest) if _DIGEST.fullmatch(digest) else None
        if path is None or not path.is_file():
            msg = f"There is no blob {digest[:80]!r}."
            raise NotFoundError(msg, code="blob-not-found")
        return path

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest[2:]

    def _publish(self, temporary: Path, digest: str) -> None:
        path = self._path(digest)
        _make_folder(path.parent)
        with self._storing(fcntl.LOCK_SH):
            if path.exists():
                # Somebody counts on it from now on, so it is young again.
                os.utime(path)
                return
            temporary.rename(path)
        _sync_folder(path.parent)

    @contextmanager
    def _storing(self, kind: int) -> Iterator[None]:
        """Whoever stores shares this; whoever throws away holds it alone, from the look at the age on."""
        descriptor = os.open(self._folder / "incoming", os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, kind)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def _writable(self) -> Iterator[Path]:
        incoming = self._folder / "incoming"
        try:
            _make_folder(self._folder)
            _make_folder(incoming)
            yield incoming
        except OSError as error:
            raise _unavailable(error, self._folder) from error


def _name(folder: str, file: str) -> str:
    """What a file is called outside; empty where it is none of ours."""
    left, digest = f"{folder}/{file}", folder + file
    return left if _LEFT.fullmatch(left) else digest if _DIGEST.fullmatch(digest) else ""


def _copy(stream: BinaryIO, sink: BinaryIO, max_bytes: int) -> tuple[str, int]:
    sha256, size = hashlib.sha256(), 0
    while chunk := stream.read(_CHUNK_BYTES):
        size += len(chunk)
        if size > max_bytes:
            msg = f"More than the {max_bytes:,} bytes that are allowed came."
            raise InvalidError(msg, code="too-large", next_step=f"Send at most {max_bytes:,} bytes.")
        sha256.update(chunk)
        sink.write(chunk)
    return sha256.hexdigest(), size


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    # mkdir's own mode is cut by the umask.
    folder.chmod(0o755)


def _sync_folder(folder: Path) -> None:
    # Makes the new name durable; some file systems cannot sync folders, and lose nothing else by it.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unavailable(error: OSError, folder: Path) -> UnavailableError:
    if error.errno in _FULL:
        return UnavailableError(
            f"There is no space left in {folder}.",
            code="disk-full",
            next_step="Free space on that disk, or move AUDITION_DATA_DIR to a larger one.",
        )
    return UnavailableError(
        f"{folder} cannot be written: {error.strerror or error}.",
        transient=False,
        code="blobs-not-writable",
        next_step="Make it writable for the user that runs Audition.",
    )
