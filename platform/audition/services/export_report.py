"""Export a report as files that other programs read."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from audition import codec
from audition.domain.errors import NotFoundError
from audition.domain.grade import Dimension, Finding
from audition.domain.people import Principal
from audition.domain.report import Report
from audition.ports import Ports
from audition.services.compose_report import compose_report
from audition.services.write_junit import write_junit
from audition.services.write_sarif import write_sarif
from audition.services.write_table import Cell, write_table

_COLUMNS = (
    *("check", "title", "dimension", "outcome", "points", "max_points"),
    *("points_won_of_100", "points_lost_of_100", "blocked_by", "sentence", "places"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A file made of a report."""

    name: str
    media_type: str
    data: bytes


def export_report(ports: Ports, principal: Principal, submission_id: str, name: str) -> Export:
    """A report as a file; what is in it is what the asker may see on the page.

    Args:
        ports: Where it is stored.
        principal: Who asks.
        submission_id: Of what.
        name: One of `EXPORTS`.

    Raises:
        NotFoundError: The submission does not exist for the asker, or there is no such file.
        ConflictError: A candidate asks before the report is released.
    """
    report = compose_report(ports, principal, submission_id)
    if name not in EXPORTS:
        msg = f"There is no export {name[:60]!r}."
        raise NotFoundError(msg, code="no-such-export", next_step=f"Ask for one of {', '.join(EXPORTS)}.")
    media_type, write = EXPORTS[name]
    dimensions = {f.check: grade.dimension for grade in report.grades for f in grade.findings}
    return Export(name=f"{submission_id}-{name}", media_type=media_type, data=write(report, dimensions))


def _json(report: Report, _: Mapping[str, Dimension]) -> bytes:
    return codec.to_json(report)


def _csv(report: Report, dimensions: Mapping[str, Dimension]) -> bytes:
    return write_table(_COLUMNS, _rows(report, dimensions))


def _rows(report: Report, dimensions: Mapping[str, Dimension]) -> Iterable[tuple[Cell, ...]]:
    worths = {worth.check: worth for worth in report.summary.worths}
    for finding in report.findings:
        worth, dimension = worths.get(finding.check), dimensions.get(finding.check)
        yield (
            finding.check,
            finding.title,
            dimension.value if dimension else None,
            finding.outcome.value,
            finding.points,
            finding.max_points,
            worth.won if worth else None,
            worth.lost if worth else None,
            finding.blocked_by or None,
            finding.sentence,
            _places(finding),
        )


def _places(finding: Finding) -> str:
    places = (f"{e.file}{'' if e.line is None else f':{e.line}'}" for e in finding.evidence if e.file)
    return " ".join(dict.fromkeys(places))


#: File name to its media type and what writes it.
EXPORTS: dict[str, tuple[str, Callable[[Report, Mapping[str, Dimension]], bytes]]] = {
    "report.json": ("application/json", _json),
    "findings.csv": ("text/csv; charset=utf-8", _csv),
    "findings.sarif": ("application/sarif+json", write_sarif),
    "junit.xml": ("application/xml", write_junit),
}
