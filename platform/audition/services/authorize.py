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
    """The submission, if the asker may see it: reviewers all, candidates their own.

    Raises:
        NotFoundError: It does not exist for them.
    """
    submission = uow.submissions.get(submission_id)
    owns = principal.kind == PrincipalKind.CANDIDATE and submission.invitation_id == principal.subject_id
    if owns or principal.has_role(Role.REVIEWER):
        return submission
    msg = f"There is no submission {submission_id}."
    raise NotFoundError(msg)


def own_invitation(uow: UnitOfWork, principal: Principal) -> tuple[Invitation, ChallengeVersion]:
    """The candidate's invitation and its challenge version.

    Raises:
        DeniedError: The asker is not a candidate.
    """
    require_candidate(principal)
    invitation = uow.people.invitation(principal.subject_id)
    return invitation, uow.challenges.get(invitation.challenge_version_id)
