"""Where a candidate disputes a finding of their report, and a reviewer answers."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from audition.domain.people import Role
from audition.services.authorize import require_candidate, require_role
from audition.services.compose_report import compose_report
from audition.services.dispute_finding import (
    MOST_TEXT,
    answer_dispute,
    dispute_finding,
    disputes_of,
    open_disputes,
)
from audition.web.context import asker, ports
from audition.web.overriding import finding_of, points_of_form

#: For candidates, on their own reports.
blueprint = Blueprint("disputing", __name__, url_prefix="/s")
#: For reviewers.
answering = Blueprint("answering", __name__, url_prefix="/r")


@blueprint.before_request
def only_candidates() -> None:
    """Every page here belongs to the candidate of one invitation."""
    require_candidate(asker())


@answering.before_request
def only_reviewers() -> None:
    """Every page here is for reviewers."""
    require_role(asker(), Role.REVIEWER)


@blueprint.get("/<submission_id>/report/disputes/<check>")
def form(submission_id: str, check: str) -> str:
    """One finding, and what the candidate holds against it."""
    report = compose_report(ports(), asker(), submission_id)
    finding = finding_of(report, check)
    return render_template(
        "candidate/dispute.html",
        report=report,
        finding=finding,
        disputes=disputes_of(ports(), asker(), submission_id),
        most_text=MOST_TEXT,
    )


@blueprint.post("/<submission_id>/report/disputes/<check>")
def save(submission_id: str, check: str) -> Response:
    """Dispute it."""
    dispute_finding(ports(), asker(), submission_id, check, request.form.get("text", ""))
    return redirect(url_for("disputing.form", submission_id=submission_id, check=check), code=303)


@answering.get("/disputes")
def waiting() -> str:
    """What waits for an answer, oldest first."""
    return render_template("reviewer/disputes.html", disputes=open_disputes(ports(), asker()))


@answering.post("/<submission_id>/checks/<check>/answer")
def answer(submission_id: str, check: str) -> Response:
    """Answer a dispute."""
    is_upheld = request.form.get("decision") == "upheld"
    answer_dispute(
        ports(),
        asker(),
        submission_id,
        check,
        is_upheld=is_upheld,
        points=points_of_form() if is_upheld else None,
        answer=request.form.get("answer", ""),
    )
    return redirect(url_for("overriding.form", submission_id=submission_id, check=check), code=303)
