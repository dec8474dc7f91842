"""Summarize a report: everything of its first screen, from grades alone."""

from collections.abc import Mapping

from audition.domain.grade import (
    COUNTED_OUTCOMES,
    Dimension,
    Finding,
    Grade,
    GradeStatus,
    Metric,
    Outcome,
    dimension_scores,
    findings_by_dimension,
    point_values,
)
from audition.domain.summary import Gauge, Summary
from audition.services.answer_topics import answer_topics
from audition.services.fold_blocked import fold_blocked
from audition.services.list_gaps import list_gaps, why_no_score
from audition.services.rate_maturity import rate_maturity
from audition.services.weigh import risks, strengths, weigh

#: The check whose points are the challenge's metric, hence whose uncertainty is the dimension's.
METRIC_CHECK = "model.metric.primary"


def summarize(grades: tuple[Grade, ...], weights: Mapping[Dimension, float]) -> Summary:
    """The first screen.

    Args:
        grades: Of the run.
        weights: Of the challenge, by dimension.
    """
    groups = findings_by_dimension(grades)
    findings = findings_by_check(grades)
    worths = weigh(groups, weights)
    blockages = fold_blocked(worths, findings)
    gauges = all_gauges(grades, weights)
    known = [gauge for gauge in gauges if gauge.score is not None]
    return Summary(
        profile=tuple(gauge for gauge in gauges if gauge.dimension != Dimension.MODEL_QUALITY),
        lowest=min(known, key=lambda gauge: gauge.score or 0.0).dimension if known else None,
        maturity=rate_maturity(findings),
        answers=answer_topics(findings),
        strengths=strengths(worths, findings),
        risks=risks(worths, findings, blockages),
        gaps=list_gaps(groups),
        worths=worths,
        blockages=blockages,
    )


def findings_by_check(grades: tuple[Grade, ...]) -> dict[str, Finding]:
    """All findings of graders that could do their work; ids are unique among graders."""
    return {f.check: f for found in findings_by_dimension(grades).values() for f in found}


def all_gauges(grades: tuple[Grade, ...], weights: Mapping[Dimension, float]) -> tuple[Gauge, ...]:
    """One gauge for every dimension that there is, in their order."""
    scores = dimension_scores(grades)
    return tuple(
        _gauge(dimension, weights.get(dimension, 0.0), scores.get(dimension), grades)
        for dimension in Dimension
    )


def shown_gauges(gauges: tuple[Gauge, ...]) -> tuple[Gauge, ...]:
    """Those that say something: they have a score, or the challenge wants one."""
    return tuple(gauge for gauge in gauges if gauge.score is not None or gauge.weight > 0)


def _gauge(dimension: Dimension, weight: float, score: float | None, grades: tuple[Grade, ...]) -> Gauge:
    mine = tuple(g for g in grades if g.dimension == dimension and g.status != GradeStatus.ERRORED)
    findings = tuple(finding for grade in mine for finding in grade.findings)
    low, high = _interval(score, mine, findings)
    return Gauge(
        dimension=dimension,
        weight=weight,
        score=score,
        low=low,
        high=high,
        reason=why_no_score(dimension, grades) if score is None else "",
        counted=sum(f.outcome in COUNTED_OUTCOMES and f.max_points > 0 for f in findings),
        blocked=sum(f.outcome == Outcome.BLOCKED and f.max_points > 0 for f in findings),
        unassessed=sum(f.outcome == Outcome.NOT_ASSESSED and f.max_points > 0 for f in findings),
    )


def _interval(
    score: float | None, grades: tuple[Grade, ...], findings: tuple[Finding, ...]
) -> tuple[float | None, float | None]:
    """The metric's interval moves the part of the score that the metric's points are."""
    metric: Metric | None = next((m for g in grades for m in g.metrics), None)
    share = next(
        (value * f.max_points for f, value in point_values(findings) if f.check == METRIC_CHECK), None
    )
    if score is None or metric is None or share is None:
        return None, None
    low = max(0.0, score - share * (metric.score - metric.score_low))
    return low, min(1.0, score + share * (metric.score_high - metric.score))
