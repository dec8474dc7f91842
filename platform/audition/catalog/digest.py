"""The digests that name a challenge version's whole content, and a folder's."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from audition.catalog.archive import list_files
from audition.codec import to_plain
from audition.domain.challenge import DataFile, Manifest


def version_digest(
    manifest: Manifest,
    documents: Mapping[str, str],
    files: Iterable[DataFile],
    images: Mapping[str, str],
) -> str:
    """SHA-256 over everything that decides what candidates see and how they are graded, in hexadecimal.

    Args:
        manifest: The checked manifest.
        documents: Texts by file name, e.g. "brief.md".
        files: What `prepare` made.
        images: Image ids by the names that the manifest or the stages use.
    """
    content = {
        "manifest": to_plain(manifest),
        "documents": dict(documents),
        "files": sorted((file.area.value, file.name, file.digest) for file in files),
        "images": dict(images),
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def folder_digest(folder: Path) -> str:
    """SHA-256 over names and contents of all files of a challenge folder, in hexadecimal: what a proof is about.

    Raises:
        InvalidError: The folder holds things that are not plain files.
    """
    digest = hashlib.sha256()
    for name in list_files(folder):
        with (folder / name).open("rb") as file:
            content = hashlib.file_digest(file, "sha256").digest()
        digest.update(name.encode() + b"\0" + content)
    return digest.hexdigest()
