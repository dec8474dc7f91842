"""Many submissions at once: a cohort as a whole, and a few beside each other."""

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from audition.domain.item_analysis import ENOUGH, LEAST_DISCRIMINATION
from audition.domain.people import Role
from audition.services.authorize import require_role
from audition.services.compare_reviewers import ENOUGH_MARKS, compare_reviewers
from audition.services.compare_sources import compare_sources
from audition.services.line_up import MOST, line_up
from audition.services.survey_cohort import cohort_as_file, survey_cohort
from audition.web.context import asker, ports
from audition.web.downloads import export_response

blueprint = Blueprint("cohorts", __name__, url_prefix="/r")

#: Lines of a page; the whole list is a file.
PER_PAGE = 25


@blueprint.before_request
def only_reviewers() -> None:
    """Every page here is for reviewers."""
    require_role(asker(), Role.REVIEWER)


@blueprint.get("/cohort/<version_id>")
def cohort(version_id: str) -> str:
    """Everybody invited to one challenge version."""
    found = survey_cohort(ports(), asker(), version_id)
    last = max(1, -(-len(found.best) // PER_PAGE))
    page = min(max(1, request.args.get("page", 1, type=int)), last)
    return render_template(
        "reviewer/cohort.html",
        cohort=found,
        shown=found.best[(page - 1) * PER_PAGE : page * PER_PAGE],
        first=(page - 1) * PER_PAGE,
        page=page,
        last=last,
        most=MOST,
        enough=ENOUGH,
        least=LEAST_DISCRIMINATION,
        exports=("cohort.csv", "cohort.json"),
    )


@blueprint.get("/cohort/<version_id>/exports/<name>")
def export(version_id: str, name: str) -> Response:
    """The cohort as a file: every attempt, under aliases."""
    return export_response(cohort_as_file(survey_cohort(ports(), asker(), version_id), name))


@blueprint.get("/cohort/<version_id>/reviewers")
def reviewers(version_id: str) -> str:
    """How each reviewer marks, beside the others of the same panels."""
    return render_template(
        "reviewer/reviewers.html",
        version_id=version_id,
        compared=compare_reviewers(ports(), asker(), version_id),
        enough=ENOUGH_MARKS,
    )


@blueprint.get("/compare")
def compare() -> str:
    """Two to four submissions beside each other."""
    return render_template(
        "reviewer/compare.html",
        lineup=line_up(ports(), asker(), request.args.getlist("s")),
        shows_all="all" in request.args,
    )


@blueprint.get("/compare/code")
def code() -> str:
    """The code of two of them, a file at a time."""
    wanted, path = tuple(request.args.getlist("s")), request.args.get("file", "")
    return render_template("reviewer/code.html", compared=compare_sources(ports(), asker(), wanted, path))
