"""Compose the report of a submission from what is stored; nothing is computed anew that a grader decided."""

from dataclasses import asdict
from hashlib import sha256

from audition import codec
from audition.domain.challenge import Area, ChallengeVersion
from audition.domain.errors import ConflictError
from audition.domain.evidence import Artifact
from audition.domain.grade import COUNTED_OUTCOMES, Finding, Grade, dimension_scores, total_score
from audition.domain.people import Principal, PrincipalKind
from audition.domain.report import Provenance, Report
from audition.domain.run import Run, StageRecord
from audition.domain.submission import State, Submission
from audition.domain.summary import Summary
from audition.ports import Ports, UnitOfWork
from audition.services.ask_questions import ask_questions
from audition.services.authorize import visible_submission
from audition.services.gather_panels import gather_panels, result_of
from audition.services.headline import headline
from audition.services.override_check import grades_with_overrides
from audition.services.recall import recall
from audition.services.redact import for_candidate
from audition.services.summarize import all_gauges, findings_by_check, shown_gauges, summarize


def compose_report(ports: Ports, principal: Principal, submission_id: str) -> Report:
    """The report as the asker may see it.

    Raises:
        NotFoundError: The submission does not exist for the asker.
        ConflictError: A candidate asks before it is released.
    """
    is_staff = principal.kind == PrincipalKind.STAFF
    with ports.unit_of_work() as uow:
        submission = visible_submission(uow, principal, submission_id)
        if not is_staff and submission.state not in {State.RELEASED, State.REJECTED}:
            msg = "The report of this submission is not released yet."
            raise ConflictError(
                msg,
                code="not-released",
                next_step="You will see it here as soon as a reviewer has released it.",
            )
        composed = _compose(uow, submission)
    report = recall(ports.blobs, composed)
    return report if is_staff else for_candidate(report)


def read_report(ports: Ports, uow: UnitOfWork, submission_id: str) -> Report:
    """The whole report, for callers who have decided who may see what of it."""
    return recall(ports.blobs, _compose(uow, uow.submissions.get(submission_id)))


def _compose(uow: UnitOfWork, submission: Submission) -> Report:
    invitation = uow.people.invitation(submission.invitation_id)
    version = uow.challenges.get(submission.challenge_version_id).with_variant(invitation.variant)
    run = uow.runs.latest(submission.id)
    grades, overrides = grades_with_overrides(uow, run.id)
    artifacts = uow.runs.artifacts(run.id)
    stages = uow.runs.stages(run.id)
    weights = version.manifest.weights
    gauges = shown_gauges(all_gauges(grades, weights))
    metrics = tuple(metric for grade in grades for metric in grade.metrics)
    score = total_score(dimension_scores(grades), weights)
    summary = summarize(grades, weights)
    return Report(
        submission_id=submission.id,
        alias=uow.people.candidate(invitation.candidate_id).alias,
        challenge_title=version.manifest.title,
        state=submission.state,
        verdict=run.verdict,
        fault=run.fault,
        headline=headline(submission, run, stages, gauges, metrics, score),
        score=score,
        gauges=gauges,
        metrics=metrics,
        anchors=version.manifest.metric.anchors,
        curves=tuple(curve for grade in grades for curve in grade.curves),
        findings=_by_loss(grades, summary),
        summary=summary,
        prompts=ask_questions(summary.worths, findings_by_check(grades)),
        stages=stages,
        artifacts=artifacts,
        grades=grades,
        provenance=_provenance(submission, version, run, stages, grades, artifacts),
        submitted_at=submission.created_at,
        finished_at=run.finished_at,
        overrides=overrides,
        attempt_number=submission.attempt_number,
        people=result_of(gather_panels(uow, [submission])[submission.id]),
    )


def _by_loss(grades: tuple[Grade, ...], summary: Summary) -> tuple[Finding, ...]:
    """All findings, weightiest loss first, with what it blocks; what did not count comes after what did."""
    with_blocked = {blockage.cause: blockage.lost for blockage in summary.blockages}
    worths = sorted(summary.worths, key=lambda worth: -worth.lost - with_blocked.get(worth.check, 0.0))
    order = {worth.check: place for place, worth in enumerate(worths)}

    def rank(finding: Finding) -> tuple[bool, int, str]:
        return (finding.outcome not in COUNTED_OUTCOMES, order.get(finding.check, len(order)), finding.check)

    return tuple(sorted((f for grade in grades for f in grade.findings), key=rank))


def _provenance(  # noqa: PLR0913  a report is made of all of these
    submission: Submission,
    version: ChallengeVersion,
    run: Run,
    stages: tuple[StageRecord, ...],
    grades: tuple[Grade, ...],
    artifacts: tuple[Artifact, ...],
) -> Provenance:
    manifest = version.manifest
    digested = b"".join(codec.to_json(grade) for grade in grades) + b"".join(
        f"{a.stage}/{a.kind}/{a.name}:{a.digest}\n".encode() for a in artifacts
    )
    return Provenance(
        challenge_slug=version.slug,
        challenge_version=version.number,
        challenge_digest=version.digest,
        archive_digest=submission.archive_digest,
        run_id=run.id,
        run_number=run.number,
        fence=run.fence,
        images={s.stage: s.image_id for s in stages if s.image_id},
        runtimes={s.stage: s.runtime for s in stages if s.runtime},
        limits={stage: asdict(manifest.ceilings_of(stage)) for stage in manifest.stages},
        graders={g.grader: g.version for g in grades},
        grader_seconds={
            grader: seconds for s in stages if s.usage for grader, seconds in s.usage.grader_seconds.items()
        },
        data_digests={f.name: f.digest for f in version.files_in(Area.PUBLIC)},
        report_digest=sha256(digested).hexdigest(),
    )
