"""Where reviewers mark: evidence on one side, the rubric on the other, saved as they go."""

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from audition.domain.people import Role
from audition.services.authorize import require_role
from audition.services.compose_report import compose_report
from audition.services.mark_submission import begin_review, read_sheet, save_mark, sign_review
from audition.web.context import asker, ports

blueprint = Blueprint("marking", __name__, url_prefix="/r")


@blueprint.before_request
def only_reviewers() -> None:
    """Every page here is for reviewers."""
    require_role(asker(), Role.REVIEWER)


@blueprint.post("/<submission_id>/reviews")
def begin(submission_id: str) -> Response:
    """Take a seat on the panel."""
    begin_review(ports(), asker(), submission_id)
    return redirect(url_for("marking.sheet", submission_id=submission_id), code=303)


@blueprint.get("/<submission_id>/mark")
def sheet(submission_id: str) -> str:
    """The sheet to mark on; once it is signed, everybody's marks side by side."""
    return render_template(
        "reviewer/mark.html",
        report=compose_report(ports(), asker(), submission_id),
        sheet=read_sheet(ports(), asker(), submission_id),
    )


@blueprint.post("/<submission_id>/mark/<item>")
def save(submission_id: str, item: str) -> Response:
    """Save one item: scripts are told what is left, others see the sheet again."""
    saved = save_mark(
        ports(),
        asker(),
        submission_id,
        item,
        level=request.form.get("level", type=int),
        evidence=request.form.get("evidence", ""),
        note=request.form.get("note", ""),
    )
    if request.accept_mimetypes.best == "application/json":
        return jsonify(unmarked=len(saved.unmarked))
    return redirect(url_for("marking.sheet", submission_id=submission_id, _anchor=f"item-{item}"), code=303)


@blueprint.post("/<submission_id>/mark")
def sign(submission_id: str) -> Response:
    """Make the review final."""
    sign_review(ports(), asker(), submission_id, request.form.get("comment", ""))
    return redirect(url_for("marking.sheet", submission_id=submission_id), code=303)
