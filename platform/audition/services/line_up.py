"""Line up submissions beside each other: what they share is quiet, what differs comes first."""

from collections.abc import Sequence
from dataclasses import dataclass

from audition.domain.errors import InvalidError
from audition.domain.grade import COUNTED_OUTCOMES, Dimension, Finding
from audition.domain.people import Principal, Role
from audition.domain.report import Report
from audition.domain.summary import Gauge
from audition.ports import Ports
from audition.services.authorize import require_role
from audition.services.compose_report import compose_report

#: More columns are no comparison any more, and do not fit a page.
MOST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRow:
    """One check in each submission; None where it was not made."""

    check: str
    title: str
    dimension: Dimension
    findings: tuple[Finding | None, ...]
    lost: tuple[float | None, ...]
    """Of 100 points of the whole score; None where it did not count."""

    @property
    def difference(self) -> float:
        """Points between who lost most and who lost least."""
        known = [lost for lost in self.lost if lost is not None]
        return max(known) - min(known) if len(known) > 1 else 0.0

    @property
    def is_same(self) -> bool:
        """Whether all have the same outcome and points."""
        return len({(f.outcome, f.points, f.max_points) if f else None for f in self.findings}) == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineup:
    """Reports in the order that was asked for."""

    reports: tuple[Report, ...]
    gauges: tuple[tuple[Dimension, tuple[Gauge | None, ...]], ...]
    """Of each dimension that any of them has a score in."""
    checks: tuple[CheckRow, ...]
    """What differs first, by the points it makes."""


def line_up(ports: Ports, principal: Principal, submission_ids: Sequence[str]) -> Lineup:
    """Two to four submissions to the same challenge.

    Raises:
        DeniedError: The asker is no reviewer.
        InvalidError: Too few or too many, or of different challenges.
        NotFoundError: There is no such submission.
    """
    require_role(principal, Role.REVIEWER)
    wanted = tuple(dict.fromkeys(submission_ids))
    if not 1 < len(wanted) <= MOST:
        msg = f"{len(wanted)} submissions were chosen; two to {MOST} can be compared."
        raise InvalidError(msg, code="cannot-compare", next_step="Choose them in the list of a cohort.")
    reports = tuple(compose_report(ports, principal, submission_id) for submission_id in wanted)
    if len({report.provenance.challenge_slug for report in reports}) > 1:
        msg = "These submissions are of different challenges: their checks and points mean different things."
        raise InvalidError(msg, code="cannot-compare", next_step="Choose submissions of one challenge.")
    return Lineup(reports=reports, gauges=_gauges(reports), checks=_checks(reports))


def _gauges(reports: Sequence[Report]) -> tuple[tuple[Dimension, tuple[Gauge | None, ...]], ...]:
    by_report = [{gauge.dimension: gauge for gauge in report.gauges} for report in reports]
    rows = ((dimension, tuple(found.get(dimension) for found in by_report)) for dimension in Dimension)
    return tuple((d, row) for d, row in rows if any(g and g.score is not None for g in row))


def _checks(reports: Sequence[Report]) -> tuple[CheckRow, ...]:
    dimensions = {f.check: g.dimension for r in reports for g in r.grades for f in g.findings}
    findings = [{finding.check: finding for finding in report.findings} for report in reports]
    lost = [{worth.check: worth.lost for worth in report.summary.worths} for report in reports]
    rows = (
        CheckRow(
            check=check,
            title=next(found[check].title for found in findings if check in found),
            dimension=dimension,
            findings=tuple(found.get(check) for found in findings),
            lost=tuple(losses.get(check) for losses in lost),
        )
        for check, dimension in dimensions.items()
    )
    telling = (row for row in rows if any(f and f.outcome in COUNTED_OUTCOMES for f in row.findings))
    return tuple(sorted(telling, key=lambda row: (row.is_same, -row.difference, row.check)))
