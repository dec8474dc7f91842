"""Every POST with an `Idempotency-Key` is done once; the same request again gets the same answer."""

import logging
from http import HTTPStatus

from flask import Response, g, make_response, request

from audition.domain.errors import AuditionError
from audition.domain.kept_answer import KeptAnswer
from audition.services.answer_once import give_key_back, reserve_key, settle_key
from audition.web.api.routing import JSON, MOST_JSON_BYTES, OPERATIONS, blueprint
from audition.web.context import asker_or_none, ports

KEY_HEADER = "Idempotency-Key"
REPEATED_HEADER = "Idempotent-Replayed"
_log = logging.getLogger(__name__)


@blueprint.before_request
def find_answer() -> Response | None:
    """Give the kept answer, or take the key until `keep_answer` sees how it went."""
    operation, key = OPERATIONS.get(request.endpoint or ""), request.headers.get(KEY_HEADER)
    if request.method != "POST" or key is None or operation is None or not operation.takes_key:
        return None
    principal = asker_or_none()
    if principal is None:
        # The view says so.
        return None
    request.max_content_length = MOST_JSON_BYTES
    asked = b"\n".join((request.path.encode(), request.query_string, request.get_data()))
    found = reserve_key(ports(), principal, key, asked)
    if found.status is None:
        g.held_key = found
        return None
    repeated = make_response(found.body or "", found.status)
    repeated.content_type = JSON
    repeated.headers[REPEATED_HEADER] = "true"
    return repeated


@blueprint.after_request
def keep_answer(response: Response) -> Response:
    """Settle the key that the request holds, or give it back where the request was refused."""
    held: KeptAnswer | None = g.pop("held_key", None)
    if held is not None:
        try:
            _settle(held, response)
        except AuditionError as error:
            # It was done; that it cannot be repeated is no reason to tell the caller that it failed.
            _log.warning("the answer under an idempotency key was not kept: %s", error.detail)
    return response


def _settle(held: KeptAnswer, response: Response) -> None:
    if response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
        # Nobody knows how far it came: the key stays taken, and whoever repeats it is told so.
        return
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        give_key_back(ports(), held)
        return
    operation = OPERATIONS[request.endpoint or ""]
    body = None if operation.has_secret else response.get_data(as_text=True)
    settle_key(ports(), held, response.status_code, body)
