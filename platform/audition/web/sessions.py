"""Browser sessions: a random secret in a cookie, everything else in the database."""

from flask import request, session
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response

from audition.domain.people import Scope
from audition.ports import Ports
from audition.services.sign_in import identify, issue_api_token, sign_out
from audition.web.context import SESSION_COOKIE, ports, settings


def begin(response: Response, secret: str) -> Response:
    """Hand a fresh session to the browser; an older one it still had is ended.

    The secret is always new, so one that an attacker planted before the sign-in is worth nothing after it;
    the CSRF secret goes with it for the same reason.
    """
    end_current()
    response.set_cookie(
        SESSION_COOKIE,
        secret,
        secure=settings().cookies_are_secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return response


def end(response: Response) -> Response:
    """End the session here and in the browser."""
    end_current()
    response.delete_cookie(
        SESSION_COOKIE,
        secure=settings().cookies_are_secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return response


def end_current() -> None:
    """Revoke the session that came with the request, if any."""
    session.clear()
    secret = request.cookies.get(SESSION_COOKIE, "")
    principal = identify(ports(), secret, is_api=False) if secret else None
    if principal is not None:
        sign_out(ports(), principal)


def exchange_for_token(
    a_ports: Ports, secret: str, label: str, scopes: frozenset[Scope] = frozenset()
) -> str:
    """Turn a fresh session into an API token; the session ends, so that only the token is left.

    Raises:
        Unauthorized: The session ended in the meantime.
        DeniedError: A scope needs a role that its owner does not have.
    """
    principal = identify(a_ports, secret, is_api=False)
    if principal is None:
        raise Unauthorized
    token = issue_api_token(a_ports, principal, label, scopes)
    sign_out(a_ports, principal)
    return token
