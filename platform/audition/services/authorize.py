"""Decide who may see and do what. Every look-up on behalf of a person goes through here.

What a person may not see does not exist for them: the answer is "not found", never "forbidden", so that ids
cannot be probed.
"""

from audition.domain.challenge import ChallengeVersion
from audition.domain.errors import DeniedError, NotFoundError
from audition.domain.people import Invitation, Principal, PrincipalKind, Role
from audition.domain.submission import Submission
from audition.ports import UnitOfWork


def require_role(principal: Principal, role: Role) -> None:
    """Refuse anyone who is not staff with this role.

    Raises:
        DeniedError: They are not.
    """
    if not principal.has_role(role):
        msg = f"This needs the {role} role."
        raise DeniedError(msg, code="role-required", next_step="Ask an operator for the role.")


def require_candidate(principal: Principal) -> None:
    """Refuse anyone who is not a candidate.

    Raises:
        DeniedError: They are not.
    """
    if principal.kind != PrincipalKind.CANDIDATE:
        msg = "Only candidates have an invitation."
        raise DeniedError(msg, code="candidate-required", next_step="Open an invitation link.")


def visible_submission(uow: UnitOfWork, principal: Principal, submission_id: str) -> Submission:
    """The submission, if the asker may see it: candidates their own, reviewers all but practice.

    Raises:
        NotFoundError: It does not exist for them.
    """
    submission = uow.submissions.get(submission_id)
    owns = principal.kind == PrincipalKind.CANDIDATE and submission.invitation_id == principal.subject_id
    if owns or (principal.has_role(Role.REVIEWER) and not submission.is_practice):
        return submission
    raise _no_submission(submission_id)


def assessed_submission(uow: UnitOfWork, submission_id: str) -> Submission:
    """A submission that people assess; callers have made sure that the asker is one of them.

    Raises:
        NotFoundError: There is none, or it is a practice run, which is nobody's but its candidate's.
    """
    submission = uow.submissions.get(submission_id)
    if submission.is_practice:
        raise _no_submission(submission_id)
    return submission


def _no_submission(submission_id: str) -> NotFoundError:
    # As the storage says it, so that nobody learns from the words what there is.
    return NotFoundError(f"There is no submission {submission_id}.", code="submission-not-found")


def own_invitation(uow: UnitOfWork, principal: Principal) -> tuple[Invitation, ChallengeVersion]:
    """The candidate's invitation and its challenge version.

    Raises:
        DeniedError: The asker is not a candidate.
    """
    require_candidate(principal)
    invitation = uow.people.invitation(principal.subject_id)
    return invitation, uow.challenges.get(invitation.challenge_version_id)
