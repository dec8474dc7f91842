"""What reviewers decide: marks, overrides of checks, and links to a report."""

from dataclasses import dataclass

from flask import Response, jsonify, url_for

from audition.domain.override import Override
from audition.domain.people import Role
from audition.services.authorize import require_role
from audition.services.compose_report import compose_report
from audition.services.mark_submission import Sheet, begin_review, read_sheet, save_mark, sign_review
from audition.services.override_check import override_check, withdraw_override
from audition.services.share_report import create_share, revoke_share, shares_of
from audition.web import shapes, shapes_staff
from audition.web.api.routing import Operation, blueprint, describes, read_body
from audition.web.context import asker, ports, settings


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRequest:
    """Body of PUT .../review/marks/{item}: all that one has of an item so far."""

    level: int | None = None
    """Index into the item's levels."""
    evidence: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Body of POST .../review/sign."""

    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideRequest:
    """Body of POST .../checks/{check}/override."""

    points: float | None
    """In [0, points of the check]; null takes it out of the count."""
    reason: str
    """The candidate reads it too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRequest:
    """Body of POST .../shares."""

    days: float
    """How long the link leads there."""


@blueprint.get("/submissions/<submission_id>/review")
@describes(Operation(answer=shapes_staff.SheetDocument))
def review(submission_id: str) -> Response:
    """Show the sheet to mark on; others' marks are in it once one's own are signed."""
    return _sheet(read_sheet(ports(), asker(), submission_id))


@blueprint.post("/submissions/<submission_id>/review")
@describes(Operation(answer=shapes_staff.SheetDocument, status=201))
def start_review(submission_id: str) -> tuple[Response, int]:
    """Take a seat on the panel; who has one keeps it."""
    return _sheet(begin_review(ports(), asker(), submission_id)), 201


@blueprint.put("/submissions/<submission_id>/review/marks/<item>")
@describes(Operation(body=MarkRequest, answer=shapes_staff.SheetDocument))
def mark(submission_id: str, item: str) -> Response:
    """Save one item of the rubric, in the place of what was saved before."""
    principal, body = asker(), read_body(MarkRequest)
    saved = save_mark(
        ports(),
        principal,
        submission_id,
        item,
        level=body.level,
        evidence=body.evidence,
        note=body.note,
    )
    return _sheet(saved)


@blueprint.post("/submissions/<submission_id>/review/sign")
@describes(Operation(body=Signature, answer=shapes_staff.SheetDocument))
def sign(submission_id: str) -> Response:
    """Make the review final."""
    principal, body = asker(), read_body(Signature)
    return _sheet(sign_review(ports(), principal, submission_id, body.comment))


@blueprint.get("/submissions/<submission_id>/overrides")
@describes(Operation(answer=Override, is_list=True))
def overrides(submission_id: str) -> Response:
    """List what people changed about the newest run's checks, oldest first."""
    return _overrides(submission_id)


@blueprint.post("/submissions/<submission_id>/checks/<check>/override")
@describes(Operation(body=OverrideRequest, answer=Override, is_list=True, status=201))
def override(submission_id: str, check: str) -> tuple[Response, int]:
    """Give a check other points, or take it out of the count."""
    principal, body = asker(), read_body(OverrideRequest)
    override_check(ports(), principal, submission_id, check, points=body.points, reason=body.reason)
    return _overrides(submission_id), 201


@blueprint.delete("/submissions/<submission_id>/checks/<check>/override")
@describes(Operation(answer=Override, is_list=True))
def end_override(submission_id: str, check: str) -> Response:
    """Let the grader's word hold again."""
    withdraw_override(ports(), asker(), submission_id, check)
    return _overrides(submission_id)


@blueprint.get("/submissions/<submission_id>/shares")
@describes(Operation(answer=shapes_staff.ShareDocument, is_list=True))
def shares(submission_id: str) -> Response:
    """List the links to a report, oldest first, and how often each was opened."""
    found = shares_of(ports(), asker(), submission_id)
    return jsonify(items=[shapes_staff.share_document(share, opened) for share, opened in found])


@blueprint.post("/submissions/<submission_id>/shares")
@describes(Operation(body=ShareRequest, answer=shapes_staff.NewShareDocument, status=201, has_secret=True))
def share_report(submission_id: str) -> tuple[Response, int]:
    """Make a link to a report; it is in the answer and nowhere else."""
    principal, body = asker(), read_body(ShareRequest)
    share, secret = create_share(ports(), principal, submission_id, body.days)
    link = settings().public_url + url_for("share.view", token=secret)
    made = shapes_staff.NewShareDocument(id=share.id, link=link, expires_at=share.expires_at)
    return jsonify(shapes.plain(made)), 201


@blueprint.delete("/submissions/<submission_id>/shares/<share_id>")
@describes(Operation(answer=shapes_staff.ShareDocument, is_list=True))
def end_share(submission_id: str, share_id: str) -> Response:
    """End a link before its time."""
    revoke_share(ports(), asker(), submission_id, share_id)
    return shares(submission_id)


def _sheet(sheet: Sheet) -> Response:
    return jsonify(shapes_staff.sheet_document(sheet))


def _overrides(submission_id: str) -> Response:
    principal = asker()
    require_role(principal, Role.REVIEWER)
    report = compose_report(ports(), principal, submission_id)
    return jsonify(items=[shapes.plain(override) for override in report.overrides])
