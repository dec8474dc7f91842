"""Compose the report of a submission from what is stored; nothing is computed anew that a grader decided."""

from dataclasses import asdict, replace
from hashlib import sha256

from audition import codec
from audition.domain.challenge import Area, ChallengeVersion
from audition.domain.errors import ConflictError
from audition.domain.evidence import Artifact, ArtifactKind
from audition.domain.grade import (
    COUNTED_OUTCOMES,
    Dimension,
    Finding,
    Grade,
    GradeStatus,
    Metric,
    dimension_scores,
    total_score,
)
from audition.domain.people import Principal, PrincipalKind
from audition.domain.report import Gauge, Provenance, Report
from audition.domain.run import Run, StageRecord
from audition.domain.submission import State, Submission
from audition.ports import Ports, UnitOfWork
from audition.services.authorize import visible_submission
from audition.services.headline import headline

#: The check whose points are the challenge's metric, hence whose uncertainty is the dimension's.
METRIC_CHECK = "model.metric.primary"
#: Decimals of a metric that a candidate sees: enough to learn from, too few to climb on (corpus C11).
CANDIDATE_DECIMALS = 3
#: Decimals of a score in [0, 1] for them: a score is a line through the metric's anchors, and so tells the metric.
SCORE_DECIMALS = 2


def compose_report(ports: Ports, principal: Principal, submission_id: str) -> Report:
    """The report as the asker may see it.

    Raises:
        NotFoundError: The submission does not exist for the asker.
        ConflictError: A candidate asks before it is released.
    """
    with ports.unit_of_work() as uow:
        submission = visible_submission(uow, principal, submission_id)
        if principal.kind == PrincipalKind.STAFF:
            return _compose(uow, submission)
        if submission.state not in {State.RELEASED, State.REJECTED}:
            msg = "The report of this submission is not released yet."
            raise ConflictError(
                msg,
                code="not-released",
                next_step="You will see it here as soon as a reviewer has released it.",
            )
        return for_candidate(_compose(uow, submission))


def for_candidate(report: Report) -> Report:
    """The part of a report that its candidate may see: no reviewer notes, no internals, rounded metrics."""
    grades = tuple(
        replace(
            grade,
            note="",
            findings=tuple(_public(finding) for finding in grade.findings),
            metrics=tuple(_rounded(metric) for metric in grade.metrics),
            curves=(),
        )
        for grade in report.grades
    )
    return replace(
        report,
        score=_coarse(report.score),
        gauges=tuple(
            replace(gauge, score=_coarse(gauge.score), low=_coarse(gauge.low), high=_coarse(gauge.high))
            for gauge in report.gauges
        ),
        grades=grades,
        findings=tuple(_public(finding) for finding in report.findings),
        metrics=tuple(_rounded(metric) for metric in report.metrics),
        curves=(),
        artifacts=tuple(a for a in report.artifacts if a.kind in {ArtifactKind.STDOUT, ArtifactKind.STDERR}),
    )


def _public(finding: Finding) -> Finding:
    share = finding.points / finding.max_points if finding.max_points else 0.0
    return replace(finding, reviewer_note="", points=finding.max_points * round(share, SCORE_DECIMALS))


def _coarse(score: float | None) -> float | None:
    return None if score is None else round(score, SCORE_DECIMALS)


def _rounded(metric: Metric) -> Metric:
    return replace(
        metric,
        value=round(metric.value, CANDIDATE_DECIMALS),
        low=round(metric.low, CANDIDATE_DECIMALS),
        high=round(metric.high, CANDIDATE_DECIMALS),
        score=round(metric.score, SCORE_DECIMALS),
        score_low=round(metric.score_low, SCORE_DECIMALS),
        score_high=round(metric.score_high, SCORE_DECIMALS),
    )


def _compose(uow: UnitOfWork, submission: Submission) -> Report:
    version = uow.challenges.get(submission.challenge_version_id)
    invitation = uow.people.invitation(submission.invitation_id)
    run = uow.runs.latest(submission.id)
    grades, artifacts = uow.grades.of_run(run.id), uow.runs.artifacts(run.id)
    stages = uow.runs.stages(run.id)
    scores = dimension_scores(grades)
    gauges = _gauges(version, grades, scores)
    metrics = tuple(metric for grade in grades for metric in grade.metrics)
    score = total_score(scores, version.manifest.weights)
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
        findings=_by_loss(grades),
        stages=stages,
        artifacts=artifacts,
        grades=grades,
        provenance=_provenance(submission, version, run, stages, grades, artifacts),
        submitted_at=submission.created_at,
        finished_at=run.finished_at,
    )


def _by_loss(grades: tuple[Grade, ...]) -> tuple[Finding, ...]:
    """All findings, weightiest loss first; what did not count comes after what did."""

    def rank(finding: Finding) -> tuple[bool, float, str]:
        loss = finding.max_points - finding.points
        return (finding.outcome not in COUNTED_OUTCOMES, -loss, finding.check)

    return tuple(sorted((f for grade in grades for f in grade.findings), key=rank))


def _gauges(
    version: ChallengeVersion,
    grades: tuple[Grade, ...],
    scores: dict[Dimension, float | None],
) -> tuple[Gauge, ...]:
    weights = version.manifest.weights
    return tuple(
        _gauge(dimension, weights.get(dimension, 0.0), scores.get(dimension), grades)
        for dimension in Dimension
        if scores.get(dimension) is not None or weights.get(dimension, 0.0) > 0
    )


def _gauge(dimension: Dimension, weight: float, score: float | None, grades: tuple[Grade, ...]) -> Gauge:
    """One gauge; the metric's interval moves the part of the score that the metric's points are."""
    mine = [g for g in grades if g.dimension == dimension and g.status == GradeStatus.OK]
    metric = next((m for g in mine for m in g.metrics), None)
    findings = [f for g in mine for f in g.findings if f.outcome in COUNTED_OUTCOMES]
    primary = next((f for f in findings if f.check == METRIC_CHECK), None)
    total = sum(f.max_points for f in findings)
    if score is None or metric is None or primary is None or not total:
        return Gauge(dimension=dimension, weight=weight, score=score)
    share = primary.max_points / total
    return Gauge(
        dimension=dimension,
        weight=weight,
        score=score,
        low=max(0.0, score - share * (metric.score - metric.score_low)),
        high=min(1.0, score + share * (metric.score_high - metric.score)),
    )


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
        limits={stage: asdict(manifest.limits_of(stage)) for stage in manifest.stages},
        graders={g.grader: g.version for g in grades},
        data_digests={f.name: f.digest for f in version.files_in(Area.PUBLIC)},
        report_digest=sha256(digested).hexdigest(),
    )
