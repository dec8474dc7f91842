"""Export everything that is kept of a candidate, for the candidate, as one zip."""

import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import IO

from audition import codec
from audition.domain.dispute import Dispute
from audition.domain.errors import NotFoundError
from audition.domain.evidence import Artifact, ArtifactKind
from audition.domain.people import Candidate, Invitation, Principal, Session
from audition.domain.run import Run, StageRecord
from audition.domain.submission import State, Submission
from audition.ports import Ports, UnitOfWork
from audition.services.authorize import own_invitation
from audition.services.compose_report import compose_report

#: What candidates' own programs printed; the other artifacts are predictions, and what graders made of it all.
_THEIRS = frozenset({ArtifactKind.STDOUT, ArtifactKind.STDERR, ArtifactKind.OUTPUT})


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSubmission:
    """One upload and what became of it."""

    submission: Submission
    runs: tuple[Run, ...]
    stages: tuple[StageRecord, ...]
    disputes: tuple[Dispute, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnData:
    """`data.json` of an export; digests of secrets are in it as they are stored, and of no use to anybody."""

    candidate: Candidate
    invitations: tuple[Invitation, ...]
    sessions: tuple[Session, ...]
    submissions: tuple[OwnSubmission, ...]


def own_data(ports: Ports, principal: Principal) -> OwnData:
    """What is kept of the asker, over all their invitations; without the bytes.

    Raises:
        DeniedError: The asker is not a candidate.
    """
    with ports.unit_of_work() as uow:
        invitation, _ = own_invitation(uow, principal)
        return _gather(uow, invitation.candidate_id)


def export_data(ports: Ports, principal: Principal, sink: IO[bytes]) -> None:
    """Write the zip: `data.json`, the uploads, what programs printed and predicted, and released reports.

    Raises:
        DeniedError: The asker is not a candidate.
    """
    found = own_data(ports, principal)
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("data.json", codec.to_json(found))
        for own in found.submissions:
            for name, digest in _files(ports, own):
                # One file that was lost with a disk is no reason to keep the others back.
                with suppress(NotFoundError):
                    packed.write(ports.blobs.path(digest), name)
            if (
                own.submission.state == State.RELEASED
                and own.submission.invitation_id == principal.subject_id
            ):
                report = compose_report(ports, principal, own.submission.id)
                packed.writestr(f"{own.submission.id}/report.json", codec.to_json(report))


def _gather(uow: UnitOfWork, candidate_id: str) -> OwnData:
    invitations = uow.people.invitations_of(candidate_id)
    submissions = [s for i in reversed(invitations) for s in uow.submissions.of_invitation(i.id)]
    runs = uow.runs.latest_of([s.id for s in submissions])
    return OwnData(
        candidate=uow.people.candidate(candidate_id),
        invitations=invitations,
        sessions=uow.people.sessions_of([i.id for i in invitations]),
        submissions=tuple(
            OwnSubmission(
                submission=s,
                runs=(runs[s.id],),
                stages=uow.runs.stages(runs[s.id].id),
                # Who answered is a reviewer's name, and not the candidate's data.
                disputes=tuple(replace(d, reviewer_id=None) for d in uow.disputes.of_submission(s.id)),
            )
            for s in submissions
        ),
    )


def _files(ports: Ports, own: OwnSubmission) -> Iterator[tuple[str, str]]:
    """Name in the zip and digest of what is stored; names that candidates chose are not used as names."""
    yield f"{own.submission.id}/upload", own.submission.archive_digest
    with ports.unit_of_work() as uow:
        artifacts = [artifact for run in own.runs for artifact in uow.runs.artifacts(run.id)]
    for number, artifact in enumerate(a for a in artifacts if a.kind in _THEIRS):
        yield f"{own.submission.id}/{number:03d}-{_name(artifact)}", artifact.digest


def _name(artifact: Artifact) -> str:
    return f"{artifact.stage}-{artifact.kind}"
