"""Share a report with somebody who has no account: a link that ends, and a record of who opened it when."""

from datetime import timedelta

from audition.domain.errors import ConflictError, InvalidError, NotFoundError
from audition.domain.people import AuditEntry, Principal, Role
from audition.domain.report import Report
from audition.domain.share import Share
from audition.domain.submission import State
from audition.ports import Ports, UnitOfWork
from audition.services.authorize import assessed_submission, require_role
from audition.services.compose_report import read_report
from audition.services.redact import for_manager
from audition.services.sign_in import token_digest

MOST_DAYS = 90
_SHAREABLE = frozenset({State.GRADED, State.RELEASED})
_VIEWED = "share opened"


def create_share(ports: Ports, principal: Principal, submission_id: str, days: float) -> tuple[Share, str]:
    """Make a link; its secret is returned here and kept nowhere.

    Args:
        ports: Where it is stored.
        principal: A reviewer.
        submission_id: Whose report.
        days: How long it leads there, in (0, `MOST_DAYS`].

    Raises:
        DeniedError: The asker is no reviewer.
        NotFoundError: No such submission.
        ConflictError: There is no report yet.
        InvalidError: Too short or too long.
    """
    require_role(principal, Role.REVIEWER)
    if not 0 < days <= MOST_DAYS:
        msg = f"A link lasts more than 0 and at most {MOST_DAYS} days; {days:g} were asked for."
        raise InvalidError(msg, code="bad-duration")
    secret, now = ports.tokens.new_secret(), ports.clock.now()
    with ports.unit_of_work() as uow:
        submission = assessed_submission(uow, submission_id)
        if submission.state not in _SHAREABLE:
            msg = f"Submission {submission_id} is {submission.state}; there is no report to share yet."
            raise ConflictError(msg, code="not-graded")
        share = Share(
            id=ports.tokens.new_id("shr"),
            submission_id=submission_id,
            token_digest=token_digest(secret),
            created_by=principal.subject_id,
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
        uow.shares.add(share)
        _audit(
            uow, ports, principal.actor, "share made", share, f"Until {share.expires_at:%Y-%m-%d %H:%M} UTC."
        )
        uow.commit()
    return share, secret


def revoke_share(ports: Ports, principal: Principal, submission_id: str, share_id: str) -> None:
    """End a link before its time; ending it again changes nothing.

    Raises:
        DeniedError: The asker is no reviewer.
        NotFoundError: The submission has no such link.
    """
    require_role(principal, Role.REVIEWER)
    with ports.unit_of_work() as uow:
        share = next((s for s in uow.shares.of_submission(submission_id) if s.id == share_id), None)
        if share is None:
            msg = f"There is no link {share_id[:60]!r} to this report."
            raise NotFoundError(msg, code="share-not-found")
        if uow.shares.revoke(share_id, ports.clock.now()):
            _audit(uow, ports, principal.actor, "share ended", share, "")
        uow.commit()


def open_share(ports: Ports, secret: str) -> tuple[Share, Report]:
    """What a link leads to; each opening is written down.

    Raises:
        NotFoundError: No such link, or it was ended.
        ConflictError: Its time is over, or the report is being made again.
    """
    now = ports.clock.now()
    with ports.unit_of_work() as uow:
        share = uow.shares.by_token(token_digest(secret))
        if share is None or share.revoked_at is not None:
            msg = "This link is not valid."
            raise NotFoundError(
                msg, code="unknown-share", next_step="Ask the person who sent it for a new one."
            )
        if not share.is_open(now):
            msg = f"This link ended on {share.expires_at:%Y-%m-%d %H:%M} UTC."
            raise ConflictError(msg, code="share-over", next_step="Ask the person who sent it for a new one.")
        if uow.submissions.get(share.submission_id).state not in _SHAREABLE:
            msg = "This report is being made again."
            raise ConflictError(msg, code="not-graded", next_step="Open the link again later.")
        report = read_report(ports, uow, share.submission_id)
        _audit(uow, ports, f"share:{share.id}", _VIEWED, share, "")
        uow.commit()
    return share, for_manager(report)


def shares_of(ports: Ports, principal: Principal, submission_id: str) -> tuple[tuple[Share, int], ...]:
    """The links to a report, oldest first, with how often each was opened.

    Raises:
        DeniedError: The asker is no reviewer.
    """
    require_role(principal, Role.REVIEWER)
    with ports.unit_of_work() as uow:
        shares = uow.shares.of_submission(submission_id)
        opened = [e.actor for e in uow.audit.about(submission_id) if e.action == _VIEWED]
    return tuple((share, opened.count(f"share:{share.id}")) for share in shares)


def _audit(  # noqa: PLR0913  each is one field of the entry
    uow: UnitOfWork, ports: Ports, actor: str, action: str, share: Share, reason: str
) -> None:
    entry = AuditEntry(
        at=ports.clock.now(), actor=actor, action=action, subject=share.submission_id, reason=reason
    )
    uow.audit.add(entry)
