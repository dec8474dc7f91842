"""Many submissions at once: a cohort as a whole, and a few beside each other."""

from flask import Response, jsonify, request

from audition import codec
from audition.domain.cohort import Cohort
from audition.services.line_up import MOST, line_up
from audition.services.survey_cohort import cohort_as_file, survey_cohort
from audition.web import shapes_staff
from audition.web.api.routing import JSON, Operation, Query, blueprint, describes
from audition.web.context import asker, ports
from audition.web.downloads import export_response

_CHOSEN = Query(
    name="submission",
    about=f"Given two to {MOST} times: the submissions.",
    schema={"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": MOST},
    is_required=True,
)


@blueprint.get("/cohorts/<version_id>")
@describes(Operation(answer=Cohort))
def cohort(version_id: str) -> Response:
    """Show everybody invited to one challenge version, under aliases."""
    return jsonify(codec.to_plain(survey_cohort(ports(), asker(), version_id)))


@blueprint.get("/cohorts/<version_id>/exports/<name>")
@describes(Operation(media=("text/csv", JSON)))
def cohort_export(version_id: str, name: str) -> Response:
    """Download the cohort as a file: cohort.csv or cohort.json."""
    return export_response(cohort_as_file(survey_cohort(ports(), asker(), version_id), name))


@blueprint.get("/comparisons")
@describes(Operation(answer=shapes_staff.ComparisonDocument, query=(_CHOSEN,)))
def comparison() -> Response:
    """Put two to four submissions beside each other, what differs first."""
    lineup = line_up(ports(), asker(), request.args.getlist("submission"))
    return jsonify(shapes_staff.comparison_document(lineup))
