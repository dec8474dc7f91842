"""What a candidate sees: the invitation, the challenge, the upload, the live page and the report."""

from hashlib import sha256

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from audition import codec
from audition.domain.submission import SETTLED_STATES
from audition.services import look_up
from audition.services.authorize import require_candidate
from audition.services.cancel import cancel
from audition.services.choose_attempt import choose_attempt
from audition.services.compose_report import compose_report
from audition.services.dispute_finding import disputes_of
from audition.services.export_report import EXPORTS, export_report
from audition.services.keep_time import pause_clock, resume_clock
from audition.services.sign_in import sign_in_candidate
from audition.services.submit import submit
from audition.web import sessions, uploads
from audition.web.context import asker, ports, settings
from audition.web.downloads import export_response, kit_response, log_response
from audition.web.report_parts import NAMES, render_part
from audition.web.streaming import Snapshot, stream

#: Durations on the live page are at most this old, in seconds.
_TIMES_PASS = 5.0
#: Open to anyone who has a link.
arrival = Blueprint("arrival", __name__, url_prefix="/i")
#: For signed-in candidates only.
blueprint = Blueprint("candidate", __name__)


@arrival.get("/<token>")
def landing(token: str) -> str:
    """Say what awaits the candidate, before any clock starts."""
    return render_template("candidate/landing.html", token=token, landing=look_up.landing(ports(), token))


@arrival.post("/<token>/start")
def start(token: str) -> Response:
    """Sign the candidate in; the first time starts their clock."""
    secret = sign_in_candidate(ports(), token)
    return sessions.begin(redirect(url_for("candidate.home"), code=303), secret)


@blueprint.before_request
def only_candidates() -> None:
    """Every page here belongs to the candidate of one invitation."""
    require_candidate(asker())


@blueprint.get("/c")
def home() -> str:
    """The challenge: brief, data card, kit, limits, how to submit."""
    return render_template(
        "candidate/home.html",
        home=look_up.candidate_home(ports(), asker()),
        public_url=settings().public_url,
        opens_all="all" in request.args,
    )


@blueprint.post("/c/pause")
def pause() -> Response:
    """Stop the clock."""
    pause_clock(ports(), asker())
    return redirect(url_for("candidate.home"), code=303)


@blueprint.post("/c/resume")
def resume() -> Response:
    """Let it run again."""
    resume_clock(ports(), asker())
    return redirect(url_for("candidate.home"), code=303)


@blueprint.get("/c/kit")
def kit() -> Response:
    """Download the kit."""
    return kit_response(*look_up.kit(ports(), asker()))


@blueprint.get("/c/submit")
def submit_form() -> str:
    """The upload form."""
    return render_template(
        "candidate/submit.html",
        home=look_up.candidate_home(ports(), asker()),
        endings=uploads.ENDINGS,
        field=uploads.FIELD,
        # Sent back with the file, so that a second click is the same submission and not another one.
        key=ports().tokens.new_id("key"),
    )


@blueprint.post("/c/submit")
def upload() -> Response:
    """Take the upload and go to its live page."""
    submission = submit(ports(), asker(), uploads.upload_from_form(request.form.get("key") or None))
    return redirect(url_for("candidate.live", submission_id=submission.id), code=303)


@blueprint.get("/s")
def attempts() -> str:
    """All attempts of this invitation."""
    home = look_up.candidate_home(ports(), asker())
    statuses = [look_up.status(ports(), asker(), s.id) for s in reversed(home.submissions)]
    return render_template("candidate/attempts.html", home=home, statuses=statuses)


@blueprint.post("/s/<submission_id>/pick")
def pick(submission_id: str) -> Response:
    """Make it the attempt that counts."""
    choose_attempt(ports(), asker(), submission_id)
    return redirect(url_for("candidate.attempts"), code=303)


@blueprint.get("/s/<submission_id>")
def live(submission_id: str) -> str:
    """Where the submission is; updates itself until it is settled."""
    status = look_up.status(ports(), asker(), submission_id)
    return render_template("candidate/live.html", status=status)


@blueprint.get("/s/<submission_id>/live")
def live_fragment(submission_id: str) -> str:
    """The part of the live page that changes."""
    status = look_up.status(ports(), asker(), submission_id)
    return render_template("candidate/_live.html", status=status)


@blueprint.get("/s/<submission_id>/events")
def live_events(submission_id: str) -> Response:
    """The same part whenever it changes, as a stream of events."""
    sources, principal = ports(), asker()
    return stream(
        "stage", lambda: _seen(look_up.status(sources, principal, submission_id)), again_seconds=_TIMES_PASS
    )


def _seen(status: look_up.Status) -> Snapshot:
    return Snapshot(
        mark=sha256(codec.to_json(status)).hexdigest()[:16],
        data=render_template("candidate/_live.html", status=status),
        is_last=status.submission.state in SETTLED_STATES,
    )


@blueprint.post("/s/<submission_id>/cancel")
def cancel_submission(submission_id: str) -> Response:
    """Stop a submission."""
    cancel(ports(), asker(), submission_id)
    return redirect(url_for("candidate.live", submission_id=submission_id), code=303)


@blueprint.get("/s/<submission_id>/report")
def report(submission_id: str) -> str:
    """The candidate's part of the report, once it is released."""
    return _render(submission_id, "")


@blueprint.get(f"/s/<submission_id>/report/<any({NAMES}):part>")
def part(submission_id: str, part: str) -> str:
    """Another page of it."""
    return _render(submission_id, part)


def _render(submission_id: str, name: str) -> str:
    return render_part(
        compose_report(ports(), asker(), submission_id),
        name,
        report_endpoint="candidate.report",
        part_endpoint="candidate.part",
        log_endpoint="candidate.log",
        export_endpoint="candidate.export",
        disputes=disputes_of(ports(), asker(), submission_id),
        exports=EXPORTS,
    )


@blueprint.get("/s/<submission_id>/logs/<name>")
def log(submission_id: str, name: str) -> Response:
    """A log as plain text."""
    return log_response(look_up.log_text(ports(), asker(), submission_id, name), f"{submission_id}-{name}")


@blueprint.get("/s/<submission_id>/exports/<name>")
def export(submission_id: str, name: str) -> Response:
    """The report as a file for other programs."""
    return export_response(export_report(ports(), asker(), submission_id, name))
