"""Mail an invitation's link to the candidate."""

import logging

from audition.domain.errors import AuditionError
from audition.domain.people import Invitation
from audition.ports import Ports

_log = logging.getLogger(__name__)


def mail_invitation(ports: Ports, invitation: Invitation, link: str) -> bool:
    """Send the link; say whether that went well.

    The invitation stands either way, and its link is known to nobody else than the caller: a mail that cannot be
    sent must not take the link with it.
    """
    with ports.unit_of_work() as uow:
        candidate = uow.people.candidate(invitation.candidate_id)
        manifest = uow.challenges.get(invitation.challenge_version_id).manifest
    body = (
        f"Hello {candidate.name},\n\n"
        f'you are invited to work on the challenge "{manifest.title}". What it is about, and how long it takes, is\n'
        "told before anything starts:\n\n"
        f"{link}\n\n"
        f"The link is yours alone, so please pass it to nobody. It works until {invitation.expires_at:%d %B %Y, %H:%M}"
        " UTC.\n"
    )
    try:
        ports.mailer.send(candidate.email, f"Your invitation: {manifest.title}", body)
    except AuditionError as error:
        _log.warning("the mail of invitation %s was not sent: %s", invitation.id, error.detail)
        return False
    return True
