"""Who asks: tokens for staff and candidates, and whom one belongs to."""

from dataclasses import dataclass

from flask import Response, jsonify

from audition.services.sign_in import sign_in_candidate, sign_in_staff
from audition.web import shapes
from audition.web.api.routing import Operation, blueprint, describes, read_body
from audition.web.context import asker, ports
from audition.web.sessions import exchange_for_token

_MOST_LABEL = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Body of POST /tokens."""

    email: str
    password: str
    label: str = "api"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkToken:
    """Body of POST /invitations/start: the last part of an invitation link."""

    token: str
    label: str = "api"


@blueprint.post("/tokens")
@describes(Operation(body=Credentials, answer=shapes.TokenDocument, status=201, is_open=True))
def create_token() -> tuple[Response, int]:
    """Give staff a token for their e-mail address and password."""
    body = read_body(Credentials)
    secret = sign_in_staff(ports(), body.email, body.password)
    return jsonify(token=exchange_for_token(ports(), secret, body.label[:_MOST_LABEL])), 201


@blueprint.post("/invitations/start")
@describes(Operation(body=LinkToken, answer=shapes.TokenDocument, status=201, is_open=True))
def start_invitation() -> tuple[Response, int]:
    """Start, or return to, an invitation; the first time starts the candidate's clock."""
    body = read_body(LinkToken)
    secret = sign_in_candidate(ports(), body.token)
    return jsonify(token=exchange_for_token(ports(), secret, body.label[:_MOST_LABEL])), 201


@blueprint.get("/me")
@describes(Operation(answer=shapes.MeDocument))
def me() -> Response:
    """Tell whom the token belongs to."""
    return jsonify(shapes.me_document(asker()))
