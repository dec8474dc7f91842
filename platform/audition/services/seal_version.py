"""Seal what was published, so that it shows when a version is no longer what it was.

A seal is HMAC-SHA256 (RFC 2104) over the digests of all that a version consists of, with a key of this installation
that is not in the database: whoever can write there alone cannot change answers or texts unseen. It stands in the
audit log beside the publishing.
"""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from audition import codec
from audition.domain.challenge import ChallengeVersion, Manifest
from audition.domain.errors import AuditionError
from audition.domain.people import AuditEntry
from audition.ports import Ports

_SEALED = "sealed"
#: Of the sealed document; another one when its members change.
_FORM = 1
_KEY_ID_LENGTH = 12
#: In the database and in no file: the seal alone tells.
_TEXTS = frozenset({"brief.md", "datacard.md", "rubric.json"})
_MOST_MANIFEST_BYTES = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFile:
    """One file of a version, by content."""

    name: str
    """Area and name, or what the platform calls it."""
    digest: str
    """SHA-256, hexadecimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedDocument:
    """What is sealed: which version, and the digest of everything in it."""

    form: int
    slug: str
    number: int
    digest: str
    files: tuple[SealedFile, ...]


def document_of(version: ChallengeVersion) -> SealedDocument:
    """The digests of a version, in one order."""
    named = {
        "manifest.json": version.manifest_digest,
        "kit.zip": version.kit_digest,
        "brief.md": _sha256(version.brief.encode()),
        "datacard.md": _sha256(version.datacard.encode()),
        "rubric.json": _sha256(b"\n".join(codec.to_json(item) for item in version.rubric)),
        **{f"{file.area.value}/{file.name}": file.digest for file in version.files},
    }
    files = tuple(SealedFile(name=name, digest=digest) for name, digest in sorted(named.items()))
    return SealedDocument(
        form=_FORM, slug=version.slug, number=version.number, digest=version.digest, files=files
    )


def seal(key: bytes, version: ChallengeVersion, at: datetime, actor: str) -> AuditEntry:
    """The entry of the audit log that holds the seal of a version.

    Args:
        key: Of this installation's versions; not empty.
        version: As it is stored.
        at: When it was published.
        actor: Who published it.
    """
    reason = f"{key_id(key)} {_signature(key, version)}"
    return AuditEntry(at=at, actor=actor, action=_SEALED, subject=version.id, reason=reason)


def key_id(key: bytes) -> str:
    """A name of the key that tells nothing of it: 12 hexadecimal digits of an HMAC of a fixed word."""
    return hmac.digest(_own(key), b"key id", hashlib.sha256).hex()[:_KEY_ID_LENGTH]


def verify_version(ports: Ports, key: bytes, version: ChallengeVersion) -> tuple[str, ...]:
    """What is wrong with a published version, a sentence each; nothing when it is what was sealed.

    Args:
        ports: Where it is kept.
        key: Of this installation's versions.
        version: As it is stored now.
    """
    return (*_wrong_seal(ports, key, version), *_wrong_files(ports, version))


def _wrong_seal(ports: Ports, key: bytes, version: ChallengeVersion) -> Iterator[str]:
    with ports.unit_of_work() as uow:
        kept = [entry.reason for entry in uow.audit.about(version.id) if entry.action == _SEALED]
    if not kept:
        yield "There is no seal: it was published before versions were sealed, or the seal was removed."
        return
    signed_by, _, signature = kept[0].partition(" ")
    if signed_by != key_id(key):
        yield f"It was sealed with the key {signed_by}; this installation has {key_id(key)}."
    elif not hmac.compare_digest(signature, _signature(key, version)):
        yield "The seal does not fit: texts, digests, number or the list of files changed since it was published."
    if len(kept) > 1:
        yield "It was sealed more than once, which publishing never does."


def _wrong_files(ports: Ports, version: ChallengeVersion) -> Iterator[str]:
    """Files that are not what their digests say, and a manifest that is another one than the sealed one."""
    for file in document_of(version).files:
        if file.name in _TEXTS:
            continue
        name, digest = file.name, file.digest
        try:
            data = ports.blobs.get(digest)
        except AuditionError as error:
            yield f"{name} is lost: {error}"
            continue
        if _sha256(data) != digest:
            yield f"{name} is not what was published."
        elif name == "manifest.json" and _manifest_of(data) != version.manifest:
            yield "The manifest in the database is another one than the one that graders get."


def _manifest_of(data: bytes) -> Manifest:
    return codec.from_json(Manifest, data, what="manifest", max_bytes=_MOST_MANIFEST_BYTES)


def _signature(key: bytes, version: ChallengeVersion) -> str:
    return hmac.digest(_own(key), codec.to_json(document_of(version)), hashlib.sha256).hex()


def _own(key: bytes) -> bytes:
    """A key for seals alone: the installation's key also makes the copies of training data."""
    return hmac.digest(key, b"seals of versions", hashlib.sha256)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
