"""Grant extra time before a candidate starts, and list invitations for those who send them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from audition.domain.errors import ConflictError, InvalidError
from audition.domain.people import AuditEntry, Invitation, Principal, Role
from audition.domain.submission import FREE_STATES
from audition.ports import Ports, UnitOfWork
from audition.services.authorize import require_role

#: A month. More is another window: invite anew.
MOST_HOURS = 31 * 24.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """One invitation as organisers see it; nothing here says how good anybody is."""

    invitation: Invitation
    name: str
    email: str
    challenge_title: str
    attempts_used: int


def list_invitations(
    ports: Ports, principal: Principal, limit: int = 200, after: str | None = None
) -> tuple[Invited, ...]:
    """The newest invitations.

    Args:
        ports: Where they are stored.
        principal: An author.
        limit: At most so many.
        after: Id of the last one that the asker has; those that come behind it, older ones, are given.

    Raises:
        DeniedError: The asker is no author.
        NotFoundError: There is no invitation `after`, not any more.
    """
    require_role(principal, Role.AUTHOR)
    with ports.unit_of_work() as uow:
        before = None if after is None else uow.people.invitation(after)
        return _invited(uow, uow.people.invitations(limit, before))


def one_invitation(ports: Ports, principal: Principal, invitation_id: str) -> Invited:
    """An invitation.

    Raises:
        DeniedError: The asker is no author.
        NotFoundError: No such invitation.
    """
    require_role(principal, Role.AUTHOR)
    with ports.unit_of_work() as uow:
        return _invited(uow, [uow.people.invitation(invitation_id)])[0]


def _invited(uow: UnitOfWork, invitations: Sequence[Invitation]) -> tuple[Invited, ...]:
    versions = {i: uow.challenges.get(i) for i in {i.challenge_version_id for i in invitations}}
    people = {c.id: c for version_id in versions for c in uow.people.candidates_of(version_id)}
    used = Counter(
        submission.invitation_id
        for version_id in versions
        for submission in uow.submissions.of_version(version_id)
        if submission.state not in FREE_STATES
    )
    return tuple(
        Invited(
            invitation=invitation,
            name=people[invitation.candidate_id].name,
            email=people[invitation.candidate_id].email,
            challenge_title=versions[invitation.challenge_version_id].manifest.title,
            attempts_used=used[invitation.id],
        )
        for invitation in invitations
    )


def grant_time(ports: Ports, principal: Principal, invitation_id: str, hours: float) -> Invitation:
    """Set how many hours an invitation has beyond its window; the last grant holds.

    Only before the start, so that time is an adjustment and never a favour to somebody whose work is known.

    Raises:
        DeniedError: The asker is no author.
        NotFoundError: No such invitation.
        InvalidError: Not 0 to `MOST_HOURS` hours.
        ConflictError: It was started or withdrawn.
    """
    require_role(principal, Role.AUTHOR)
    # A comparison that is false for what is no number.
    if not 0 <= hours <= MOST_HOURS:
        msg = f"Extra time is 0 to {MOST_HOURS:g} hours; {hours:g} were asked for."
        raise InvalidError(msg, code="bad-extra-time")
    with ports.unit_of_work() as uow:
        invitation = uow.people.invitation(invitation_id)
        if invitation.started_at is not None or invitation.revoked_at is not None:
            msg = "Extra time is granted before the start; this invitation was started, or withdrawn."
            raise ConflictError(msg, code="already-started", next_step="Make another invitation.")
        granted = replace(invitation, extra_hours=hours)
        uow.people.save_invitation(granted)
        # On the invitation, which no page of a reviewer reads.
        entry = AuditEntry(
            at=ports.clock.now(),
            actor=principal.actor,
            action="extra time granted",
            subject=invitation.id,
            reason=f"{hours:g} hours.",
        )
        uow.audit.add(entry)
        uow.commit()
    return granted
