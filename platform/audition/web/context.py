"""What every view reaches for: the ports, the settings, and who is asking."""

from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import cast

from flask import current_app, g, request
from werkzeug.exceptions import Unauthorized

from audition.domain.people import Principal
from audition.ports import Ports
from audition.services.sign_in import identify
from audition.settings import Settings

API_PREFIX = "/api/"
SESSION_COOKIE = "audition_session"
_EXTENSION = "audition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What an application was created with."""

    ports: Ports
    settings: Settings
    streams: BoundedSemaphore = field(repr=False)


def install(ports: Ports, settings: Settings) -> dict[str, Context]:
    """The entry for `app.extensions`."""
    # Half of the threads, so that pages are answered however many look on.
    streams = BoundedSemaphore(max(1, settings.web_threads // 2))
    return {_EXTENSION: Context(ports=ports, settings=settings, streams=streams)}


def _context() -> Context:
    return cast("Context", current_app.extensions[_EXTENSION])


def ports() -> Ports:
    """The ports of the running application."""
    return _context().ports


def settings() -> Settings:
    """The settings of the running application."""
    return _context().settings


def streams() -> BoundedSemaphore:
    """How many more streams of events this process may have."""
    return _context().streams


def is_api_request() -> bool:
    """Whether the request is for the JSON API, also where no route matches."""
    return request.path.startswith(API_PREFIX)


def asker_or_none() -> Principal | None:
    """Who is asking, looked up once a request; None for someone who is not signed in.

    A cookie is never accepted by the API, nor a bearer token by the pages: what a browser sends by itself
    must not reach an endpoint that has no CSRF check.
    """
    if "asker" not in g:
        is_api = is_api_request()
        secret = bearer_token() if is_api else request.cookies.get(SESSION_COOKIE, "")
        g.asker = identify(ports(), secret, is_api=is_api) if secret else None
    return cast("Principal | None", g.asker)


def asker() -> Principal:
    """Who is asking.

    Raises:
        Unauthorized: Nobody is signed in; pages turn it into the sign-in page, the API into a 401.
    """
    principal = asker_or_none()
    if principal is None:
        raise Unauthorized
    return principal


def bearer_token() -> str:
    """The token of the Authorization header; empty where there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
