"""What an author sees: the published challenge versions, and the form that invites a candidate."""

from flask import Blueprint, render_template, request, url_for

from audition.domain.people import Role
from audition.services import look_up
from audition.services.authorize import require_role
from audition.services.invite import invite
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
    )
    link = settings().public_url + url_for("arrival.landing", token=secret)
    return render_template("author/invited.html", invitation=invitation, link=link), 201
