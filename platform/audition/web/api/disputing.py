"""Disputes: what candidates hold against findings of their reports, and what reviewers answer."""

from dataclasses import dataclass
from datetime import datetime

from flask import Response, jsonify

from audition.domain.dispute import Dispute, DisputeState
from audition.domain.people import Principal, PrincipalKind
from audition.services.dispute_finding import answer_dispute, dispute_finding, disputes_of, open_disputes
from audition.web import shapes
from audition.web.api.routing import Operation, blueprint, describes, read_body
from audition.web.context import asker, ports


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeRequest:
    """Body of POST .../checks/{check}/dispute."""

    text: str
    """What is wrong about the finding; it is said once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeAnswer:
    """Body of POST .../checks/{check}/dispute/answer."""

    is_upheld: bool
    """Whether the candidate is right; the check is changed in the same step."""
    points: float | None = None
    """Of an upheld one: in (points so far, points of the check]; null takes the check out of the count."""
    answer: str
    """The reason; the candidate reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeDocument:
    """One check of a report, disputed."""

    id: str
    submission_id: str
    check: str
    text: str
    created_at: datetime
    state: DisputeState
    answer: str
    reviewer_id: str | None
    """Who answered; null for candidates."""
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputesDocument:
    """The disputes of one report."""

    items: tuple[DisputeDocument, ...]
    until: datetime | None
    """Until when more can come; null where the report is not released, or it is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingDispute:
    """A dispute without an answer."""

    dispute: DisputeDocument
    alias: str
    title: str
    """Of the check."""


@blueprint.get("/submissions/<submission_id>/disputes")
@describes(Operation(answer=DisputesDocument))
def disputes(submission_id: str) -> Response:
    """List what is disputed of a report, oldest first, and until when more can be."""
    principal = asker()
    found = disputes_of(ports(), principal, submission_id)
    items = tuple(_document(dispute, principal) for dispute in found.by_check.values())
    return jsonify(shapes.plain(DisputesDocument(items=items, until=found.until)))


@blueprint.post("/submissions/<submission_id>/checks/<check>/dispute")
@describes(Operation(body=DisputeRequest, answer=DisputeDocument, status=201))
def dispute_check(submission_id: str, check: str) -> tuple[Response, int]:
    """Say once what is wrong about a finding of one's own released report."""
    principal, body = asker(), read_body(DisputeRequest)
    made = dispute_finding(ports(), principal, submission_id, check, body.text)
    return jsonify(shapes.plain(_document(made, principal))), 201


@blueprint.post("/submissions/<submission_id>/checks/<check>/dispute/answer")
@describes(Operation(body=DisputeAnswer, answer=DisputeDocument))
def answer_check(submission_id: str, check: str) -> Response:
    """Answer a dispute once; where the candidate is right, the check is changed in the same step."""
    principal, body = asker(), read_body(DisputeAnswer)
    answered = answer_dispute(
        ports(),
        principal,
        submission_id,
        check,
        is_upheld=body.is_upheld,
        points=body.points,
        answer=body.answer,
    )
    return jsonify(shapes.plain(_document(answered, principal)))


@blueprint.get("/disputes")
@describes(Operation(answer=WaitingDispute, is_list=True))
def waiting_disputes() -> Response:
    """List the disputes that wait for an answer, oldest first."""
    principal = asker()
    waiting = (
        WaitingDispute(dispute=_document(row.dispute, principal), alias=row.alias, title=row.title)
        for row in open_disputes(ports(), principal)
    )
    return jsonify(items=[shapes.plain(row) for row in waiting])


def _document(dispute: Dispute, principal: Principal) -> DisputeDocument:
    return DisputeDocument(
        id=dispute.id,
        submission_id=dispute.submission_id,
        check=dispute.check,
        text=dispute.text,
        created_at=dispute.created_at,
        state=dispute.state,
        answer=dispute.answer,
        reviewer_id=dispute.reviewer_id if principal.kind == PrincipalKind.STAFF else None,
        answered_at=dispute.answered_at,
    )
