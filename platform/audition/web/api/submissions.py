"""Submissions: send them in, follow them, read what came of them, have them run or graded again."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, jsonify, request, url_for

from audition import codec
from audition.domain.people import PrincipalKind
from audition.domain.report import Report
from audition.services import list_inbox, look_up
from audition.services.cancel import cancel
from audition.services.choose_attempt import choose_attempt
from audition.services.compose_report import compose_report
from audition.services.export_report import export_report
from audition.services.release import release
from audition.services.retry import regrade, rerun
from audition.services.submit import submit
from audition.web import shapes, uploads
from audition.web.api.paging import PAGE, page_answer, read_page
from audition.web.api.routing import JSON, Operation, Query, blueprint, describes, read_body
from audition.web.context import asker, ports
from audition.web.downloads import export_response, log_response

_MAX_REASON = 500
_UPLOADS = ("application/octet-stream", "multipart/form-data")
_EXPORTS = (JSON, "text/csv", "application/sarif+json", "application/xml")
_ONE = Operation(answer=shapes.SubmissionDocument)
_UPLOAD = Operation(
    answer=shapes.SubmissionDocument,
    status=202,
    uploads=_UPLOADS,
    query=(
        Query(name="name", about="What the file of a raw body is called.", schema={"type": "string"}),
        Query(name="practice", about="1 for a practice run.", schema={"type": "string", "enum": ["1"]}),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Body of POST .../rerun and .../regrade; goes into the audit log."""

    reason: str = "Asked for through the API."


_AGAIN = Operation(body=Reason, answer=shapes.SubmissionDocument, status=202)


@blueprint.post("/submissions")
@describes(_UPLOAD)
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
@describes(Operation(answer=shapes.SubmissionDocument | shapes.ListedSubmission, is_list=True, query=PAGE))
def submissions() -> Response:
    """A candidate's own submissions, oldest first and all at once; for reviewers everybody's, newest first."""
    principal, page = asker(), read_page()
    if principal.kind == PrincipalKind.STAFF:
        rows = list_inbox.newest_rows(ports(), principal, page.limit, page.after)
        return page_answer([shapes.inbox_document(row) for row in rows], page)
    home = look_up.candidate_home(ports(), principal)
    statuses = (look_up.status(ports(), principal, s.id) for s in home.submissions)
    items = [shapes.submission_document(status, principal) for status in statuses]
    return jsonify(items=items, next_cursor=None)


@blueprint.get("/submissions/<submission_id>")
@describes(_ONE)
def submission(submission_id: str) -> Response:
    """Where a submission is."""
    return _submission(submission_id)


def _submission(submission_id: str) -> Response:
    principal = asker()
    status = look_up.status(ports(), principal, submission_id)
    return jsonify(shapes.submission_document(status, principal))


@blueprint.get("/submissions/<submission_id>/report")
@describes(Operation(answer=Report))
def report(submission_id: str) -> Response:
    """The report, as the asker may see it."""
    return jsonify(codec.to_plain(compose_report(ports(), asker(), submission_id)))


@blueprint.get("/submissions/<submission_id>/exports/<name>")
@describes(Operation(media=_EXPORTS))
def export(submission_id: str, name: str) -> Response:
    """The report as a file for other programs."""
    return export_response(export_report(ports(), asker(), submission_id, name))


@blueprint.get("/submissions/<submission_id>/logs/<name>")
@describes(Operation(media=("text/plain",)))
def log(submission_id: str, name: str) -> Response:
    """A log of the newest run as plain text."""
    return log_response(look_up.log_text(ports(), asker(), submission_id, name), f"{submission_id}-{name}")


@blueprint.post("/submissions/<submission_id>/cancel")
@describes(_ONE)
def cancel_submission(submission_id: str) -> Response:
    """Stop a submission that is not graded yet."""
    cancel(ports(), asker(), submission_id)
    return _submission(submission_id)


@blueprint.post("/submissions/<submission_id>/pick")
@describes(_ONE)
def pick_submission(submission_id: str) -> Response:
    """Make it the attempt that counts, in its candidate's choice."""
    choose_attempt(ports(), asker(), submission_id)
    return _submission(submission_id)


@blueprint.post("/submissions/<submission_id>/release")
@describes(_ONE)
def release_submission(submission_id: str) -> Response:
    """Let the candidate see the report."""
    release(ports(), asker(), submission_id)
    return _submission(submission_id)


@blueprint.post("/submissions/<submission_id>/rerun")
@describes(_AGAIN)
def rerun_submission(submission_id: str) -> tuple[Response, int]:
    """Queue a new run of the same bytes."""
    return _again(rerun, submission_id), 202


@blueprint.post("/submissions/<submission_id>/regrade")
@describes(_AGAIN)
def regrade_submission(submission_id: str) -> tuple[Response, int]:
    """Grade the recorded evidence again; the candidate's code does not run."""
    return _again(regrade, submission_id), 202


def _again(verb: Callable[..., object], submission_id: str) -> Response:
    verb(ports(), asker(), submission_id, read_body(Reason).reason[:_MAX_REASON])
    return _submission(submission_id)
