"""Runs: each try of a submission, its stages, and what it printed."""

import json
from hashlib import sha256

from flask import Response, jsonify, request

from audition.domain.errors import InvalidError
from audition.services.look_at_runs import one_run, run_log, runs_of
from audition.web import shapes
from audition.web.api.routing import Operation, Query, blueprint, describes
from audition.web.context import asker, ports
from audition.web.downloads import log_response
from audition.web.streaming import MEDIA_TYPE, Snapshot, stream

_AFTER = Query(
    name="after",
    about="Only what comes behind so many bytes: what a client has.",
    schema={"type": "integer", "minimum": 0, "maximum": 1 << 40},
)


@blueprint.get("/submissions/<submission_id>/runs")
@describes(Operation(answer=shapes.RunDocument, is_list=True))
def runs(submission_id: str) -> Response:
    """List the tries of a submission, by number."""
    return jsonify(items=[shapes.run_document(view) for view in runs_of(ports(), asker(), submission_id)])


@blueprint.get("/runs/<run_id>")
@describes(Operation(answer=shapes.RunDocument))
def run(run_id: str) -> Response:
    """One try of a submission."""
    return jsonify(shapes.run_document(one_run(ports(), asker(), run_id)))


@blueprint.get("/runs/<run_id>/events")
@describes(Operation(media=(MEDIA_TYPE,)))
def run_events(run_id: str) -> Response:
    """Tell each change of a run until it has ended, as server-sent events; 204 when too many are open."""
    sources, principal = ports(), asker()

    def look() -> Snapshot:
        view = one_run(sources, principal, run_id)
        text = json.dumps(shapes.run_document(view))
        mark = sha256(text.encode()).hexdigest()[:16]
        return Snapshot(mark=mark, data=text, is_last=view.run.finished_at is not None)

    return stream("run", look)


@blueprint.get("/runs/<run_id>/logs/<name>")
@describes(Operation(media=("text/plain",), query=(_AFTER,)))
def run_output(run_id: str, name: str) -> Response:
    """A log of one run as plain text."""
    principal = asker()
    text = request.args.get("after", "0")
    if not (text.isascii() and text.isdecimal()):
        msg = f"{text[:40]!r} is no number of bytes."
        raise InvalidError(msg, code="bad-offset")
    return log_response(run_log(ports(), principal, run_id, name)[int(text) :], f"{run_id}-{name}")
