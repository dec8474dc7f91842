"""What an operator, a load balancer and a program that watches see: probes, metrics, and how everything is."""

import hmac
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from audition.domain.people import Principal, Role
from audition.services import look_up
from audition.services.authorize import require_role
from audition.services.cancel import cancel
from audition.services.oversee import drain, oversee, survey
from audition.services.retry import rerun
from audition.web.context import asker, bearer_token, ports, settings
from audition.web.exposition import CONTENT_TYPE, expose

blueprint = Blueprint("operator", __name__)

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


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


@blueprint.get("/metrics")
def metrics() -> Response:
    """Counts for Prometheus: with the token, or, where none is set, on a site that is this machine's alone."""
    token = settings().metrics_token
    if token is None and not _is_own_machine():
        raise NotFound
    if token is not None and not hmac.compare_digest(bearer_token().encode(), token.encode()):
        # For a program: no sign-in page.
        return Response("Send the token as a bearer.", 401, {"WWW-Authenticate": "Bearer"}, "text/plain")
    return Response(expose(survey(ports())), content_type=CONTENT_TYPE)


def _is_own_machine() -> bool:
    """Behind a proxy everybody comes from this machine, so the site itself has to be for nobody else."""
    is_site_own = urlsplit(settings().public_url).hostname in _LOOPBACK
    return is_site_own and bool(request.remote_addr and ip_address(request.remote_addr).is_loopback)


@blueprint.get("/ops")
def overview() -> str:
    """What waits and runs, what failed, and how each worker is."""
    return render_template("operator/overview.html", operations=oversee(ports(), asker()))


@blueprint.post("/ops/workers")
def drain_worker() -> AnyResponse:
    """Have a worker take no more jobs, or take them again."""
    is_draining = request.form.get("order") == "drain"
    drain(ports(), asker(), request.form.get("worker", ""), is_draining=is_draining)
    return _back()


@blueprint.post("/ops/<submission_id>/rerun")
def rerun_submission(submission_id: str) -> AnyResponse:
    """Run it again."""
    rerun(ports(), _operator(), submission_id, "An operator had it run again.")
    return _back()


@blueprint.post("/ops/<submission_id>/cancel")
def cancel_submission(submission_id: str) -> AnyResponse:
    """Stop it."""
    cancel(ports(), _operator(), submission_id)
    return _back()


def _operator() -> Principal:
    """Others may do some of this to some submissions, on their own pages."""
    require_role(asker(), Role.OPERATOR)
    return asker()


def _back() -> AnyResponse:
    return redirect(url_for("operator.overview"), code=303)
