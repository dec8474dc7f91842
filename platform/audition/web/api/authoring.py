"""What authors do: look at published challenges, invite, grant time."""

from dataclasses import dataclass

from flask import Response, jsonify, url_for

from audition.domain.people import Role
from audition.services import look_up
from audition.services.authorize import require_role
from audition.services.grant_time import grant_time, list_invitations, one_invitation
from audition.services.invite import invite
from audition.services.mail_invitation import mail_invitation
from audition.web import shapes, shapes_staff
from audition.web.api.paging import PAGE, page_answer, read_page
from audition.web.api.routing import Operation, blueprint, describes, read_body
from audition.web.context import asker, ports, settings


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
    is_mailed: bool = False
    """Whether the candidate is to get the link by mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """Body of POST /invitations/{invitation_id}/extensions."""

    hours: float
    """Beyond window and clock; the last grant holds, 0 takes it back."""


@blueprint.get("/challenges")
@describes(Operation(answer=shapes.VersionDocument, is_list=True))
def challenges() -> Response:
    """List all published challenge versions, newest first."""
    require_role(asker(), Role.AUTHOR)
    return jsonify(items=[shapes.version_document(v) for v in look_up.challenge_versions(ports())])


@blueprint.get("/invitations")
@describes(Operation(answer=shapes_staff.InvitedDocument, is_list=True, query=PAGE))
def invitations() -> Response:
    """List invitations, newest first; nothing here says how good anybody is."""
    principal, page = asker(), read_page()
    rows = list_invitations(ports(), principal, page.limit, page.after)
    return page_answer([shapes_staff.invited_document(row) for row in rows], page)


@blueprint.post("/invitations")
@describes(
    Operation(body=InvitationRequest, answer=shapes_staff.InvitationDocument, status=201, has_secret=True)
)
def create_invitation() -> tuple[Response, int, dict[str, str]]:
    """Invite a candidate; the link is in the answer and nowhere else."""
    principal = asker()
    require_role(principal, Role.AUTHOR)
    body = read_body(InvitationRequest)
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
    document = shapes_staff.InvitationDocument(
        id=invitation.id,
        link=link,
        token=secret,
        attempts=invitation.attempts,
        expires_at=invitation.expires_at,
        is_mailed=body.is_mailed and mail_invitation(ports(), invitation, link),
    )
    return jsonify(shapes.plain(document)), 201, {"Location": link}


@blueprint.post("/invitations/<invitation_id>/extensions")
@describes(Operation(body=Extension, answer=shapes_staff.InvitedDocument, status=201))
def extend_invitation(invitation_id: str) -> tuple[Response, int]:
    """Grant extra time to somebody who has not started."""
    principal = asker()
    require_role(principal, Role.AUTHOR)
    grant_time(ports(), principal, invitation_id, read_body(Extension).hours)
    found = one_invitation(ports(), principal, invitation_id)
    return jsonify(shapes_staff.invited_document(found)), 201
