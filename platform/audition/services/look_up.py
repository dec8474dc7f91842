"""Look things up for people: what lists and status pages show."""

from dataclasses import dataclass, replace

from audition import codec
from audition.catalog.kit import with_copy
from audition.domain.challenge import Area, ChallengeVersion
from audition.domain.errors import NotFoundError, UnavailableError
from audition.domain.evidence import Artifact, ArtifactKind
from audition.domain.grade import Finding, GradeSheet
from audition.domain.people import AuditEntry, Invitation, Principal, Role
from audition.domain.practice import practised
from audition.domain.run import Run, StageRecord
from audition.domain.submission import State, Submission
from audition.ports import Ports, UnitOfWork
from audition.services.authorize import own_invitation, require_role, visible_submission
from audition.services.sign_in import find_invitation
from audition.services.submit import attempts_left, practice_left

#: What containers printed.
LOGS = frozenset({ArtifactKind.STDOUT, ArtifactKind.STDERR})


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
    first_look: tuple[Finding, ...] = ()
    """What the static graders saw before anything ran; empty until they did, and once there is a report."""
    practised: tuple[Finding, ...] = ()
    """What was found in a practice run that is over: the form of its predictions."""
    logs: tuple[str, ...] = ()
    """Of a practice run that is over: names for `log_text`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateHome:
    """What a candidate's own pages show."""

    invitation: Invitation
    version: ChallengeVersion
    submissions: tuple[Submission, ...]
    attempts_left: int
    practice_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """What the owner of an invitation link is told before anything starts."""

    invitation: Invitation
    version: ChallengeVersion
    candidate_name: str


def status(ports: Ports, principal: Principal, submission_id: str) -> Status:
    """Where a submission is.

    Raises:
        NotFoundError: It does not exist for the asker.
    """
    with ports.unit_of_work() as uow:
        submission = visible_submission(uow, principal, submission_id)
        run = uow.runs.latest(submission.id)
        manifest = uow.challenges.get(submission.challenge_version_id).manifest
        grades = uow.grades.of_run(run.id) if submission.is_practice else ()
        found = Status(
            submission=submission,
            run=run,
            stages=uow.runs.stages(run.id),
            queue_place=_queue_place(uow, submission),
            planned_stages=(practised(manifest) if submission.is_practice else manifest).stages,
            history=uow.audit.about(submission.id) if principal.has_role(Role.REVIEWER) else (),
        )
        artifacts = uow.runs.artifacts(run.id) if submission.state != State.RELEASED else ()
    logs = tuple(log_name(a) for a in artifacts if submission.is_practice and a.kind in LOGS)
    mine = tuple(replace(f, reviewer_note="") for grade in grades for f in grade.findings)
    return replace(found, first_look=_first_look(ports, artifacts), practised=mine, logs=logs)


def _first_look(ports: Ports, artifacts: tuple[Artifact, ...]) -> tuple[Finding, ...]:
    """The findings of the newest first look, what is to improve first."""
    digests = [a.digest for a in artifacts if a.kind == ArtifactKind.FIRST_LOOK]
    if not digests:
        return ()
    sheet = codec.from_json(GradeSheet, ports.blobs.get(digests[-1]), what="first look")
    findings = (finding for grade in sheet.grades for finding in grade.findings)
    # What reviewers are told of a submission is not for its candidate.
    mine = (replace(finding, reviewer_note="") for finding in findings)
    return tuple(sorted(mine, key=lambda finding: finding.points - finding.max_points))


def landing(ports: Ports, link_token: str) -> Landing:
    """What an invitation link leads to; looking starts no clock.

    Raises:
        NotFoundError: No such link, or it was withdrawn.
        ConflictError: Its window is over.
    """
    invitation = find_invitation(ports, link_token)
    with ports.unit_of_work() as uow:
        return Landing(
            invitation=invitation,
            version=uow.challenges.get(invitation.challenge_version_id),
            candidate_name=uow.people.candidate(invitation.candidate_id).name,
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
            practice_left=practice_left(submissions),
        )


def challenge_versions(ports: Ports) -> tuple[ChallengeVersion, ...]:
    """All published versions, newest first."""
    with ports.unit_of_work() as uow:
        return uow.challenges.all()


def queue_depth(ports: Ports) -> int | None:
    """Number of waiting hints; None when the queue does not answer."""
    try:
        return ports.queue.depth()
    except UnavailableError:
        return None


def check_storage(ports: Ports) -> None:
    """Read something, to learn whether the database answers.

    Raises:
        UnavailableError: It does not.
    """
    with ports.unit_of_work() as uow:
        uow.submissions.recent(1)


def log_text(ports: Ports, principal: Principal, submission_id: str, name: str) -> bytes:
    """A stored log of the newest run, e.g. "predict-stdout"; hostile bytes, to be shown as plain text.

    Raises:
        NotFoundError: It does not exist for the asker. Candidates see theirs once the run is over.
    """
    with ports.unit_of_work() as uow:
        submission = visible_submission(uow, principal, submission_id)
        run = uow.runs.latest(submission.id)
        artifact = next((a for a in uow.runs.artifacts(run.id) if log_name(a) == name), None)
    if artifact is None or artifact.kind not in LOGS:
        msg = f"There is no log {name[:60]!r}."
        raise NotFoundError(msg)
    return ports.blobs.get(artifact.digest)


def drawn_page(ports: Ports, principal: Principal, submission_id: str, kind: ArtifactKind) -> bytes:
    """What was drawn of the newest run: cleaned HTML without head and body, for reviewers.

    Args:
        ports: The world.
        principal: Who asks.
        submission_id: Of the submission.
        kind: `NOTEBOOK_PAGE` or `TEXTS_PAGE`.

    Raises:
        DeniedError: The asker is no reviewer.
        NotFoundError: There is none.
    """
    require_role(principal, Role.REVIEWER)
    with ports.unit_of_work() as uow:
        run = uow.runs.latest(visible_submission(uow, principal, submission_id).id)
        pages = [a for a in uow.runs.artifacts(run.id) if a.kind == kind]
    if not pages:
        msg = f"Nothing of this kind was drawn for this submission: {kind.replace('_', ' ')}."
        raise NotFoundError(msg)
    return ports.blobs.get(max(pages, key=lambda page: page.fence).digest)


def log_name(artifact: Artifact) -> str:
    """How pages name a log."""
    return f"{artifact.stage}-{artifact.kind}"


def kit(ports: Ports, principal: Principal) -> tuple[str, bytes]:
    """The kit of the candidate's challenge: file name and zip.

    Raises:
        DeniedError: The asker is not a candidate.
    """
    with ports.unit_of_work() as uow:
        invitation, version = own_invitation(uow, principal)
    name, data = f"{version.slug}-v{version.number}-kit.zip", ports.blobs.get(version.kit_digest)
    own, spec = version.with_variant(invitation.variant), version.manifest.variants
    if spec is None or own is version:
        return name, data
    copy = next(file for file in own.files_in(Area.PUBLIC) if file.name == spec.file)
    return name, with_copy(data, version.manifest, ports.blobs.get(copy.digest))


def _queue_place(uow: UnitOfWork, submission: Submission) -> int | None:
    if submission.state != State.QUEUED:
        return None
    waiting = uow.submissions.in_states([State.QUEUED])
    return next((i for i, s in enumerate(waiting, 1) if s.id == submission.id), None)
