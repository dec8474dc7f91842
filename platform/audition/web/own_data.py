"""What is kept of a candidate, for the candidate: to read, to take along, and to have deleted."""

from flask import Blueprint, g, make_response, render_template, request
from werkzeug.wrappers import Response

from audition.domain.errors import InvalidError
from audition.services.authorize import require_candidate
from audition.services.erase_data import erase_own_data
from audition.services.export_data import own_data
from audition.web import sessions
from audition.web.context import asker, ports
from audition.web.downloads import own_data_response

blueprint = Blueprint("own_data", __name__, url_prefix="/me")


@blueprint.before_request
def only_candidates() -> None:
    """Every page here is about the candidate who asks."""
    require_candidate(asker())


@blueprint.get("")
def page() -> str:
    """What is kept."""
    return render_template("candidate/own_data.html", own=own_data(ports(), asker()))


@blueprint.get("/export")
def export() -> Response:
    """Everything, as one zip."""
    return own_data_response(ports(), asker())


@blueprint.post("/erase")
def erase() -> Response:
    """Delete everything, and say so; the session is gone with it.

    Raises:
        InvalidError: It was not confirmed.
    """
    if request.form.get("confirm") != "delete":
        msg = "Nothing was deleted: the box that confirms it was not ticked."
        raise InvalidError(msg, code="not-confirmed", next_step="Tick the box, then press the button.")
    count = erase_own_data(ports(), asker())
    g.asker = None
    return sessions.end(make_response(render_template("candidate/erased.html", count=count)))
