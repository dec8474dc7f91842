"""Links under which somebody without an account reads a report, and the page that they lead to."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from audition.domain.people import Role
from audition.services.authorize import require_role
from audition.services.share_report import create_share, open_share, revoke_share
from audition.web.context import asker, ports, settings

#: For reviewers, who make and end links.
blueprint = Blueprint("sharing", __name__, url_prefix="/r")
#: Open to anyone who has a link.
arrival = Blueprint("share", __name__, url_prefix="/x")


@blueprint.before_request
def only_reviewers() -> None:
    """Every page here is for reviewers."""
    require_role(asker(), Role.REVIEWER)


@blueprint.post("/<submission_id>/shares")
def create(submission_id: str) -> tuple[str, int]:
    """Make a link and show it, once."""
    days = request.form.get("days", 0.0, type=float)
    share, secret = create_share(ports(), asker(), submission_id, days)
    link = settings().public_url + url_for("share.view", token=secret)
    return render_template("reviewer/shared.html", share=share, link=link), 201


@blueprint.post("/<submission_id>/shares/<share_id>/end")
def revoke(submission_id: str, share_id: str) -> Response:
    """End a link before its time."""
    revoke_share(ports(), asker(), submission_id, share_id)
    return redirect(
        url_for("reviewer.part", submission_id=submission_id, part="record", _anchor="shares"), code=303
    )


@arrival.get("/<token>")
def view(token: str) -> str:
    """A report in plain words, without code."""
    share, report = open_share(ports(), token)
    return render_template("share.html", share=share, report=report)
