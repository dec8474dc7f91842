"""Packing files into zip archives whose bytes depend on names and contents only."""

import io
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path

from audition.domain.errors import InvalidError

FIXED_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip entry can have."""
REGULAR_FILE_MODE = 0o100644
IGNORED_NAMES = frozenset({"__pycache__", ".DS_Store", ".pytest_cache", ".ruff_cache", ".mypy_cache"})


def list_files(folder: Path) -> tuple[str, ...]:
    """Relative paths of all files under a folder, with forward slashes, sorted.

    Caches that tools leave behind are passed over.

    Raises:
        InvalidError: The folder is not there, or holds links or other things that are not plain files.
    """
    if folder.is_symlink() or not folder.is_dir():
        msg = f"{folder} is not a folder."
        raise InvalidError(msg, code="not-a-folder", next_step="Check the path.")
    found: list[str] = []
    problems: list[str] = []
    _walk(folder, "", found, problems)
    if problems:
        msg = f"{folder.name} holds {len(problems)} thing(s) that cannot be packed."
        raise InvalidError(msg, code="not-plain-files", problems=problems)
    return tuple(sorted(found))


def _walk(folder: Path, prefix: str, found: list[str], problems: list[str]) -> None:
    for entry in folder.iterdir():
        name = prefix + entry.name
        if entry.name in IGNORED_NAMES:
            continue
        if entry.is_symlink():
            problems.append(f"{name}: is a link; put a copy of the file in its place.")
        elif entry.is_dir():
            _walk(entry, f"{name}/", found, problems)
        elif entry.is_file():
            found.append(name)
        else:
            problems.append(f"{name}: is neither a file nor a folder; remove it.")


def read_files(folder: Path, *, leave_out: Collection[str] = ()) -> dict[str, bytes]:
    """Contents of all files under a folder by relative path.

    Args:
        folder: Where to look.
        leave_out: Relative paths that are not wanted.

    Raises:
        InvalidError: See `list_files`.
    """
    return {name: (folder / name).read_bytes() for name in list_files(folder) if name not in leave_out}


def pack_files(files: Mapping[str, bytes]) -> bytes:
    """Make a zip: entries sorted by name, fixed times and modes."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, FIXED_TIME)
            entry.create_system = 3  # Unix, or the mode below would depend on the host
            entry.external_attr = REGULAR_FILE_MODE << 16
            archive.writestr(entry, files[name], zipfile.ZIP_DEFLATED)
    return sink.getvalue()


def pack_folder(folder: Path, *, leave_out: Collection[str] = ()) -> bytes:
    """Make a zip of a folder's content; the folder's own name is not part of it.

    Raises:
        InvalidError: See `list_files`.
    """
    return pack_files(read_files(folder, leave_out=leave_out))
