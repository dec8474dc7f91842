"""Dispute a finding: its candidate says why, once, and a reviewer answers, with a change or without one."""

from dataclasses import dataclass, replace
from datetime import datetime

from audition.domain.dispute import Dispute, DisputeState, ends_at
from audition.domain.errors import ConflictError, InvalidError, NotFoundError
from audition.domain.grade import Finding
from audition.domain.override import holding
from audition.domain.people import AuditEntry, Principal, Role
from audition.domain.submission import State, Submission
from audition.ports import Ports, UnitOfWork
from audition.services.announce import announce_dispute
from audition.services.authorize import require_candidate, require_role, visible_submission
from audition.services.override_check import change_check, grades_with_overrides

#: Characters of what a candidate holds against a finding.
MOST_TEXT = 2000
#: Characters of an answer; one that changes the check is the change's reason as well.
MOST_ANSWER = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputes:
    """The disputes of one report.

    Attributes:
        by_check: Those that there are.
        until: Until when more can come; None where the report is not released, or it is over.
    """

    by_check: dict[str, Dispute]
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDispute:
    """One that waits for an answer."""

    dispute: Dispute
    alias: str
    title: str
    """Of the check."""


def disputes_of(ports: Ports, principal: Principal, submission_id: str) -> Disputes:
    """The disputes of a report, for whoever may see it.

    Raises:
        NotFoundError: The submission does not exist for the asker.
    """
    with ports.unit_of_work() as uow:
        submission = visible_submission(uow, principal, submission_id)
        found = uow.disputes.of_submission(submission_id)
    end = _until(submission)
    return Disputes(
        by_check={dispute.check: dispute for dispute in found},
        until=end if end and ports.clock.now() < end else None,
    )


def open_disputes(ports: Ports, principal: Principal) -> tuple[OpenDispute, ...]:
    """What waits for an answer, oldest first.

    Raises:
        DeniedError: The asker is no reviewer.
    """
    require_role(principal, Role.REVIEWER)
    with ports.unit_of_work() as uow:
        found = uow.disputes.in_state(DisputeState.OPEN)
        submissions = {d.submission_id: uow.submissions.get(d.submission_id) for d in found}
        aliases = uow.people.aliases([s.invitation_id for s in submissions.values()])
        return tuple(
            OpenDispute(
                dispute=dispute,
                alias=aliases[submissions[dispute.submission_id].invitation_id],
                title=_finding(uow, dispute.submission_id, dispute.check).title,
            )
            for dispute in found
        )


def dispute_finding(ports: Ports, principal: Principal, submission_id: str, check: str, text: str) -> Dispute:
    """Dispute a finding of one's own report.

    Raises:
        DeniedError: The asker is no candidate.
        NotFoundError: The submission does not exist for them, or its report has no such check.
        ConflictError: It is not released, the time for it is over, or the check was disputed before.
        InvalidError: No text, too much of it, or a check that is worth nothing.
    """
    require_candidate(principal)
    with ports.unit_of_work() as uow:
        submission = visible_submission(uow, principal, submission_id)
        _check_in_time(submission, ports.clock.now())
        if _finding(uow, submission_id, check).max_points <= 0:
            msg = "This check is worth no points, so nothing of it can be disputed."
            raise InvalidError(msg, code="nothing-to-dispute")
        dispute = Dispute(
            id=ports.tokens.new_id("dsp"),
            submission_id=submission_id,
            check=check,
            text=_written(text, MOST_TEXT),
            created_at=ports.clock.now(),
        )
        uow.disputes.add(dispute)
        announce_dispute(uow, submission, dispute, dispute.created_at)
        _audit(uow, ports, principal, submission_id, f"{check}: disputed")
        uow.commit()
    return dispute


def answer_dispute(  # noqa: PLR0913  who answers what, how, and why
    ports: Ports,
    principal: Principal,
    submission_id: str,
    check: str,
    *,
    is_upheld: bool,
    points: float | None,
    answer: str,
) -> Dispute:
    """Answer it, once; where it is upheld, the check is changed in the same step.

    Args:
        ports: Where it is stored.
        principal: The reviewer.
        submission_id: Whose report it is.
        check: What is disputed.
        is_upheld: Whether the candidate is right.
        points: What the check gets then; None takes it out of the count. Without meaning where it is rejected.
        answer: The reason, which the candidate reads.

    Raises:
        DeniedError: The asker is no reviewer.
        NotFoundError: Nobody disputes the check.
        ConflictError: It was answered, or it is about the asker's own change, which another has to judge.
        InvalidError: No answer, too long a one, or points that the check does not have, or not more than before.
    """
    require_role(principal, Role.REVIEWER)
    with ports.unit_of_work() as uow:
        dispute = _disputed(uow, submission_id, check)
        _check_answerer(uow, principal, dispute)
        reason = _written(answer, MOST_ANSWER)
        if is_upheld:
            _check_better(_finding(uow, submission_id, check), points)
            change_check(uow, ports, principal, submission_id, check, points=points, reason=reason)
        answered = replace(
            dispute,
            state=DisputeState.UPHELD if is_upheld else DisputeState.REJECTED,
            answer=reason,
            reviewer_id=principal.subject_id,
            answered_at=ports.clock.now(),
        )
        if not uow.disputes.answer(answered):
            msg = "This dispute was answered; the first answer stays."
            raise ConflictError(msg, code="dispute-answered")
        announce_dispute(uow, uow.submissions.get(submission_id), answered, ports.clock.now())
        _audit(uow, ports, principal, submission_id, f"{check}: dispute {answered.state.value}", reason)
        uow.commit()
    return answered


def _until(submission: Submission) -> datetime | None:
    return ends_at(submission.released_at) if submission.state == State.RELEASED else None


def _check_in_time(submission: Submission, now: datetime) -> None:
    end = _until(submission)
    if end is None:
        msg = "Findings can be disputed once the report is released."
        raise ConflictError(msg, code="not-released")
    if now >= end:
        msg = f"Findings of this report could be disputed until {end:%d %B %Y, %H:%M} UTC."
        raise ConflictError(msg, code="dispute-window-over", next_step="Write to who invited you.")


def _finding(uow: UnitOfWork, submission_id: str, check: str) -> Finding:
    """The finding as people left it."""
    grades, _ = grades_with_overrides(uow, uow.runs.latest(submission_id).id)
    for grade in grades:
        for finding in grade.findings:
            if finding.check == check:
                return finding
    msg = f"The report has no check {check[:80]!r}."
    raise NotFoundError(msg, code="no-such-check")


def _disputed(uow: UnitOfWork, submission_id: str, check: str) -> Dispute:
    for dispute in uow.disputes.of_submission(submission_id):
        if dispute.check == check:
            return dispute
    msg = f"Nobody disputes {check[:80]!r}."
    raise NotFoundError(msg, code="no-dispute")


def _check_answerer(uow: UnitOfWork, principal: Principal, dispute: Dispute) -> None:
    grades, overrides = grades_with_overrides(uow, uow.runs.latest(dispute.submission_id).id)
    held = holding(overrides, grades).get(dispute.check)
    if held is not None and held.reviewer_id == principal.subject_id and dispute.state == DisputeState.OPEN:
        msg = "What is disputed is your own change; another reviewer has to answer."
        raise ConflictError(
            msg, code="own-change", next_step="Ask a colleague, or withdraw the change first."
        )


def _check_better(finding: Finding, points: float | None) -> None:
    if points is not None and points <= finding.points:
        msg = f"It has {finding.points:g} points already: who is right gets more, or has it left out of the count."
        raise InvalidError(msg, code="nothing-upheld")


def _written(text: str, most: int) -> str:
    stripped = text.strip()
    if not stripped or len(stripped) > most:
        msg = f"1 to {most:,} characters are wanted; these are {len(stripped):,}."
        raise InvalidError(msg, code="bad-text", next_step="Say in a few sentences why.")
    return stripped


def _audit(  # noqa: PLR0913  each is one field of the entry
    uow: UnitOfWork, ports: Ports, principal: Principal, subject: str, action: str, reason: str = ""
) -> None:
    entry = AuditEntry(
        at=ports.clock.now(), actor=principal.actor, action=action, subject=subject, reason=reason
    )
    uow.audit.add(entry)
