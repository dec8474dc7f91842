"""The API's description of itself."""

from flask import Response, current_app, jsonify

from audition.web.api.openapi import openapi
from audition.web.api.routing import JSON, Operation, blueprint, describes


@blueprint.get("/openapi.json")
@describes(Operation(media=(JSON,), is_open=True))
def description() -> Response:
    """This document."""
    return jsonify(openapi(current_app.url_map.iter_rules(), current_app.view_functions))
