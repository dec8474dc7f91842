"""Read the audit log: who saw or changed what."""

from dataclasses import dataclass

from audition.domain.audit import AuditFilter, AuditLine
from audition.domain.errors import NotFoundError
from audition.domain.people import Principal, PrincipalKind, Role
from audition.ports import Ports, UnitOfWork
from audition.services.authorize import require_role
from audition.services.export_report import Export
from audition.services.write_table import write_table

PER_PAGE = 50
#: Lines of a file: some megabytes, made while somebody waits. Older ones are a second file, by `before`.
MOST_LINES = 20_000
_HEADER = ("number", "at", "actor", "action", "subject", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Some lines, newest first."""

    lines: tuple[AuditLine, ...]
    names: dict[str, str]
    """Of the staff among the actors, by actor."""
    older_than: int | None
    """What the next page comes behind; None on the last."""


def read_audit(
    ports: Ports, principal: Principal, wanted: AuditFilter, before: int | None = None
) -> AuditPage:
    """A page of the log.

    Args:
        ports: Where it is stored.
        principal: Who asks.
        wanted: Which lines.
        before: The number that the page comes behind; None for the newest.

    Raises:
        DeniedError: The asker is no operator.
    """
    require_role(principal, Role.OPERATOR)
    with ports.unit_of_work() as uow:
        found = uow.audit.newest(wanted, PER_PAGE + 1, before)
        lines = found[:PER_PAGE]
        return AuditPage(
            lines=lines,
            names=_names(uow, {line.actor for line in lines}),
            older_than=lines[-1].number if len(found) > PER_PAGE else None,
        )


def audit_as_file(
    ports: Ports, principal: Principal, wanted: AuditFilter, before: int | None = None
) -> Export:
    """The newest `MOST_LINES` lines as CSV.

    Raises:
        DeniedError: The asker is no operator.
    """
    require_role(principal, Role.OPERATOR)
    with ports.unit_of_work() as uow:
        lines = uow.audit.newest(wanted, MOST_LINES, before)
    rows = (
        (line.number, line.at.isoformat(), line.actor, line.action, line.subject, line.reason)
        for line in lines
    )
    return Export(name="audit.csv", media_type="text/csv; charset=utf-8", data=write_table(_HEADER, rows))


def _names(uow: UnitOfWork, actors: set[str]) -> dict[str, str]:
    """Candidates stay numbers here: the log is also read by who must not know whose submission is whose."""
    found: dict[str, str] = {}
    for actor in actors:
        kind, _, subject_id = actor.partition(":")
        if kind != PrincipalKind.STAFF:
            continue
        try:
            found[actor] = uow.people.staff(subject_id).name
        except NotFoundError:
            # Written by an account of another database, e.g. in one that was restored.
            continue
    return found
