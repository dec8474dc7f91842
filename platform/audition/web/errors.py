"""Turn errors into answers, once: pages for people, problem documents (RFC 9457) for programs."""

import logging
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from flask import Flask, Response, jsonify, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError  # type: ignore[import-untyped]
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, TooManyRequests, Unauthorized
from werkzeug.wrappers import Response as AnyResponse

from audition import codec
from audition.domain.errors import AuditionError
from audition.web.context import is_api_request, ports

PROBLEM_TYPE = "application/problem+json"
_FIRST_ERROR, _SERVER_ERROR = 400, 500
#: What load balancers ask.
PROBES = ("/healthz", "/readyz")
_log = logging.getLogger(__name__)

#: What to do about the errors that the web framework raises, by status: title, what was wrong, next step.
_HTTP = {
    400: (
        "The request is not complete",
        "The server could not read the request.",
        "Go back, reload and try again.",
    ),
    404: ("Not found", "There is nothing at this address, or it is not yours to see.", "Check the address."),
    405: ("Not possible", "This address does not take this kind of request.", "Use the page's own buttons."),
    415: ("Wrong kind of content", "The request's content type is not accepted here.", "Send JSON."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One error, ready for either surface.

    Attributes:
        code: Stable machine name in kebab case.
        fault: "platform" for ours, "caller" for what the asker can mend.
        reference: What to quote when asking for help; the log has it too.
    """

    status: int
    title: str
    detail: str
    code: str
    next_step: str = ""
    problems: tuple[str, ...] = ()
    reference: str = ""

    @property
    def fault(self) -> Literal["caller", "platform"]:
        """Whose fault it is."""
        return "platform" if self.status >= _SERVER_ERROR else "caller"


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleProblem:
    """One of several."""

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemDocument:
    """A problem for programs (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    """What kind of problem; stable."""
    fault: Literal["caller", "platform"]
    """Who can mend it."""
    errors: tuple[SingleProblem, ...]
    next: str
    """What to do now."""
    reference: str = ""
    """What to quote when asking for help; the log has it too."""


def register(app: Flask) -> None:
    """Handle every error family, the framework's errors, and what nobody expected."""
    app.register_error_handler(AuditionError, _on_audition_error)
    app.register_error_handler(CSRFError, _on_csrf_error)
    app.register_error_handler(Unauthorized, _on_unauthorized)
    app.register_error_handler(RequestEntityTooLarge, _on_too_large)
    app.register_error_handler(TooManyRequests, _on_too_many)
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(Exception, _on_unexpected)


def answer(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """Write a problem the way the asker reads: as JSON for programs, as a page for people."""
    if is_api_request() or request.path in PROBES:
        response = jsonify(_document(problem))
        response.content_type = PROBLEM_TYPE
    else:
        response = make_response(render_template("error.html", problem=problem))
    response.status_code = problem.status
    response.headers.update(headers or {})
    return response


def _document(problem: Problem) -> dict[str, Any]:
    document: dict[str, Any] = codec.to_plain(
        ProblemDocument(
            type=f"urn:audition:problem:{problem.code}",
            title=problem.title,
            status=problem.status,
            detail=problem.detail,
            code=problem.code,
            fault=problem.fault,
            errors=tuple(SingleProblem(detail=text) for text in problem.problems),
            next=problem.next_step,
            reference=problem.reference,
        )
    )
    return document


def _on_audition_error(error: AuditionError) -> Response:
    return answer(
        Problem(
            status=error.status,
            title=error.title,
            detail=error.detail,
            code=error.code,
            next_step=error.next_step,
            problems=error.problems,
        )
    )


def _on_unauthorized(_: Unauthorized) -> AnyResponse:
    """Programs are told; people are taken to the sign-in page, and back afterwards."""
    if not is_api_request():
        back = f"?next={quote(request.path)}" if request.method == "GET" else ""
        return redirect(url_for("staff.sign_in") + back, code=303)
    problem = Problem(
        status=401,
        title="Not signed in",
        detail="The request has no valid API token.",
        code="not-signed-in",
        next_step='Send "Authorization: Bearer <token>"; '
        "POST /api/v1/tokens or /api/v1/invitations/start gives one.",
    )
    return answer(problem, {"WWW-Authenticate": "Bearer"})


def _on_csrf_error(_: CSRFError) -> Response:
    return answer(
        Problem(
            status=400,
            title="This form is out of date",
            detail="The page was opened in another session, or the request came from another site.",
            code="csrf",
            next_step="Go back, reload the page and send the form again. Nothing was changed.",
        )
    )


def _on_too_large(_: RequestEntityTooLarge) -> Response:
    return answer(
        Problem(
            status=413,
            title="The upload is too large",
            detail="The request is larger than this site accepts. No attempt was used.",
            code="upload-too-large",
            next_step="Leave data, virtual environments and caches out of the archive and send it again.",
        )
    )


def _on_too_many(error: TooManyRequests) -> Response:
    return answer(
        Problem(
            status=429,
            title="Too many requests",
            detail=f"This was tried too often in a short time (at most {error.description}).",
            code="too-many-requests",
            next_step="Wait a little and try again. Nothing was lost and no attempt was used.",
        )
    )


def _on_http_error(error: HTTPException) -> AnyResponse:
    status = error.code or _SERVER_ERROR
    if error.response is not None or status < _FIRST_ERROR:
        return error.get_response()
    if status >= _SERVER_ERROR:
        return _on_unexpected(error)
    title, detail, next_step = _HTTP.get(status, _HTTP[400])
    problem = Problem(
        status=status,
        title=title,
        detail=detail,
        code=error.name.lower().replace(" ", "-"),
        next_step=next_step,
    )
    allowed = getattr(error, "valid_methods", None)
    return answer(problem, {"Allow": ", ".join(sorted(allowed))} if allowed else None)


def _on_unexpected(error: Exception) -> Response:
    """Our fault: the reader gets a reference, the log gets the rest."""
    reference = ports().tokens.new_id("err")
    _log.error("unexpected error %s on %s %s", reference, request.method, request.endpoint, exc_info=error)
    return answer(
        Problem(
            status=500,
            title="Something failed on our side",
            detail="It was not your doing. Nothing was lost, and no attempt was used.",
            code="internal-error",
            next_step=f"Try again in a minute. If it fails again, quote the reference {reference}.",
            reference=reference,
        )
    )
