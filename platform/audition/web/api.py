"""The JSON API, version 1: the same verbs as the pages, for programs with a bearer token."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from flask import Blueprint, Response, jsonify, request, url_for

from audition import codec
from audition.domain.people import PrincipalKind, Role
from audition.services import list_inbox, look_up
from audition.services.authorize import require_role
from audition.services.cancel import cancel
from audition.services.choose_attempt import choose_attempt
from audition.services.compose_report import compose_report
from audition.services.export_report import export_report
from audition.services.invite import invite
from audition.services.release import release
from audition.services.retry import regrade, rerun
from audition.services.sign_in import sign_in_candidate, sign_in_staff
from audition.services.submit import submit
from audition.web import shapes, uploads
from audition.web.context import asker, ports, settings
from audition.web.downloads import export_response, kit_response, log_response
from audition.web.sessions import exchange_for_token

T = TypeVar("T")

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

#: No JSON request of ours is near this; a larger one is a mistake or an attack.
_MAX_JSON_BYTES = 64 << 10
_MAX_REASON = 500


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


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRequest:
    """Body of POST /invitations."""

    challenge: str
    """Slug of a published challenge."""
    email: str
    name: str
    valid_days: float = 14
    clock_hours: float | None = None
    """Hours from the start on; without it the whole window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Body of POST .../rerun and .../regrade; goes into the audit log."""

    reason: str = "Asked for through the API."


def _body(kind: type[T]) -> T:
    """The request's JSON body, checked; an empty one means all defaults."""
    request.max_content_length = _MAX_JSON_BYTES
    return codec.from_json(kind, request.get_data() or b"{}", what="request body", max_bytes=_MAX_JSON_BYTES)


@blueprint.post("/tokens")
def create_token() -> tuple[Response, int]:
    """Give staff a token for their e-mail address and password."""
    body = _body(Credentials)
    secret = sign_in_staff(ports(), body.email, body.password)
    return jsonify(token=exchange_for_token(ports(), secret, body.label[:80])), 201


@blueprint.post("/invitations")
def create_invitation() -> tuple[Response, int, dict[str, str]]:
    """Invite a candidate; the link is in the answer and nowhere else."""
    principal = asker()
    require_role(principal, Role.AUTHOR)
    body = _body(InvitationRequest)
    invitation, secret = invite(
        ports(),
        principal.actor,
        slug=body.challenge,
        email=body.email,
        name=body.name,
        valid_days=body.valid_days,
        clock_hours=body.clock_hours,
    )
    link = settings().public_url + url_for("arrival.landing", token=secret)
    document = {
        "id": invitation.id,
        "link": link,
        "token": secret,
        "attempts": invitation.attempts,
        "expires_at": invitation.expires_at.isoformat(),
    }
    return jsonify(document), 201, {"Location": link}


@blueprint.post("/invitations/start")
def start_invitation() -> tuple[Response, int]:
    """Start, or return to, an invitation; the first time starts the candidate's clock."""
    body = _body(LinkToken)
    secret = sign_in_candidate(ports(), body.token)
    return jsonify(token=exchange_for_token(ports(), secret, body.label[:80])), 201


@blueprint.get("/me")
def me() -> Response:
    """Who the token belongs to."""
    return jsonify(shapes.me_document(asker()))


@blueprint.get("/challenge")
def challenge() -> Response:
    """The candidate's challenge: brief, data card, limits, attempts."""
    return jsonify(shapes.challenge_document(look_up.candidate_home(ports(), asker())))


@blueprint.get("/challenges")
def challenges() -> Response:
    """All published challenge versions, newest first."""
    require_role(asker(), Role.AUTHOR)
    return jsonify(items=[shapes.version_document(v) for v in look_up.challenge_versions(ports())])


@blueprint.get("/kit")
def kit() -> Response:
    """The candidate's kit, a zip."""
    return kit_response(*look_up.kit(ports(), asker()))


@blueprint.post("/submissions")
def create_submission() -> tuple[Response, int, dict[str, str]]:
    """Submit an archive, as a form or as the raw body; the same Idempotency-Key gives the same submission."""
    principal = asker()
    key = request.headers.get("Idempotency-Key")
    upload = uploads.upload_from_form(key) if uploads.is_form() else uploads.upload_from_body(key)
    submission = submit(ports(), principal, upload)
    return (
        _submission(submission.id),
        202,
        {"Location": url_for("api.submission", submission_id=submission.id)},
    )


@blueprint.get("/submissions")
def submissions() -> Response:
    """A candidate's own submissions, oldest first; for reviewers the newest of all."""
    principal = asker()
    if principal.kind == PrincipalKind.STAFF:
        return jsonify(items=[shapes.inbox_document(row) for row in list_inbox.inbox(ports(), principal)])
    home = look_up.candidate_home(ports(), principal)
    statuses = (look_up.status(ports(), principal, s.id) for s in home.submissions)
    return jsonify(items=[shapes.submission_document(status, principal) for status in statuses])


@blueprint.get("/submissions/<submission_id>")
def submission(submission_id: str) -> Response:
    """Where a submission is."""
    return _submission(submission_id)


def _submission(submission_id: str) -> Response:
    principal = asker()
    status = look_up.status(ports(), principal, submission_id)
    return jsonify(shapes.submission_document(status, principal))


@blueprint.get("/submissions/<submission_id>/report")
def report(submission_id: str) -> Response:
    """The report, as the asker may see it."""
    return jsonify(codec.to_plain(compose_report(ports(), asker(), submission_id)))


@blueprint.get("/submissions/<submission_id>/exports/<name>")
def export(submission_id: str, name: str) -> Response:
    """The report as a file for other programs."""
    return export_response(export_report(ports(), asker(), submission_id, name))


@blueprint.get("/submissions/<submission_id>/logs/<name>")
def log(submission_id: str, name: str) -> Response:
    """A log of the newest run as plain text."""
    return log_response(look_up.log_text(ports(), asker(), submission_id, name), f"{submission_id}-{name}")


@blueprint.post("/submissions/<submission_id>/cancel")
def cancel_submission(submission_id: str) -> Response:
    """Stop a submission that is not graded yet."""
    cancel(ports(), asker(), submission_id)
    return _submission(submission_id)


@blueprint.post("/submissions/<submission_id>/pick")
def pick_submission(submission_id: str) -> Response:
    """Make it the attempt that counts, in its candidate's choice."""
    choose_attempt(ports(), asker(), submission_id)
    return _submission(submission_id)


@blueprint.post("/submissions/<submission_id>/release")
def release_submission(submission_id: str) -> Response:
    """Let the candidate see the report."""
    release(ports(), asker(), submission_id)
    return _submission(submission_id)


@blueprint.post("/submissions/<submission_id>/rerun")
def rerun_submission(submission_id: str) -> tuple[Response, int]:
    """Queue a new run of the same bytes."""
    return _again(rerun, submission_id), 202


@blueprint.post("/submissions/<submission_id>/regrade")
def regrade_submission(submission_id: str) -> tuple[Response, int]:
    """Grade the recorded evidence again; the candidate's code does not run."""
    return _again(regrade, submission_id), 202


def _again(verb: Callable[..., object], submission_id: str) -> Response:
    verb(ports(), asker(), submission_id, _body(Reason).reason[:_MAX_REASON])
    return _submission(submission_id)
