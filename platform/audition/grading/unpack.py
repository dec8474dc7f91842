"""Unpack a hostile archive: regular files and folders only, every size counted as it is written.

Archives are refused, never repaired, and all reasons found are given at once. Nothing is taken from a header
that can be counted instead: sizes are those of the bytes that came out.
"""

import errno
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from audition.domain.contract import Entry
from audition.grading.archives import (
    DAMAGE,
    Bounds,
    Member,
    RefusedArchiveError,
    members,
    too_large,
)

_CHUNK = 1 << 18
_MAX_REASONS = 20
_MAX_PATH = 240
_MAX_SHOWN = 80
_DRIVE = re.compile(r"^[A-Za-z]:")
#: Control characters, the NUL byte among them, and surrogates, which stand for bytes that are no UTF-8.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
#: What operating systems drop into archives; left out without a word. So are "._name" files of macOS.
_JUNK = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX"})
_ADVICE = "Pack it again and test it with your archive tool before sending."


@dataclass
class Unpacking:
    """What has been unpacked so far."""

    target: Path
    bounds: Bounds
    reasons: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    """Paths of the files so far."""
    folders: set[str] = field(default_factory=set)
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
        max_entries: Most entries it may have, and most folders that they may lie in.

    Returns:
        What was unpacked. When `reasons` is not empty the archive is refused and `target` is to be thrown away.
    """
    state = Unpacking(target, Bounds(max_bytes=max_bytes, max_entries=max_entries))
    try:
        for member in members(archive, state.bounds):
            _take(member, state)
        if not state.entries and not state.reasons:
            state.refuse("The archive holds no files. Pack the folder of your solution.")
    except RefusedArchiveError as refusal:
        state.reasons.append(str(refusal))
    except DAMAGE as error:
        state.reasons.append(f"The archive is damaged or cut short ({_one_line(error)}). {_ADVICE}")
    except OSError as error:
        state.reasons.append(_unwritten(error, state))
    return state


def lift_single_folder(state: Unpacking) -> None:
    """Lift everything out of a folder that is the archive's only content, as code hosts pack it."""
    tops = list(state.target.iterdir())
    if len(tops) != 1 or not tops[0].is_dir():
        return
    top = tops[0].name
    # By way of a name that nothing inside can have: paths of entries are never that long.
    outer = tops[0].rename(state.target / ("_" * (_MAX_PATH + 10)))
    for path in list(outer.iterdir()):
        path.rename(state.target / path.name)
    outer.rmdir()
    state.entries = [Entry(path=e.path.removeprefix(f"{top}/"), bytes=e.bytes) for e in state.entries]


def _take(member: Member, state: Unpacking) -> None:
    state.count += 1
    if state.count > state.bounds.max_entries:
        msg = (
            f"The archive has more than {state.bounds.max_entries:,} entries, which is the limit."
            " Leave out data, virtual environments and .git."
        )
        raise RefusedArchiveError(msg)
    if trouble := member.trouble or _bad_name(member.name):
        state.refuse(f"{_shown(member.name)} {trouble}.")
        return
    path = PurePosixPath(member.name)
    if _JUNK.intersection(path.parts) or path.name.startswith("._"):
        return
    key = str(path)
    if key in {"", "."}:
        return
    if member.is_folder:
        _make_folder(state, path)
    elif key in state.seen:
        state.refuse(f"{_shown(key)} is in the archive twice; keep one.")
    else:
        state.seen.add(key)
        _write(member, path, state)


def _bad_name(name: str) -> str:
    """Why a name cannot be used, and what to do; empty when it can."""
    if _UNPRINTABLE.search(name):
        return "has control characters or broken text in its name; rename it"
    if name.startswith(("/", "\\")) or _DRIVE.match(name):
        return "has an absolute path; use paths relative to your solution's folder"
    if "\\" in name:
        return "has a backslash in its name; use forward slashes"
    if ".." in PurePosixPath(name).parts:
        return "leaves the archive with '..'; use paths inside your solution's folder"
    if len(name.encode()) > _MAX_PATH:
        return f"has a path longer than {_MAX_PATH} bytes; shorten it"
    return ""


def _make_folder(state: Unpacking, path: PurePosixPath) -> bool:
    """Make a folder and those above it; False when a file is in the way."""
    state.folders.update(str(p) for p in (path, *path.parents))
    if len(state.folders) > state.bounds.max_entries + 1:  # One more is the target itself.
        msg = f"The archive has more than {state.bounds.max_entries:,} folders, which is the limit. Use fewer levels."
        raise RefusedArchiveError(msg)
    try:
        (state.target / path).mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        state.refuse(f"{_shown(str(path))} is a folder and a file at once; rename one.")
        return False
    return True


def _write(member: Member, path: PurePosixPath, state: Unpacking) -> None:
    if not _make_folder(state, path.parent):
        return
    place = state.target / path
    size = 0
    try:
        with place.open("xb") as sink:
            for chunk in _chunks(member):
                size += len(chunk)
                if state.total_bytes + size > state.bounds.max_bytes:
                    msg = f"{too_large(state.bounds)} (reached at {_shown(str(path))}). Leave out data and caches."
                    raise RefusedArchiveError(msg)
                sink.write(chunk)
    except FileExistsError:
        state.refuse(f"{_shown(str(path))} is a folder and a file at once; rename one.")
        return
    place.chmod(0o755 if member.is_executable else 0o644)
    state.total_bytes += size
    state.entries.append(Entry(path=str(path), bytes=size))


def _chunks(member: Member) -> Iterator[bytes]:
    """The content of a member; damage in it is told with its name."""
    if member.content is None:
        return
    try:
        while chunk := member.content.read(_CHUNK):
            yield chunk
    except (*DAMAGE, OSError) as error:
        # The decompressors' own OSErrors have no number; one with a number is trouble of this machine.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        msg = f"{_shown(member.name)} is damaged or cut short ({_one_line(error)}). {_ADVICE}"
        raise RefusedArchiveError(msg) from None


def _unwritten(error: OSError, state: Unpacking) -> str:
    if error.errno is None:
        return f"The archive is damaged or cut short ({_one_line(error)}). {_ADVICE}"
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"{too_large(state.bounds)}, or it has too many small files. Leave out data and caches."
    raise error  # Trouble of this machine: nobody may be refused for it.


def _shown(name: str) -> str:
    """A hostile name made safe to show: escaped and short."""
    return repr(name if len(name) <= _MAX_SHOWN else name[: _MAX_SHOWN - 3] + "...")


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text.encode("utf-8", "backslashreplace").decode()[:160]
