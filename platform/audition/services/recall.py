"""Recall what a run's evidence says beside its grades: the host, what happened to the service, how to see it again.

Evidence is ours, written by our containers and checked again here; what cannot be read any more, e.g. because an older
version of Audition wrote it, leaves its part of the report empty instead of taking the report away.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from audition import codec
from audition.domain.errors import InvalidError, NotFoundError
from audition.domain.evidence import Artifact, ArtifactKind, RunEvidence
from audition.domain.probe import Event, ServiceEvidence
from audition.domain.report import Report
from audition.ports import BlobStore
from audition.services.reproduce import reproduce

T = TypeVar("T")
_MAX_BYTES = 8 << 20
_END = "end"
_LEVEL = "latency level"


def recall(blobs: BlobStore, report: Report) -> Report:
    """The report with what its evidence adds."""
    evidence = _document(blobs, report.artifacts, ArtifactKind.EVIDENCE, RunEvidence)
    service = _document(blobs, report.artifacts, ArtifactKind.SERVICE, ServiceEvidence)
    host = evidence.environment if evidence else {}
    return replace(
        report,
        events=events_of(service) if service else (),
        provenance=replace(report.provenance, host=host),
        reproduction=reproduce(report.provenance, evidence, service),
    )


def _document(
    blobs: BlobStore, artifacts: Iterable[Artifact], kind: ArtifactKind, type_: type[T]
) -> T | None:
    """The newest document of a kind; None where there is none that can be read."""
    found = sorted((a for a in artifacts if a.kind == kind), key=lambda a: a.fence)
    if not found:
        return None
    try:
        return codec.from_json(type_, blobs.get(found[-1].digest), what=found[-1].name, max_bytes=_MAX_BYTES)
    except (InvalidError, NotFoundError):
        return None


def events_of(service: ServiceEvidence) -> tuple[Event, ...]:
    """What happened in the longest session; each session counts its seconds from its own beginning."""
    sessions: list[list[Event]] = [[]]
    for event in service.events:
        sessions[-1].append(event)
        if event.name == _END:
            sessions.append([])
    longest = max(sessions, key=lambda events: events[-1].seconds if events else 0.0)
    return _with_latency(longest, service)


def _with_latency(events: list[Event], service: ServiceEvidence) -> tuple[Event, ...]:
    """The levels of load with the latency that was measured at each."""
    levels = iter(service.latency.levels if service.latency else ())
    told = []
    for event in events:
        level = next(levels, None) if event.name == _LEVEL else None
        p95 = level.p95_ms if level else None
        told.append(event if p95 is None else replace(event, detail=f"{event.detail}, p95 {p95:.0f} ms"))
    return tuple(told)
