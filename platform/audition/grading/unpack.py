"""Unpack a hostile archive: regular files and folders only, every size counted as it is written.

Archives are refused, never repaired, and all reasons found are given at once. Nothing is taken from a header
that can be counted instead: sizes are those of the bytes that came out.
"""

import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import IO

from audition.domain.contract import Entry

_CHUNK = 1 << 18
_MAX_REASONS = 20
_MAX_PATH = 240
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_DRIVE = re.compile(r"^[A-Za-z]:")
#: What operating systems drop into archives; left out without a word.
_JUNK = frozenset({".DS_Store", "Thumbs.db", "__MACOSX"})
_UNIX = 3


class RefusedArchiveError(Exception):
    """The archive is not accepted; the argument says why."""


@dataclass(frozen=True, slots=True)
class _Member:
    """One entry before it is written."""

    name: str
    is_folder: bool
    is_executable: bool
    trouble: str
    """Why it cannot be taken; empty when it can."""
    content: IO[bytes] | None


@dataclass
class Unpacking:
    """What has been unpacked so far."""

    target: Path
    max_bytes: int
    max_entries: int
    reasons: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    total_bytes: int = 0
    count: int = 0

    def refuse(self, reason: str) -> None:
        """Note a reason; stop when there are too many to be useful."""
        self.reasons.append(reason)
        if len(self.reasons) >= _MAX_REASONS:
            msg = "There may be more problems; only the first are listed."
            raise RefusedArchiveError(msg)


def unpack(archive: Path, target: Path, *, max_bytes: int, max_entries: int) -> Unpacking:
    """Unpack a zip or tar archive into an empty folder.

    Args:
        archive: The received bytes.
        target: Where to write.
        max_bytes: Most bytes that may come out.
        max_entries: Most entries it may have.

    Returns:
        What was unpacked. When `reasons` is not empty the archive is refused and `target` is to be thrown away.
    """
    state = Unpacking(target, max_bytes, max_entries)
    try:
        for member in _members(archive):
            _take(member, state)
        if not state.entries and not state.reasons:
            state.refuse("The archive holds no files.")
    except RefusedArchiveError as refusal:
        state.reasons.append(str(refusal))
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, LZMAError, EOFError) as error:
        state.reasons.append(
            f"The archive is damaged or cut short ({_one_line(str(error))}). Pack it again and test it"
            " with your archive tool before sending."
        )
    except (NotImplementedError, RuntimeError) as error:
        state.reasons.append(f"The archive uses a feature that is not supported: {_one_line(str(error))}.")
    except OSError as error:
        state.reasons.append(f"The archive could not be written out: {error.strerror or error}.")
    return state


def _members(archive: Path) -> Iterator[_Member]:
    with archive.open("rb") as stream:
        magic = stream.read(4)
    if magic in _ZIP_MAGIC:
        yield from _zip_members(archive)
    elif _looks_like_tar(archive, magic):
        yield from _tar_members(archive)
    else:
        msg = (
            "The file is neither a zip nor a tar archive (its first bytes are"
            f" {magic.hex(' ')}). Send a .zip or a .tar.gz of your solution's folder."
        )
        raise RefusedArchiveError(msg)


def _looks_like_tar(archive: Path, magic: bytes) -> bool:
    compressed = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ")
    if magic.startswith(compressed[:2]) or magic == compressed[2][:4]:
        return True
    with archive.open("rb") as stream:
        # "ustar" at offset 257 of the first header. Source: POSIX.1-2001 pax, ustar interchange format.
        stream.seek(257)
        return stream.read(5) == b"ustar"


def _zip_members(archive: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            trouble = ""
            mode = info.external_attr >> 16
            if info.flag_bits & 0x1:
                trouble = "is encrypted"
            elif info.create_system == _UNIX and stat.S_IFMT(mode) not in {
                0,
                stat.S_IFREG,
                stat.S_IFDIR,
            }:
                trouble = _special(mode)
            is_folder = info.is_dir()
            content = None if is_folder or trouble else opened.open(info)
            # `orig_filename`: the library cuts names at a NUL byte, and we want to refuse them.
            yield _Member(info.orig_filename, is_folder, bool(mode & 0o100), trouble, content)


def _special(mode: int) -> str:
    return "is a symbolic link" if stat.S_ISLNK(mode) else "is not a regular file"


def _tar_members(archive: Path) -> Iterator[_Member]:
    # "r|*" reads forward only: no seeking to offsets that a header made up.
    with tarfile.open(archive, mode="r|*") as opened:
        for info in opened:
            trouble = ""
            if info.issym():
                trouble = "is a symbolic link"
            elif info.islnk():
                trouble = "is a hard link"
            elif not (info.isfile() or info.isdir()):
                trouble = "is not a regular file"
            content = opened.extractfile(info) if info.isfile() else None
            yield _Member(info.name, info.isdir(), bool(info.mode & 0o100), trouble, content)


def _take(member: _Member, state: Unpacking) -> None:
    state.count += 1
    if state.count > state.max_entries:
        msg = f"The archive has more than {state.max_entries:,} entries, which is the limit."
        raise RefusedArchiveError(msg)
    if trouble := member.trouble or _bad_name(member.name):
        state.refuse(f"{_shown(member.name)} {trouble}.")
        return
    path = PurePosixPath(member.name)
    if _JUNK.intersection(path.parts):
        return
    key = str(path)
    if key in {"", "."}:
        return
    if member.is_folder:
        _make_folder(state, key)
        return
    if key in state.seen:
        state.refuse(f"{_shown(key)} is in the archive twice.")
        return
    state.seen.add(key)
    _write(member, key, state)


def _bad_name(name: str) -> str:
    """Why a name cannot be used; empty when it can."""
    if "\0" in name:
        return "has a NUL byte in its name"
    if name.startswith(("/", "\\")) or _DRIVE.match(name):
        return "has an absolute path; use paths relative to your solution's folder"
    if "\\" in name:
        return "has a backslash in its name; use forward slashes"
    if ".." in PurePosixPath(name).parts:
        return "leaves the archive with '..'"
    if len(name.encode(errors="surrogateescape")) > _MAX_PATH:
        return f"has a path longer than {_MAX_PATH} bytes"
    if any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 for c in name):
        return "has control characters or broken text in its name"
    return ""


def _make_folder(state: Unpacking, key: str) -> None:
    try:
        (state.target / key).mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        state.refuse(f"{_shown(key)} is a folder and a file at once.")


def _write(member: _Member, key: str, state: Unpacking) -> None:
    assert member.content is not None  # noqa: S101  files always have content; folders never come here
    path = state.target / key
    size = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as sink:
            while chunk := member.content.read(_CHUNK):
                size += len(chunk)
                if state.total_bytes + size > state.max_bytes:
                    msg = (
                        f"The archive unpacks to more than {state.max_bytes / (1 << 20):,.0f} MiB, which is"
                        f" the limit (reached at {_shown(key)})."
                    )
                    raise RefusedArchiveError(msg)
                sink.write(chunk)
    except (FileExistsError, NotADirectoryError):
        state.refuse(f"{_shown(key)} is a folder and a file at once.")
        return
    path.chmod(0o755 if member.is_executable else 0o644)
    state.total_bytes += size
    state.entries.append(Entry(path=key, bytes=size))


def _shown(name: str) -> str:
    """A hostile name made safe to show: escaped and short."""
    return repr(name if len(name) <= 80 else name[:77] + "...")


def _one_line(text: str) -> str:
    return " ".join(text.split())[:160]
