"""List what counts for nothing, and why: a reader must not take silence for a zero, nor for a pass."""

from collections.abc import Iterable, Mapping

from audition.domain.grade import Dimension, Finding, Grade, GradeStatus, Outcome
from audition.domain.summary import Gap

NOT_ASKED = "This challenge does not ask for it."
OUR_FAULT = "A grader of ours failed; that is our fault and costs nothing."
_NOTHING_COUNTS = "Nothing of it counts in this challenge."
_SILENT = (Outcome.NOT_ASSESSED, Outcome.NOT_APPLICABLE)


def list_gaps(findings: Mapping[Dimension, tuple[Finding, ...]]) -> tuple[Gap, ...]:
    """Checks that were not assessed or did not apply, one gap for each reason within a dimension."""
    return tuple(gap for dimension, found in findings.items() for gap in _gaps(dimension, found))


def _gaps(dimension: Dimension, findings: Iterable[Finding]) -> list[Gap]:
    reasons: dict[tuple[Outcome, str], list[str]] = {}
    for finding in findings:
        if finding.outcome in _SILENT:
            reasons.setdefault((finding.outcome, finding.sentence), []).append(finding.check)
    ordered = sorted(reasons.items(), key=lambda item: (_SILENT.index(item[0][0]), -len(item[1]), item[0][1]))
    return [
        Gap(dimension=dimension, outcome=outcome, reason=reason, checks=tuple(checks))
        for (outcome, reason), checks in ordered
    ]


def why_no_score(dimension: Dimension, grades: tuple[Grade, ...]) -> str:
    """Why a dimension has no score: the reason that most of its checks give."""
    mine = [grade for grade in grades if grade.dimension == dimension]
    if not mine:
        return NOT_ASKED
    if any(grade.status == GradeStatus.ERRORED for grade in mine):
        return OUR_FAULT
    gaps = _gaps(dimension, (finding for grade in mine for finding in grade.findings))
    return gaps[0].reason if gaps else _NOTHING_COUNTS
