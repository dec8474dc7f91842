"""What an operator and a load balancer see: probes, and where the submissions are."""

from flask import Blueprint, Response, jsonify, render_template

from audition.services import look_up
from audition.web.context import asker, ports

blueprint = Blueprint("operator", __name__)


@blueprint.get("/healthz")
def health() -> Response:
    """This process answers; nothing else is asked."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readiness() -> Response:
    """The database answers too; a queue that does not is said, and is no reason to send people away."""
    look_up.check_storage(ports())
    queue = "down" if look_up.queue_depth(ports()) is None else "ok"
    return jsonify(status="ok", database="ok", queue=queue)


@blueprint.get("/ops")
def overview() -> str:
    """Submissions by state, and the queue."""
    return render_template("operator/overview.html", overview=look_up.overview(ports(), asker()))
