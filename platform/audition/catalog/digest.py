"""The digest that names a challenge version's whole content."""

import hashlib
import json
from collections.abc import Iterable, Mapping

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
