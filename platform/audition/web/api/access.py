"""Who asks: tokens for staff and candidates, and whom one belongs to."""

from dataclasses import dataclass

from flask import Response, jsonify

from audition.domain.people import Scope
from audition.services.sign_in import own_tokens, revoke_token, sign_in_candidate, sign_in_staff
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
    scopes: frozenset[Scope] = frozenset()
    """What the token is narrowed to; empty for all that its owner may do."""


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
    token = exchange_for_token(ports(), secret, body.label[:_MOST_LABEL], body.scopes)
    return jsonify(token=token), 201


@blueprint.get("/tokens")
@describes(Operation(answer=shapes.ListedToken, is_list=True))
def tokens() -> Response:
    """List one's own tokens that are good for something, without their secrets."""
    return jsonify(items=[shapes.token_document(token) for token in own_tokens(ports(), asker())])


@blueprint.delete("/tokens/<token_id>")
@describes(Operation(status=204))
def end_token(token_id: str) -> tuple[str, int]:
    """End one of one's own tokens, also the one that is used for it."""
    revoke_token(ports(), asker(), token_id)
    return "", 204


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
