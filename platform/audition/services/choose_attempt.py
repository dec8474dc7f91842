"""Choose which attempt counts: its candidate's choice, else the one with the highest score."""

from dataclasses import dataclass, replace

from audition.domain.errors import ConflictError
from audition.domain.grade import total_score
from audition.domain.people import AuditEntry, Principal, Role
from audition.domain.submission import FREE_STATES, State, Submission
from audition.ports import Ports, UnitOfWork
from audition.services.authorize import own_invitation, require_role, visible_submission

#: There is a score to compare.
_SCORED = frozenset({State.GRADED, State.RELEASED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """Which of a candidate's attempts counts."""

    submission_id: str | None
    """None while none is graded."""
    attempt_number: int | None
    is_chosen: bool
    """Whether it is the candidate's choice; else it has the highest score, the latest of equals."""
    graded: int
    """Attempts that could count."""


def choose_attempt(ports: Ports, principal: Principal, submission_id: str) -> Submission:
    """Make one of the asker's attempts the one that counts; the last choice holds.

    Raises:
        DeniedError: The asker is not a candidate.
        NotFoundError: It is not theirs.
        ConflictError: It is practice, or of those that cost no attempt; or the window is over.
    """
    with ports.unit_of_work() as uow:
        invitation, _ = own_invitation(uow, principal)
        submission = visible_submission(uow, principal, submission_id)
        now = ports.clock.now()
        if submission.is_practice or submission.state in FREE_STATES:
            msg = "This run cannot count: it is practice, or it used no attempt."
            raise ConflictError(msg, code="cannot-count", next_step="Choose an attempt that was run.")
        if invitation.is_over(now):
            msg = f"The window ended on {invitation.ends_at:%Y-%m-%d %H:%M} UTC; the choice stays as it is."
            raise ConflictError(msg, code="invitation-over")
        uow.people.save_invitation(replace(invitation, chosen_submission_id=submission.id))
        reason = f"Attempt {submission.attempt_number} is to count."
        uow.audit.add(
            AuditEntry(
                at=now, actor=principal.actor, action="attempt chosen", subject=submission.id, reason=reason
            )
        )
        uow.commit()
    return submission


def counting_attempt(ports: Ports, principal: Principal, submission_id: str) -> Counting:
    """Which attempt counts of the candidate who made a submission; for reviewers, as it compares scores.

    Raises:
        DeniedError: The asker is no reviewer.
        NotFoundError: There is no such submission.
    """
    require_role(principal, Role.REVIEWER)
    with ports.unit_of_work() as uow:
        return _counting(uow, visible_submission(uow, principal, submission_id))


def _counting(uow: UnitOfWork, submission: Submission) -> Counting:
    invitation = uow.people.invitation(submission.invitation_id)
    weights = uow.challenges.get(submission.challenge_version_id).manifest.weights
    attempts = [
        s for s in uow.submissions.of_invitation(invitation.id) if s.state in _SCORED and not s.is_practice
    ]
    runs = uow.runs.latest_of([s.id for s in attempts])
    cards = uow.grades.scorecards([run.id for run in runs.values()])
    scores = {
        s.id: total_score(cards[runs[s.id].id].dimensions, weights)
        for s in attempts
        if runs[s.id].id in cards
    }
    found = counting(attempts, scores, invitation.chosen_submission_id)
    return Counting(
        submission_id=found.id if found else None,
        attempt_number=found.attempt_number if found else None,
        is_chosen=found is not None and found.id == invitation.chosen_submission_id,
        graded=len(attempts),
    )


def counting(
    attempts: list[Submission], scores: dict[str, float | None], chosen: str | None
) -> Submission | None:
    """The attempt that counts, of those that have a score."""
    scored = [s for s in attempts if scores.get(s.id) is not None]
    if picked := next((s for s in scored if s.id == chosen), None):
        return picked
    return max(scored, key=lambda s: (scores[s.id] or 0.0, s.created_at, s.attempt_number), default=None)
