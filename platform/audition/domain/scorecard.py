"""What lists show of a run's grades: small enough to read a thousand of them at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from audition.domain.grade import Dimension, Grade, GradeStatus, Outcome, dimension_scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """The scores and outcomes of one run, taken from its published grades."""

    run_id: str
    dimensions: dict[Dimension, float | None]
    """Score in [0, 1]; None when not computed."""
    outcomes: dict[str, Outcome]
    """By check, of those that are worth points."""


def scorecard_of(run_id: str, grades: Sequence[Grade]) -> Scorecard:
    """Take it from the grades; graders that failed themselves say nothing."""
    return Scorecard(
        run_id=run_id,
        dimensions=dimension_scores(tuple(grades)),
        outcomes={
            finding.check: finding.outcome
            for grade in grades
            if grade.status != GradeStatus.ERRORED
            for finding in grade.findings
            if finding.max_points > 0
        },
    )
