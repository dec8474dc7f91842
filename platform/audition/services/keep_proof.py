"""Remember that a challenge folder was proved, and ask for it before it is published."""

from audition.domain.errors import ConflictError
from audition.domain.people import AuditEntry
from audition.ports import Ports

_PROVED = "proved"


def keep_proof(ports: Ports, actor: str, digest: str, reason: str) -> None:
    """Note in the audit log that the folder with this digest passed the gate."""
    entry = AuditEntry(at=ports.clock.now(), actor=actor, action=_PROVED, subject=digest, reason=reason)
    with ports.unit_of_work() as uow:
        uow.audit.add(entry)
        uow.commit()


def require_proof(ports: Ports, slug: str, digest: str) -> str:
    """Let only a folder through that was proved exactly as it is; what was seen then.

    Raises:
        ConflictError: It was not.
    """
    with ports.unit_of_work() as uow:
        proofs = [entry.reason for entry in uow.audit.about(digest) if entry.action == _PROVED]
    if proofs:
        return proofs[-1]
    msg = f"{slug} was not proved as it is now: nobody knows whether its samples end as they should."
    step = f"Run audition challenge test {slug}, or publish it with --unproved."
    raise ConflictError(msg, code="not-proved", next_step=step)


def proof_of(ports: Ports, digest: str) -> tuple[str, ...]:
    """What was seen when this was proved, a line each; nothing when it was not."""
    with ports.unit_of_work() as uow:
        proofs = [entry.reason for entry in uow.audit.about(digest) if entry.action == _PROVED]
    return tuple(proofs[-1].splitlines()) if proofs else ()
