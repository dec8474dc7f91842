"""Erase a candidate: every row and every byte that is theirs. Only the audit log remembers that they were here."""

from audition.domain.errors import ConflictError, NotFoundError
from audition.domain.people import AuditEntry, Principal
from audition.domain.submission import SETTLED_STATES
from audition.ports import Ports, UnitOfWork
from audition.services.authorize import own_invitation
from audition.services.prune import digests_of_challenges


def erase_own_data(ports: Ports, principal: Principal) -> int:
    """Erase the asker, with all their invitations; return how many submissions went.

    Raises:
        DeniedError: The asker is not a candidate.
        ConflictError: One of their submissions is at work.
    """
    with ports.unit_of_work() as uow:
        invitation, _ = own_invitation(uow, principal)
    return _erase(ports, principal.actor, invitation.candidate_id)


def erase_candidate(ports: Ports, actor: str, email: str) -> int:
    """Erase the candidate with an address; return how many submissions went.

    Raises:
        NotFoundError: There is none.
        ConflictError: One of their submissions is at work.
    """
    with ports.unit_of_work() as uow:
        candidate = uow.people.candidate_by_email(email)
    if candidate is None:
        msg = f"There is no candidate with the address {email}."
        raise NotFoundError(msg, code="candidate-not-found")
    return _erase(ports, actor, candidate.id)


def _erase(ports: Ports, actor: str, candidate_id: str) -> int:
    with ports.unit_of_work() as uow:
        count = _check_at_rest(uow, candidate_id)
        digests = set(uow.people.erase(candidate_id))
        # A candidate may have uploaded the starting point as it is.
        needed = digests_of_challenges(uow)
        reason = f"Everything of the candidate, with {count} submissions; this log stays."
        entry = AuditEntry(
            at=ports.clock.now(), actor=actor, action="erased", subject=candidate_id, reason=reason
        )
        uow.audit.add(entry)
        uow.commit()
    # After the commit: rows without bytes are worse than bytes without rows. Who uploads the very same bytes in
    # between loses them, and that run then ends by our fault and costs no attempt.
    for digest in digests - needed:
        ports.blobs.delete(digest)
    return count


def _check_at_rest(uow: UnitOfWork, candidate_id: str) -> int:
    """Refuse while a worker may still write; return the number of submissions."""
    count = 0
    for invitation in uow.people.invitations_of(candidate_id):
        for submission in uow.submissions.of_invitation(invitation.id):
            count += 1
            if submission.state not in SETTLED_STATES:
                msg = f"Upload {submission.attempt_number} is still {submission.state}."
                raise ConflictError(
                    msg, code="submission-at-work", next_step="Cancel it or wait for it to end, then delete."
                )
    return count
