"""The documents of the API that are not domain values as they are: what a client gets of them."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from audition import codec
from audition.domain.challenge import ChallengeVersion
from audition.domain.people import Principal, PrincipalKind
from audition.domain.run import Fault, Stage, StageStatus, Verdict
from audition.domain.submission import SETTLED_STATES, State
from audition.services.list_inbox import InboxRow
from audition.services.look_up import CandidateHome, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class StageDocument:
    """One stage of a run, as its candidate sees it."""

    stage: Stage
    status: StageStatus
    message: str
    started_at: datetime
    finished_at: datetime | None
    wall_seconds: float | None
    peak_memory_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionDocument:
    """Where a submission is. The worker, the fence and other inner workings are not in it."""

    id: str
    state: State
    reason: str
    """Why, for staff; for candidates only when the upload was refused."""
    is_settled: bool
    """Nothing more happens until a person acts; a client may stop asking."""
    verdict: Verdict | None
    fault: Fault | None
    attempt_number: int
    is_practice: bool
    run_number: int
    archive_name: str
    archive_bytes: int
    archive_digest: str
    created_at: datetime
    released_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    queue_place: int | None
    planned_stages: tuple[str, ...]
    stages: tuple[StageDocument, ...]


def submission_document(status: Status, principal: Principal) -> dict[str, Any]:
    """The document of one submission."""
    submission, run = status.submission, status.run
    is_staff = principal.kind == PrincipalKind.STAFF
    return _plain(
        SubmissionDocument(
            id=submission.id,
            state=submission.state,
            reason=submission.state_reason if is_staff or submission.state == State.REJECTED else "",
            is_settled=submission.state in SETTLED_STATES,
            verdict=run.verdict,
            fault=run.fault,
            attempt_number=submission.attempt_number,
            is_practice=submission.is_practice,
            run_number=run.number,
            archive_name=submission.archive_name,
            archive_bytes=submission.archive_bytes,
            archive_digest=submission.archive_digest,
            created_at=submission.created_at,
            released_at=submission.released_at,
            started_at=run.started_at,
            finished_at=run.finished_at,
            queue_place=status.queue_place,
            planned_stages=status.planned_stages,
            stages=tuple(
                StageDocument(
                    stage=record.stage,
                    status=record.status,
                    message=record.message,
                    started_at=record.started_at,
                    finished_at=record.finished_at,
                    wall_seconds=record.usage.wall_seconds if record.usage else None,
                    peak_memory_bytes=record.usage.peak_memory_bytes if record.usage else None,
                )
                for record in status.stages
            ),
        )
    )


def challenge_document(home: CandidateHome) -> dict[str, Any]:
    """What a candidate may know of the challenge: never the answers, nor anything that names them."""
    manifest = home.version.manifest
    return {
        "slug": home.version.slug,
        "version": home.version.number,
        "digest": home.version.digest,
        "title": manifest.title,
        "summary": manifest.summary,
        "brief": home.version.brief,
        "datacard": home.version.datacard,
        "declared_hours": manifest.declared_hours,
        "stages": [str(stage) for stage in manifest.stages],
        "limits": {str(stage): asdict(manifest.ceilings_of(stage)) for stage in manifest.stages},
        "metric": _plain(manifest.metric),
        "output": _plain(manifest.output),
        "inputs": list(manifest.inputs),
        "weights": {str(dimension): weight for dimension, weight in manifest.weights.items()},
        "upload_bytes": manifest.upload_bytes,
        "kit_bytes": home.version.kit_bytes,
        "attempts": home.invitation.attempts,
        "attempts_left": home.attempts_left,
        "practice_left": home.practice_left,
        "started_at": _time(home.invitation.started_at),
        "expires_at": _time(home.invitation.ends_at),
    }


def inbox_document(row: InboxRow) -> dict[str, Any]:
    """One submission in a reviewer's list."""
    return {
        "id": row.submission.id,
        "state": str(row.submission.state),
        "attempt_number": row.submission.attempt_number,
        "created_at": _time(row.submission.created_at),
        "alias": row.alias,
        "challenge_title": row.challenge_title,
        "verdict": row.verdict or None,
        "score": row.score,
        "finished_at": _time(row.finished_at),
    }


def version_document(version: ChallengeVersion) -> dict[str, Any]:
    """One published challenge version, for its authors."""
    return {
        "id": version.id,
        "slug": version.slug,
        "version": version.number,
        "digest": version.digest,
        "title": version.manifest.title,
        "published_at": _time(version.published_at),
    }


def me_document(principal: Principal) -> dict[str, Any]:
    """Who a token belongs to."""
    return {
        "kind": str(principal.kind),
        "id": principal.subject_id,
        "name": principal.name,
        "roles": sorted(str(role) for role in principal.roles),
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _plain(value: object) -> dict[str, Any]:
    plain: dict[str, Any] = codec.to_plain(value)
    return plain
