"""The documents of the API that are not domain values as they are: what a client gets of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audition import codec
from audition.domain.build import BuildLimits
from audition.domain.challenge import ChallengeVersion, MetricSpec, OutputSpec
from audition.domain.execution import Limits
from audition.domain.grade import Dimension
from audition.domain.people import Principal, PrincipalKind, Role, Scope, Session
from audition.domain.run import Fault, Stage, StageRecord, StageStatus, Verdict
from audition.domain.submission import SETTLED_STATES, State
from audition.services.list_inbox import InboxRow
from audition.services.look_at_runs import RunView
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
    return plain(
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
            stages=_stages(status.stages),
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDocument:
    """One try of a submission, without who did it where."""

    id: str
    submission_id: str
    number: int
    verdict: Verdict | None
    fault: Fault | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    stages: tuple[StageDocument, ...]
    logs: tuple[str, ...]
    """Names of what was printed and kept."""


def run_document(view: RunView) -> dict[str, Any]:
    """The document of one try."""
    run = view.run
    return plain(
        RunDocument(
            id=run.id,
            submission_id=run.submission_id,
            number=run.number,
            verdict=run.verdict,
            fault=run.fault,
            created_at=run.created_at,
            started_at=run.started_at,
            finished_at=run.finished_at,
            stages=_stages(view.stages),
            logs=view.logs,
        )
    )


def _stages(records: tuple[StageRecord, ...]) -> tuple[StageDocument, ...]:
    return tuple(
        StageDocument(
            stage=record.stage,
            status=record.status,
            message=record.message,
            started_at=record.started_at,
            finished_at=record.finished_at,
            wall_seconds=record.usage.wall_seconds if record.usage else None,
            peak_memory_bytes=record.usage.peak_memory_bytes if record.usage else None,
        )
        for record in records
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeDocument:
    """What a candidate may know of the challenge: never the answers, nor anything that names them."""

    slug: str
    version: int
    digest: str
    title: str
    summary: str
    brief: str
    datacard: str
    declared_hours: float
    stages: tuple[Stage, ...]
    limits: dict[Stage, Limits | BuildLimits]
    metric: MetricSpec
    output: OutputSpec
    inputs: tuple[str, ...]
    weights: dict[Dimension, float]
    upload_bytes: int
    kit_bytes: int
    attempts: int
    attempts_left: int
    practice_left: int
    started_at: datetime | None
    expires_at: datetime
    """When nothing can be handed in any more; while the clock stands still, as it was when the pause began."""
    clock_hours: float | None
    paused_at: datetime | None
    pauses_left: int


def challenge_document(home: CandidateHome) -> dict[str, Any]:
    """The document of a candidate's challenge."""
    manifest, invitation = home.version.manifest, home.invitation
    return plain(
        ChallengeDocument(
            slug=home.version.slug,
            version=home.version.number,
            digest=home.version.digest,
            title=manifest.title,
            summary=manifest.summary,
            brief=home.version.brief,
            datacard=home.version.datacard,
            declared_hours=manifest.declared_hours,
            stages=manifest.stages,
            limits={stage: manifest.ceilings_of(stage) for stage in manifest.stages},
            metric=manifest.metric,
            output=manifest.output,
            inputs=tuple(manifest.inputs),
            weights=dict(manifest.weights),
            upload_bytes=manifest.upload_bytes,
            kit_bytes=home.version.kit_bytes,
            attempts=invitation.attempts,
            attempts_left=home.attempts_left,
            practice_left=home.practice_left,
            started_at=invitation.started_at,
            expires_at=invitation.ends_at,
            clock_hours=invitation.clock_hours,
            paused_at=invitation.paused_at,
            pauses_left=invitation.pauses - invitation.pauses_used,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSubmission:
    """One submission in a reviewer's list."""

    id: str
    state: State
    attempt_number: int
    created_at: datetime
    alias: str
    challenge_title: str
    verdict: Verdict | None
    score: float | None
    finished_at: datetime | None


def inbox_document(row: InboxRow) -> dict[str, Any]:
    """The document of a line of a reviewer's list."""
    return plain(
        ListedSubmission(
            id=row.submission.id,
            state=row.submission.state,
            attempt_number=row.submission.attempt_number,
            created_at=row.submission.created_at,
            alias=row.alias,
            challenge_title=row.challenge_title,
            verdict=Verdict(row.verdict) if row.verdict else None,
            score=row.score,
            finished_at=row.finished_at,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionDocument:
    """One published challenge version, for its authors."""

    id: str
    slug: str
    version: int
    digest: str
    title: str
    published_at: datetime


def version_document(version: ChallengeVersion) -> dict[str, Any]:
    """The document of a published challenge version."""
    return plain(
        VersionDocument(
            id=version.id,
            slug=version.slug,
            version=version.number,
            digest=version.digest,
            title=version.manifest.title,
            published_at=version.published_at,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenDocument:
    """A new API token; it is in this answer and nowhere else."""

    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedToken:
    """An API token without its secret."""

    id: str
    label: str
    scopes: tuple[Scope, ...]
    """Empty for all that its owner may do."""
    created_at: datetime
    expires_at: datetime


def token_document(session: Session) -> dict[str, Any]:
    """The document of a token in a list."""
    return plain(
        ListedToken(
            id=session.id,
            label=session.label,
            scopes=session.scopes,
            created_at=session.created_at,
            expires_at=session.expires_at,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MeDocument:
    """Whom a token belongs to."""

    kind: PrincipalKind
    id: str
    name: str
    roles: tuple[Role, ...]


def me_document(principal: Principal) -> dict[str, Any]:
    """The document of who asks."""
    return plain(
        MeDocument(
            kind=principal.kind,
            id=principal.subject_id,
            name=principal.name,
            roles=tuple(sorted(principal.roles)),
        )
    )


def plain(value: object) -> dict[str, Any]:
    """A document as plain JSON values."""
    found: dict[str, Any] = codec.to_plain(value)
    return found
