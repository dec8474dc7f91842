"""Headers, CSRF, rate limits and the signing key: what keeps hostile text and hostile sites harmless."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from flask import Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFProtect  # type: ignore[import-untyped]
from werkzeug.wrappers import Response

from audition.settings import Settings, signing_key
from audition.web.context import asker_or_none

if TYPE_CHECKING:
    from flask import Blueprint
    from flask.typing import RouteCallable

#: No inline script or style anywhere, nothing from elsewhere, no frames but our own. Source: W3C CSP level 3.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # The address of an invitation is a secret; no other site may learn it.
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
#: Two years, as the preload list asks.
_STRICT_TRANSPORT = "max-age=63072000"
_STATIC_SECONDS = 3600
#: Slack over the largest upload for the other parts of a multipart body.
_FORM_BYTES = 1 << 20
#: A Redis that does not answer must cost a request little before the limits fall back to memory.
_REDIS_TIMEOUT_SECONDS = 0.5
_FIRST_ERROR = 400


def protect(app: Flask, settings: Settings, api: "Blueprint") -> None:
    """Configure cookies and sizes, and turn CSRF checks and headers on."""
    app.config.update(
        SECRET_KEY=signing_key(settings),
        MAX_CONTENT_LENGTH=settings.upload_max_bytes + _FORM_BYTES,
        # Flask's own cookie carries the CSRF secret and nothing else.
        SESSION_COOKIE_NAME="audition_csrf",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.cookies_are_secure,
        # A candidate may leave the upload page open for a day; the token is bound to the session anyway.
        WTF_CSRF_TIME_LIMIT=None,
        # The strict check wants a Referer, which our own Referrer-Policy takes away.
        WTF_CSRF_SSL_STRICT=False,
    )
    CSRFProtect(app).exempt(api)
    app.after_request(_header_writer(settings))


def _header_writer(settings: Settings) -> Callable[[Response], Response]:
    def write(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if settings.cookies_are_secure:
            response.headers.setdefault("Strict-Transport-Security", _STRICT_TRANSPORT)
        if response.status_code != HTTPStatus.TOO_MANY_REQUESTS:
            # The limiter says with every answer when the count begins anew; nobody has to wait for that.
            response.headers.pop("Retry-After", None)
        if request.endpoint == "static":
            response.headers["Cache-Control"] = f"public, max-age={_STATIC_SECONDS}"
        else:
            response.headers["Cache-Control"] = "no-store"
        return response

    return write


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How often one caller may use a view.

    Attributes:
        text: E.g. "10 per minute".
        is_for_failures: Only refused requests count: guessing is limited, a busy office is not.
    """

    text: str
    is_for_failures: bool


def limit_rates(app: Flask, settings: Settings, rates: dict[str, Rate], api: "Blueprint") -> None:
    """Limit the API as a whole and some views, by endpoint; the counts are in Redis, or in memory without one."""
    limiter = Limiter(
        _caller,
        app=app,
        storage_uri=_storage_uri(settings.redis_url),
        storage_options=_storage_options(settings.redis_url),
        # A Redis that is down takes the shared counts away, not the site.
        in_memory_fallback_enabled=True,
        swallow_errors=True,
        headers_enabled=True,
    )
    limiter.shared_limit(settings.api_rate, scope="api")(api)
    for endpoint, rate in rates.items():
        limit = limiter.limit(
            rate.text,
            exempt_when=_only_looks,
            deduct_when=_is_refused if rate.is_for_failures else None,
        )
        # The library types what it returns more widely than Flask types what it takes.
        app.view_functions[endpoint] = cast("RouteCallable", limit(app.view_functions[endpoint]))


def _only_looks() -> bool:
    """Opening a form is free; opening a link is not, for its address is a secret to be guessed."""
    return request.method != "POST" and request.endpoint not in {
        "arrival.landing",
        "share.view",
        "operator.metrics",
    }


def _is_refused(response: Response) -> bool:
    return response.status_code >= _FIRST_ERROR


def _caller() -> str:
    """Whom a rate is counted for: the account where there is one, else the address."""
    principal = asker_or_none()
    return principal.actor if principal else f"address:{get_remote_address()}"


def _storage_uri(redis_url: str | None) -> str:
    if redis_url is None:
        return "memory://"
    # The limits library knows a unix socket by a name of its own.
    return f"redis+{redis_url}" if redis_url.startswith("unix://") else redis_url


def _storage_options(redis_url: str | None) -> dict[str, str | int]:
    if redis_url is None:
        return {}
    # The library's type says str or int; the client takes seconds as a float too, passed on unchanged.
    seconds: dict[str, float] = dict.fromkeys(
        ("socket_timeout", "socket_connect_timeout"), _REDIS_TIMEOUT_SECONDS
    )
    return seconds  # type: ignore[return-value]
