"""Look things up for people: what lists and status pages show."""

from dataclasses import dataclass
from datetime import datetime

from audition.domain.challenge import ChallengeVersion
from audition.domain.errors import NotFoundError
from audition.domain.evidence import Artifact, ArtifactKind
from audition.domain.grade import dimension_scores, total_score
from audition.domain.people import AuditEntry, Invitation, Principal, Role
from audition.domain.run import Run, StageRecord
from audition.domain.submission import State, Submission
from audition.ports import Ports, UnitOfWork
from audition.services.authorize import own_invitation, require_role, visible_submission
from audition.services.submit import attempts_left


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where one submission is, for its live page."""

    submission: Submission
    run: Run
    stages: tuple[StageRecord, ...]
    queue_place: int | None
    """1 is next; None when it is not waiting."""
    planned_stages: tuple[str, ...]
    history: tuple[AuditEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateHome:
    """What a candidate's own pages show."""

    invitation: Invitation
    version: ChallengeVersion
    submissions: tuple[Submission, ...]
    attempts_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """One line of the reviewer's list."""

    submission: Submission
    alias: str
    challenge_title: str
    verdict: str
    score: float | None
    finished_at: datetime | None


def status(ports: Ports, principal: Principal, submission_id: str) -> Status:
    """Where a submission is.

    Raises:
        NotFoundError: It does not exist for the asker.
    """
    with ports.unit_of_work() as uow:
        submission = visible_submission(uow, principal, submission_id)
        run = uow.runs.latest(submission.id)
        version = uow.challenges.get(submission.challenge_version_id)
        return Status(
            submission=submission,
            run=run,
            stages=uow.runs.stages(run.id),
            queue_place=_queue_place(uow, submission),
            planned_stages=tuple(version.manifest.stages),
            history=uow.audit.about(submission.id) if principal.has_role(Role.REVIEWER) else (),
        )


def candidate_home(ports: Ports, principal: Principal) -> CandidateHome:
    """A candidate's invitation, challenge and attempts.

    Raises:
        DeniedError: The asker is not a candidate.
    """
    with ports.unit_of_work() as uow:
        invitation, version = own_invitation(uow, principal)
        submissions = uow.submissions.of_invitation(invitation.id)
        return CandidateHome(
            invitation=invitation,
            version=version,
            submissions=submissions,
            attempts_left=attempts_left(invitation, submissions),
        )


def inbox(ports: Ports, principal: Principal, limit: int = 200) -> tuple[InboxRow, ...]:
    """The newest submissions, for reviewers.

    Raises:
        DeniedError: The asker is no reviewer.
    """
    require_role(principal, Role.REVIEWER)
    with ports.unit_of_work() as uow:
        return tuple(_inbox_row(uow, submission) for submission in uow.submissions.recent(limit))


def challenge_versions(ports: Ports) -> tuple[ChallengeVersion, ...]:
    """All published versions, newest first."""
    with ports.unit_of_work() as uow:
        return uow.challenges.all()


def log_text(ports: Ports, principal: Principal, submission_id: str, name: str) -> bytes:
    """A stored log of the newest run, e.g. "predict-stdout"; hostile bytes, to be shown as plain text.

    Raises:
        NotFoundError: It does not exist for the asker. Candidates see theirs once the run is over.
    """
    with ports.unit_of_work() as uow:
        submission = visible_submission(uow, principal, submission_id)
        run = uow.runs.latest(submission.id)
        artifact = next((a for a in uow.runs.artifacts(run.id) if log_name(a) == name), None)
    if artifact is None or artifact.kind not in {ArtifactKind.STDOUT, ArtifactKind.STDERR}:
        msg = f"There is no log {name[:60]!r}."
        raise NotFoundError(msg)
    return ports.blobs.get(artifact.digest)


def log_name(artifact: Artifact) -> str:
    """How pages name a log."""
    return f"{artifact.stage}-{artifact.kind}"


def kit(ports: Ports, principal: Principal) -> tuple[str, bytes]:
    """The kit of the candidate's challenge: file name and zip.

    Raises:
        DeniedError: The asker is not a candidate.
    """
    with ports.unit_of_work() as uow:
        _, version = own_invitation(uow, principal)
    return f"{version.slug}-v{version.number}-kit.zip", ports.blobs.get(version.kit_digest)


def _queue_place(uow: UnitOfWork, submission: Submission) -> int | None:
    if submission.state != State.QUEUED:
        return None
    waiting = uow.submissions.in_states([State.QUEUED])
    return next((i for i, s in enumerate(waiting, 1) if s.id == submission.id), None)


def _inbox_row(uow: UnitOfWork, submission: Submission) -> InboxRow:
    run = uow.runs.latest(submission.id)
    version = uow.challenges.get(submission.challenge_version_id)
    invitation = uow.people.invitation(submission.invitation_id)
    scores = dimension_scores(uow.grades.of_run(run.id))
    return InboxRow(
        submission=submission,
        alias=uow.people.candidate(invitation.candidate_id).alias,
        challenge_title=version.manifest.title,
        verdict=run.verdict or "",
        score=total_score(scores, version.manifest.weights),
        finished_at=run.finished_at,
    )
