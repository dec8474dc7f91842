"""Read hostile zip and tar archives, member by member, without believing what they say about themselves.

What the standard library would read whole into memory is bounded here: a zip's directory, a tar's long headers, the
dictionary of an xz stream, and the bytes that come out of a decompressor.
"""

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO, Protocol, Self, cast

#: What the standard library raises on bytes that are no sound archive; found by fuzzing, see the tests.
DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    MemoryError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_GZIP_MAGIC, _BZIP2_MAGIC, _XZ_MAGIC = b"\x1f\x8b", b"BZh", b"\xfd7zXZ"
#: Systems whose zip programs keep Unix modes: Unix and macOS. Source: APPNOTE.TXT 4.4.2.
_UNIX = frozenset({3, 19})
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2})
_LOCAL_HEADER_BYTES = 30
#: A zip's directory needs 46 bytes and a name for each entry; this leaves room for extras.
_DIRECTORY_BYTES = 512
#: A tar entry needs a header, perhaps a long header of two or three blocks, and padding.
_TAR_BYTES = 4096
_LONG_HEADER_BYTES = 64 << 10
#: So that whoever counts the bytes of files, and knows their names, is the first to say that they are too many.
_READ_AHEAD_BYTES = 1 << 20
_LONG_HEADERS = frozenset(
    {
        tarfile.XHDTYPE,
        tarfile.XGLTYPE,
        tarfile.SOLARIS_XHDTYPE,
        tarfile.GNUTYPE_LONGNAME,
        tarfile.GNUTYPE_LONGLINK,
    }
)
#: `xz -9` needs 65 MiB to decompress. Source: xz(1), table of presets.
_XZ_MEMORY_BYTES = 96 << 20
_CHUNK = 1 << 16
_SYMBOLIC_LINK = "is a symbolic link; put the file itself in its place"
_HARD_LINK = "is a hard link; pack a copy of the file (GNU tar: --hard-dereference)"
_SPECIAL = "is not a regular file (a device, pipe or socket); leave it out"
_SPARSE = "is stored as a sparse file; pack it without that option (GNU tar: -S)"


class RefusedArchiveError(Exception):
    """The archive is not accepted; the argument says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much may come out of an archive."""

    max_bytes: int
    max_entries: int


@dataclass(frozen=True, slots=True)
class Member:
    """One entry, before it is written."""

    name: str
    is_folder: bool
    is_executable: bool
    trouble: str
    """Why it cannot be taken; empty when it can."""
    content: IO[bytes] | None


def members(archive: Path, bounds: Bounds) -> Iterator[Member]:
    """The entries of a zip or tar archive in order; the content of each is to be read before the next.

    Raises:
        RefusedArchiveError: It is of another type, or too large to be looked at.
        Exception: One of `DAMAGE`, or an `OSError` without a number, when the bytes are no sound archive.
    """
    with archive.open("rb") as stream:
        # "ustar" at offset 257 of the first header. Source: POSIX.1-2001 pax, ustar interchange format.
        start = stream.read(262)
    if start.startswith(_ZIP_MAGIC):
        yield from _zip_members(archive, bounds)
    elif start.startswith((_GZIP_MAGIC, _BZIP2_MAGIC, _XZ_MAGIC)) or start[257:] == b"ustar":
        yield from _tar_members(archive, start, bounds)
    else:
        seen = f"its first bytes are {start[:4].hex(' ')}" if start else "it is empty"
        msg = (
            f"The file is neither a zip nor a tar archive ({seen})."
            " Send a .zip or a .tar.gz of your solution's folder, or one notebook (.ipynb)."
        )
        raise RefusedArchiveError(msg)


def _zip_members(archive: Path, bounds: Bounds) -> Iterator[Member]:
    with archive.open("rb") as stream, zipfile.ZipFile(_ZipSource(stream, bounds)) as opened:
        infos = opened.infolist()
        shared = _overlapping(infos)
        for info in infos:
            mode = info.external_attr >> 16
            is_folder = info.is_dir()
            trouble = _zip_trouble(info, mode) or (
                "shares its bytes with another entry" if info in shared else ""
            )
            content = None if is_folder or trouble else opened.open(info)
            # `orig_filename`: the library cuts names at a NUL byte, and we want to refuse them.
            yield Member(info.orig_filename, is_folder, bool(mode & 0o100), trouble, content)


def _zip_trouble(info: zipfile.ZipInfo, mode: int) -> str:
    if info.flag_bits & 0x1:
        return "is encrypted; pack it without a password"
    if info.compress_type not in _METHODS:
        return f"is compressed with method {info.compress_type}, which is not supported; use the usual one, deflate"
    if info.create_system in _UNIX and stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return _SYMBOLIC_LINK if stat.S_ISLNK(mode) else _SPECIAL
    return ""


def _overlapping(infos: list[zipfile.ZipInfo]) -> set[zipfile.ZipInfo]:
    """Entries that begin inside another one: how small zips unpack to enormous ones (CVE-2024-0450)."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    return {
        later
        for earlier, later in pairwise(ordered)
        if earlier.header_offset + _LOCAL_HEADER_BYTES + earlier.compress_size > later.header_offset
    }


class _ZipSource:
    """A file for `ZipFile`, which reads the directory in one piece: that piece is bounded."""

    def __init__(self, stream: IO[bytes], bounds: Bounds) -> None:
        self._stream = stream
        self._bounds = bounds
        self._most = max(1 << 20, bounds.max_entries * _DIRECTORY_BYTES)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        if whence == io.SEEK_SET and offset < 0:
            # The system's own error would have a number, and so pass for trouble of this machine.
            msg = "an entry begins before the file does"
            raise zipfile.BadZipFile(msg)
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        if size > self._most:
            msg = (
                f"The zip's directory takes {size:,} bytes, more than {self._bounds.max_entries:,} entries need,"
                " which is the limit. Leave out what is not part of the solution."
            )
            raise RefusedArchiveError(msg)
        return self._stream.read(size)


def _tar_members(archive: Path, start: bytes, bounds: Bounds) -> Iterator[Member]:
    with closing(_plain(archive, start)) as plain:
        source = cast("IO[bytes]", _TarSource(plain, bounds))
        # "r|" reads forward only: no seeking to offsets that a header made up.
        with tarfile.open(fileobj=source, mode="r|", tarinfo=StrictTarInfo) as opened:
            for info in opened:
                trouble = _tar_trouble(info)
                content = opened.extractfile(info) if info.isfile() and not trouble else None
                yield Member(info.name, info.isdir(), bool(info.mode & 0o100), trouble, content)


def _tar_trouble(info: tarfile.TarInfo) -> str:
    if info.issym():
        return _SYMBOLIC_LINK
    if info.islnk():
        return _HARD_LINK
    if info.issparse():
        return _SPARSE
    return "" if info.isfile() or info.isdir() else _SPECIAL


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


def _plain(archive: Path, start: bytes) -> _Readable:
    """The bytes inside the compression, as a stream."""
    if start.startswith(_GZIP_MAGIC):
        return cast("_Readable", gzip.open(archive))
    if start.startswith(_BZIP2_MAGIC):
        return bz2.open(archive)
    return _Xz(archive) if start.startswith(_XZ_MAGIC) else archive.open("rb")


class _Xz:
    """An xz stream with a bound on memory, which `lzma.open` does not offer."""

    def __init__(self, archive: Path) -> None:
        self._stream = archive.open("rb")
        self._inner = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_XZ_MEMORY_BYTES)

    def read(self, size: int, /) -> bytes:
        while not self._inner.eof:
            fresh = self._stream.read(_CHUNK) if self._inner.needs_input else b""
            if self._inner.needs_input and not fresh:
                msg = "the xz stream ends too early"
                raise EOFError(msg)
            if data := self._inner.decompress(fresh, max_length=size):
                return data
        return b""

    def close(self) -> None:
        self._stream.close()


class _TarSource:
    """Counts what comes out of a decompressor: headers are also bytes, and can also be a bomb."""

    def __init__(self, plain: _Readable, bounds: Bounds) -> None:
        self._plain = plain
        self._bounds = bounds
        self._left = bounds.max_bytes + bounds.max_entries * _TAR_BYTES + _READ_AHEAD_BYTES

    def read(self, size: int, /) -> bytes:
        data = self._plain.read(size)
        self._left -= len(data)
        if self._left < 0:
            msg = f"{too_large(self._bounds)}. Leave out data and caches."
            raise RefusedArchiveError(msg)
        return data


def too_large(bounds: Bounds) -> str:
    """The sentence about too many bytes, without a full stop."""
    return f"The archive unpacks to more than {bounds.max_bytes / (1 << 20):,.0f} MiB, which is the limit"


class StrictTarInfo(tarfile.TarInfo):
    """Refuses headers that `tarfile` would silently take for the end, or read into memory whole."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """Read one header block."""
        if len(buf) == tarfile.BLOCKSIZE and not any(buf):
            return super().frombuf(
                buf, encoding, errors
            )  # The proper end: it raises what `tarfile` waits for.
        try:
            info = super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            msg = f"a header of the tar archive cannot be read: {error}"
            raise tarfile.ReadError(msg) from None
        if info.size < 0 or (info.type in _LONG_HEADERS and info.size > _LONG_HEADER_BYTES):
            msg = f"a header of the tar archive claims {info.size:,} bytes"
            raise tarfile.ReadError(msg)
        return info
