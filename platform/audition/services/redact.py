"""Redact a report: leave what its candidate may see, no reviewer notes, no internals, no digits to climb on."""

from dataclasses import replace

from audition.domain.evidence import ArtifactKind
from audition.domain.grade import Finding, Metric
from audition.domain.override import holding
from audition.domain.report import Report
from audition.domain.review import PanelState
from audition.domain.summary import Gauge, Reproduction
from audition.services.weigh import SHARE_DECIMALS

#: Decimals of a metric that a candidate sees: enough to learn from, too few to climb on (corpus C11).
CANDIDATE_DECIMALS = 3
#: Decimals of a score in [0, 1] for them: a score is a line through the metric's anchors, and so tells the metric.
SCORE_DECIMALS = SHARE_DECIMALS


def for_candidate(report: Report) -> Report:
    """The part of a report that its candidate may see."""
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
        gauges=tuple(_gauge(gauge) for gauge in report.gauges),
        grades=grades,
        findings=tuple(_public(finding) for finding in report.findings),
        metrics=tuple(_rounded(metric) for metric in report.metrics),
        curves=(),
        artifacts=tuple(a for a in report.artifacts if a.kind in {ArtifactKind.STDOUT, ArtifactKind.STDERR}),
        # Worths come from shares as coarse as these, and sentences were written for candidates.
        summary=replace(report.summary, profile=tuple(_gauge(gauge) for gauge in report.summary.profile)),
        prompts=(),
        overrides=tuple(
            replace(o, reviewer_id="") for o in holding(report.overrides, report.grades).values()
        ),
        people=report.people if report.people and report.people.state == PanelState.COMPLETE else None,
        provenance=replace(report.provenance, host={}),
        # What chance was seeded with tells the traffic that is sent the next time.
        reproduction=Reproduction(commands=report.reproduction.commands),
    )


def for_manager(report: Report) -> Report:
    """What somebody without an account reads: what a candidate may see, and of that no code, paths or logs."""
    public = for_candidate(report)
    return replace(
        public,
        findings=tuple(_without_code(finding) for finding in public.findings),
        grades=tuple(
            replace(grade, findings=tuple(_without_code(finding) for finding in grade.findings))
            for grade in public.grades
        ),
        artifacts=(),
        events=(),
        reproduction=Reproduction(),
    )


def _without_code(finding: Finding) -> Finding:
    return replace(finding, evidence=())


def _public(finding: Finding) -> Finding:
    share = finding.points / finding.max_points if finding.max_points else 0.0
    return replace(finding, reviewer_note="", points=finding.max_points * round(share, SCORE_DECIMALS))


def _gauge(gauge: Gauge) -> Gauge:
    return replace(gauge, score=_coarse(gauge.score), low=_coarse(gauge.low), high=_coarse(gauge.high))


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
