"""Stop a candidate's clock and let it run again. The window goes on meanwhile, and nothing can be submitted."""

from dataclasses import replace

from audition.domain.errors import ConflictError
from audition.domain.people import AuditEntry, Invitation, Principal
from audition.ports import Ports, UnitOfWork
from audition.services.authorize import own_invitation


def pause_clock(ports: Ports, principal: Principal) -> Invitation:
    """Stop the asker's clock, as often as their invitation allows.

    Raises:
        DeniedError: The asker is not a candidate.
        ConflictError: There is no clock, it stands still already, no pause is left, or the time is up.
    """
    with ports.unit_of_work() as uow:
        invitation, _ = own_invitation(uow, principal)
        now = ports.clock.now()
        if problem := _why_no_pause(invitation, is_over=invitation.is_over(now)):
            raise ConflictError(problem, code="cannot-pause")
        paused = replace(invitation, paused_at=now, pauses_used=invitation.pauses_used + 1)
        _save(ports, uow, principal, paused, "clock paused")
        uow.commit()
    return paused


def resume_clock(ports: Ports, principal: Principal) -> Invitation:
    """Let the asker's clock run again.

    Raises:
        DeniedError: The asker is not a candidate.
        ConflictError: It runs.
    """
    with ports.unit_of_work() as uow:
        invitation, _ = own_invitation(uow, principal)
        if invitation.paused_at is None:
            msg = "The clock runs already."
            raise ConflictError(msg, code="not-paused")
        stood = (ports.clock.now() - invitation.paused_at).total_seconds()
        running = replace(invitation, paused_at=None, paused_seconds=invitation.paused_seconds + stood)
        _save(ports, uow, principal, running, "clock resumed")
        uow.commit()
    return running


def _why_no_pause(invitation: Invitation, *, is_over: bool) -> str:
    if invitation.clock_hours is None:
        return "This invitation has no clock to pause: you have the whole window."
    if invitation.paused_at is not None:
        return "The clock stands still already."
    if is_over:
        return "The time is up."
    if invitation.pauses_used >= invitation.pauses:
        return f"All {invitation.pauses} pauses are used."
    return ""


def _save(ports: Ports, uow: UnitOfWork, principal: Principal, invitation: Invitation, action: str) -> None:
    uow.people.save_invitation(invitation)
    entry = AuditEntry(
        at=ports.clock.now(), actor=principal.actor, action=action, subject=invitation.id, reason=""
    )
    uow.audit.add(entry)
