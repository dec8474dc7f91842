"""What a reviewer sees: the inbox and the report, with the actions on it."""

from collections import Counter

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from audition.domain.evidence import Artifact, ArtifactKind
from audition.domain.people import Role
from audition.domain.submission import TRANSITIONS
from audition.services import list_inbox, look_up
from audition.services.authorize import require_role
from audition.services.choose_attempt import counting_attempt
from audition.services.compare_submissions import compare_submissions
from audition.services.compose_report import compose_report
from audition.services.dispute_finding import disputes_of, open_disputes
from audition.services.export_report import EXPORTS, export_report
from audition.services.mark_submission import read_sheet
from audition.services.release import release
from audition.services.retry import regrade, rerun
from audition.services.share_report import shares_of
from audition.web.context import asker, ports
from audition.web.downloads import export_response, log_response
from audition.web.framed import framed_response
from audition.web.plain_text import decode
from audition.web.report_parts import NAMES, render_part

blueprint = Blueprint("reviewer", __name__, url_prefix="/r")

#: Lines of a page of the list.
PER_PAGE = 25
_MAX_REASON = 500
#: Of each log, this much of the end is on the page; the whole is a link away.
_TAIL_BYTES = 4 << 10


@blueprint.before_request
def only_reviewers() -> None:
    """Every page here is for reviewers."""
    require_role(asker(), Role.REVIEWER)


@blueprint.get("")
def inbox() -> str:
    """What waits for a person, then the newest of the rest."""
    rows = list_inbox.inbox(ports(), asker())
    last = max(1, -(-len(rows) // PER_PAGE))
    page = min(max(1, request.args.get("page", 1, type=int)), last)
    return render_template(
        "reviewer/inbox.html",
        rows=rows,
        shown=rows[(page - 1) * PER_PAGE : page * PER_PAGE],
        todos=Counter(todo for row in rows for todo in row.todo),
        page=page,
        last=last,
        disputes=len(open_disputes(ports(), asker())),
    )


@blueprint.get("/<submission_id>")
def report(submission_id: str) -> str:
    """The first page of the report, to be read in half a minute."""
    return _render(submission_id, "")


@blueprint.get(f"/<submission_id>/<any({NAMES}):part>")
def part(submission_id: str, part: str) -> str:
    """Another page of it."""
    return _render(submission_id, part)


def _render(submission_id: str, name: str) -> str:
    composed = compose_report(ports(), asker(), submission_id)
    logs = {a: _tail(submission_id, a) for a in composed.artifacts if name == "run" and _is_log(a)}
    return render_part(
        composed,
        name,
        status=look_up.status(ports(), asker(), submission_id),
        report_endpoint="reviewer.report",
        part_endpoint="reviewer.part",
        log_endpoint="reviewer.log",
        export_endpoint="reviewer.export",
        disputes=disputes_of(ports(), asker(), submission_id),
        exports=EXPORTS,
        logs=logs,
        leads_to=TRANSITIONS[composed.state],
        sheet=read_sheet(ports(), asker(), submission_id),
        counting=counting_attempt(ports(), asker(), submission_id),
        shares=shares_of(ports(), asker(), submission_id) if name == "record" else (),
        comparison=compare_submissions(ports(), asker(), submission_id) if name == "interview" else None,
    )


def _is_log(artifact: Artifact) -> bool:
    return artifact.kind in {ArtifactKind.STDOUT, ArtifactKind.STDERR}


def _tail(submission_id: str, artifact: Artifact) -> str:
    data = look_up.log_text(ports(), asker(), submission_id, look_up.log_name(artifact))
    return decode(data[-_TAIL_BYTES:])


@blueprint.get("/<submission_id>/logs/<name>")
def log(submission_id: str, name: str) -> Response:
    """A log as plain text."""
    return log_response(look_up.log_text(ports(), asker(), submission_id, name), f"{submission_id}-{name}")


@blueprint.get("/<submission_id>/notebook")
def notebook(submission_id: str) -> Response:
    """The notebook as it ran, for a frame in which nothing may happen."""
    html = look_up.drawn_page(ports(), asker(), submission_id, ArtifactKind.NOTEBOOK_PAGE)
    return framed_response(html, "Notebook")


@blueprint.get("/<submission_id>/texts")
def texts(submission_id: str) -> Response:
    """What the candidate wrote for people, for the same kind of frame."""
    html = look_up.drawn_page(ports(), asker(), submission_id, ArtifactKind.TEXTS_PAGE)
    return framed_response(html, "Texts")


@blueprint.get("/<submission_id>/exports/<name>")
def export(submission_id: str, name: str) -> Response:
    """The report as a file for other programs."""
    return export_response(export_report(ports(), asker(), submission_id, name))


@blueprint.post("/<submission_id>/release")
def release_report(submission_id: str) -> Response:
    """Let the candidate see the report."""
    release(ports(), asker(), submission_id)
    return _back(submission_id)


@blueprint.post("/<submission_id>/rerun")
def rerun_submission(submission_id: str) -> Response:
    """Queue a new run."""
    rerun(ports(), asker(), submission_id, _reason("A reviewer asked for another run."))
    return _back(submission_id)


@blueprint.post("/<submission_id>/regrade")
def regrade_submission(submission_id: str) -> Response:
    """Grade the recorded evidence again."""
    regrade(ports(), asker(), submission_id, _reason("A reviewer asked to grade again."))
    return _back(submission_id)


def _reason(default: str) -> str:
    return request.form.get("reason", "").strip()[:_MAX_REASON] or default


def _back(submission_id: str) -> Response:
    return redirect(url_for("reviewer.report", submission_id=submission_id), code=303)
