"""Digests of raw data: of a file, or of all files in a folder that together are one table."""

import hashlib
from pathlib import Path

_CHUNK = 1 << 20


def raw_digest(path: Path) -> str:
    """SHA-256 in hex: of a file its bytes', of a folder that of a line "NAME DIGEST" for each file, by name.

    Raises:
        OSError: There is nothing, or it cannot be read.
    """
    sha = hashlib.sha256()
    if path.is_dir():
        for part in folder_files(path):
            sha.update(f"{part.name} {raw_digest(part)}\n".encode())
        return sha.hexdigest()
    with path.open("rb") as file:
        while block := file.read(_CHUNK):
            sha.update(block)
    return sha.hexdigest()


def folder_files(folder: Path) -> list[Path]:
    """The files that make a folder one table, by name; hidden ones, such as marks of a writer, are none."""
    return sorted(path for path in folder.iterdir() if path.is_file() and path.name[0] not in "._")
