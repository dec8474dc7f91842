"""The front door: sign in, sign out, and where each person belongs."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from audition.domain.people import Principal, PrincipalKind, Role
from audition.services.sign_in import identify, sign_in_staff
from audition.web import sessions
from audition.web.context import asker_or_none, ports

blueprint = Blueprint("staff", __name__)

_HOMES = ((Role.REVIEWER, "reviewer.inbox"), (Role.AUTHOR, "author.versions"))


def home_of(principal: Principal) -> str:
    """The address of someone's first page."""
    if principal.kind == PrincipalKind.CANDIDATE:
        return url_for("candidate.home")
    endpoint = next((page for role, page in _HOMES if principal.has_role(role)), "reviewer.inbox")
    return url_for(endpoint)


@blueprint.get("/")
def front() -> Response:
    """Take everybody to their own first page."""
    principal = asker_or_none()
    return redirect(home_of(principal) if principal else url_for("staff.sign_in"), code=303)


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response | str:
    """The sign-in form, and its answer."""
    if request.method == "GET":
        return render_template("sign_in.html", next=request.args.get("next", ""))
    secret = sign_in_staff(ports(), request.form.get("email", ""), request.form.get("password", ""))
    principal = identify(ports(), secret, is_api=False)
    target = _local(request.form.get("next", "")) or (home_of(principal) if principal else "/")
    return sessions.begin(redirect(target, code=303), secret)


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End the session."""
    return sessions.end(redirect(url_for("staff.sign_in"), code=303))


def _local(target: str) -> str:
    """The target if it is a page of ours, else nothing: a sign-in must not lead to another site.

    A backslash counts as a slash in browsers, and two slashes start another host's address.
    """
    is_ours = target.startswith("/") and not target.startswith("//") and "\\" not in target
    return target if is_ours and target.isprintable() else ""
