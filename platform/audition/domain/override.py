"""What a person changed about a finding. What the grader said is kept; a change can be withdrawn, never erased."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from audition.domain.grade import Finding, Grade, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One check of one run, as a reviewer decided it."""

    id: str
    run_id: str
    check: str
    grader_version: str
    """Of the grade that was looked at: what another version says is looked at anew."""
    old_outcome: Outcome
    old_points: float
    points: float | None
    """In [0, points of the check]; None takes it out of the count."""
    reason: str
    """The candidate reads it too."""
    reviewer_id: str
    created_at: datetime
    withdrawn_at: datetime | None = None


def holding(overrides: Iterable[Override], grades: Sequence[Grade]) -> dict[str, Override]:
    """Those that hold over some grades of their run, by check: the last one that is not withdrawn."""
    versions = {finding.check: grade.version for grade in grades for finding in grade.findings}
    ordered = sorted(overrides, key=lambda override: (override.created_at, override.id))
    return {
        override.check: override
        for override in ordered
        if override.withdrawn_at is None and versions.get(override.check) == override.grader_version
    }


def overridden(grades: Sequence[Grade], overrides: Iterable[Override]) -> tuple[Grade, ...]:
    """The grades with what people changed."""
    held = holding(overrides, grades)
    if not held:
        return tuple(grades)
    return tuple(
        replace(grade, findings=tuple(_changed(f, held.get(f.check)) for f in grade.findings))
        for grade in grades
    )


def _changed(finding: Finding, override: Override | None) -> Finding:
    if override is None:
        return finding
    points = 0.0 if override.points is None else min(override.points, finding.max_points)
    outcome = outcome_of(override.points, finding.max_points)
    return replace(finding, outcome=outcome, points=points, blocked_by="")


def outcome_of(points: float | None, most: float) -> Outcome:
    """How a person's points are called."""
    if points is None:
        return Outcome.NOT_APPLICABLE
    if points >= most:
        return Outcome.PASSED
    return Outcome.PARTIAL if points > 0 else Outcome.FAILED
