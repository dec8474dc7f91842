"""What an author sees: the published challenge versions, who is invited to them, and how to invite."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from audition.domain.errors import NotFoundError
from audition.domain.people import Role
from audition.services import look_up
from audition.services.authorize import require_role
from audition.services.grant_time import MOST_HOURS, grant_time, list_invitations
from audition.services.invite import invite
from audition.services.keep_proof import proof_of
from audition.services.mail_invitation import mail_invitation
from audition.services.measure_variants import spread_of
from audition.services.survey_challenge import survey_challenge
from audition.web.context import asker, ports, settings

blueprint = Blueprint("author", __name__, url_prefix="/a")


@blueprint.before_request
def only_authors() -> None:
    """Every page here is for authors."""
    require_role(asker(), Role.AUTHOR)


@blueprint.get("")
def versions() -> str:
    """The published versions, newest first."""
    return render_template("author/versions.html", versions=look_up.challenge_versions(ports()))


@blueprint.get("/<slug>")
def challenge(slug: str) -> str:
    """One challenge: its versions, and how one of them was proved and does."""
    mine = [version for version in look_up.challenge_versions(ports()) if version.slug == slug]
    number = request.args.get("version", type=int)
    chosen = next((version for version in mine if number in {None, version.number}), None)
    if chosen is None:
        msg = f"There is no such version of {slug}."
        raise NotFoundError(msg, next_step="See the list of challenges.")
    return render_template(
        "author/challenge.html",
        versions=mine,
        version=chosen,
        stats=survey_challenge(ports(), chosen.id),
        proof=[line.partition(": ")[::2] for line in proof_of(ports(), chosen.id)],
        spread=spread_of(ports(), chosen),
    )


@blueprint.get("/invitations")
def invitations() -> str:
    """Who is invited, and the form for extra time."""
    return render_template(
        "author/invitations.html", rows=list_invitations(ports(), asker()), most_hours=MOST_HOURS
    )


@blueprint.post("/invitations/<invitation_id>/time")
def extra_time(invitation_id: str) -> Response:
    """Grant extra time to somebody who has not started."""
    hours = request.form.get("hours", float("nan"), type=float)
    grant_time(ports(), asker(), invitation_id, hours)
    return redirect(url_for("author.invitations"), code=303)


@blueprint.post("/invitations")
def create_invitation() -> tuple[str, int]:
    """Invite a candidate and show the link, once."""
    invitation, secret = invite(
        ports(),
        asker().actor,
        slug=request.form.get("challenge", ""),
        email=request.form.get("email", ""),
        name=request.form.get("name", ""),
        valid_days=request.form.get("valid_days", 0.0, type=float),
        clock_hours=request.form.get("clock_hours", type=float),
    )
    link = settings().public_url + url_for("arrival.landing", token=secret)
    mailed = mail_invitation(ports(), invitation, link) if "is_mailed" in request.form else None
    return render_template("author/invited.html", invitation=invitation, link=link, mailed=mailed), 201
