"""Throw away stored bytes that nothing names any more: refused uploads, what stages left on their way, old practice.

What is being made has bytes before it has rows. So nothing young is touched, and the grace is many times as long as
any run may take; whoever stores the same bytes again makes them young.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from audition.domain.challenge import ChallengeVersion
from audition.ports import Ports, UnitOfWork

#: What was stored, or stored again, within it stays.
GRACE = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waste:
    """What nothing names any more."""

    files: int = 0
    bytes: int = 0


def measure_waste(ports: Ports) -> Waste:
    """What `prune` would free now."""
    return _sum(size for _, size in _unnamed(ports, ports.clock.now() - GRACE))


def prune(ports: Ports) -> Waste:
    """Free it, and say how much that was."""
    before = ports.clock.now() - GRACE
    found = list(_unnamed(ports, before))
    return _sum(size for name, size in found if ports.blobs.delete_older(name, before))


def named_digests(uow: UnitOfWork) -> frozenset[str]:
    """Every digest of stored bytes that a row names."""
    return uow.submissions.archive_digests() | uow.runs.artifact_digests() | digests_of_challenges(uow)


def digests_of_challenges(uow: UnitOfWork) -> frozenset[str]:
    """Those that published challenges need."""
    return frozenset(digest for version in uow.challenges.all() for digest in _of_version(version))


def _of_version(version: ChallengeVersion) -> Iterator[str]:
    yield from (version.kit_digest, version.manifest_digest, *(file.digest for file in version.files))


def _unnamed(ports: Ports, before: datetime) -> Iterator[tuple[str, int]]:
    with ports.unit_of_work() as uow:
        named = named_digests(uow)
    return ((name, size) for name, size in ports.blobs.older_than(before) if name not in named)


def _sum(sizes: Iterator[int]) -> Waste:
    found = list(sizes)
    return Waste(files=len(found), bytes=sum(found))
