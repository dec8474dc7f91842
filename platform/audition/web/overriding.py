"""Where a reviewer changes what a check said, and sees who changed it before."""

import math

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from audition.domain.errors import InvalidError, NotFoundError
from audition.domain.grade import Finding
from audition.domain.override import holding
from audition.domain.people import Role
from audition.domain.report import Report
from audition.services.authorize import require_role
from audition.services.compose_report import compose_report
from audition.services.dispute_finding import disputes_of
from audition.services.override_check import MOST_REASON, override_check, withdraw_override
from audition.web.context import asker, ports

blueprint = Blueprint("overriding", __name__, url_prefix="/r")


@blueprint.before_request
def only_reviewers() -> None:
    """Every page here is for reviewers."""
    require_role(asker(), Role.REVIEWER)


def finding_of(report: Report, check: str) -> Finding:
    """What one check saw.

    Raises:
        NotFoundError: The report has no such check.
    """
    found = next((f for f in report.findings if f.check == check), None)
    if found is None:
        msg = f"The report has no check {check[:80]!r}."
        raise NotFoundError(msg, code="no-such-check")
    return found


@blueprint.get("/<submission_id>/checks/<check>")
def form(submission_id: str, check: str) -> str:
    """One check, its history, and the form that changes it."""
    report = compose_report(ports(), asker(), submission_id)
    finding = finding_of(report, check)
    return render_template(
        "reviewer/check.html",
        report=report,
        finding=finding,
        held=holding(report.overrides, report.grades).get(check),
        history=[o for o in report.overrides if o.check == check],
        most_reason=MOST_REASON,
        dispute=disputes_of(ports(), asker(), submission_id).by_check.get(check),
    )


@blueprint.post("/<submission_id>/checks/<check>")
def save(submission_id: str, check: str) -> Response:
    """Change it."""
    points = points_of_form()
    reason = request.form.get("reason", "")
    override_check(ports(), asker(), submission_id, check, points=points, reason=reason)
    return _back(submission_id, check)


@blueprint.post("/<submission_id>/checks/<check>/withdraw")
def withdraw(submission_id: str, check: str) -> Response:
    """Let the grader's word hold again."""
    withdraw_override(ports(), asker(), submission_id, check)
    return _back(submission_id, check)


def points_of_form() -> float | None:
    """The points that a form gives a check; None where it takes it out of the count.

    Raises:
        InvalidError: What stands there is no number.
    """
    return None if "uncounted" in request.form else _points(request.form.get("points", ""))


def _points(text: str) -> float:
    try:
        points = float(text)
    except ValueError:
        points = math.nan
    if math.isfinite(points):
        return points
    msg = f"{text[:40]!r} is no number of points."
    raise InvalidError(msg, code="bad-points", next_step="Write a number, e.g. 1.5.")


def _back(submission_id: str, check: str) -> Response:
    return redirect(url_for("overriding.form", submission_id=submission_id, check=check), code=303)
