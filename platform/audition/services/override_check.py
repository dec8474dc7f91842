"""Override what a check said: a reviewer's decision, with a reason, beside what the grader said."""

from audition.domain.errors import ConflictError, InvalidError, NotFoundError
from audition.domain.grade import Finding, Grade
from audition.domain.override import Override, holding, overridden
from audition.domain.people import AuditEntry, Principal, Role
from audition.domain.run import Run
from audition.domain.scorecard import scorecard_of
from audition.domain.submission import State
from audition.ports import Ports, UnitOfWork
from audition.services.authorize import assessed_submission, require_role

MOST_REASON = 500
_CHANGEABLE = frozenset({State.GRADED, State.RELEASED})


def override_check(  # noqa: PLR0913  who changes what, how, and why
    ports: Ports, principal: Principal, submission_id: str, check: str, *, points: float | None, reason: str
) -> None:
    """Give a check other points, or take it out of the count.

    Args:
        ports: Where it is stored.
        principal: The reviewer.
        submission_id: Of whom; the newest run is meant.
        check: Its id.
        points: In [0, points of the check]; None takes it out of the count.
        reason: A sentence; the candidate reads it too.

    Raises:
        DeniedError: The asker is no reviewer.
        NotFoundError: No such submission, or its grades have no such check.
        ConflictError: It is not graded.
        InvalidError: No reason, a check that is worth nothing, or points that it does not have.
    """
    require_role(principal, Role.REVIEWER)
    with ports.unit_of_work() as uow:
        change_check(uow, ports, principal, submission_id, check, points=points, reason=reason)
        uow.commit()


def change_check(  # noqa: PLR0913  as above, within the caller's transaction
    uow: UnitOfWork,
    ports: Ports,
    principal: Principal,
    submission_id: str,
    check: str,
    *,
    points: float | None,
    reason: str,
) -> None:
    """Do what `override_check` does, for callers who commit and have asked for the role."""
    run, grades = _graded(uow, submission_id)
    grade, finding = _find(grades, check)
    _check(finding, points, reason)
    uow.overrides.add(
        Override(
            id=ports.tokens.new_id("ovr"),
            run_id=run.id,
            check=check,
            grader_version=grade.version,
            old_outcome=finding.outcome,
            old_points=finding.points,
            points=points,
            reason=reason.strip(),
            reviewer_id=principal.subject_id,
            created_at=ports.clock.now(),
        )
    )
    refresh_scorecard(uow, run.id)
    said = "out of the count" if points is None else f"{points:g} of {finding.max_points:g} points"
    _audit(uow, ports, principal, submission_id, f"{check}: {said}", reason.strip())


def withdraw_override(ports: Ports, principal: Principal, submission_id: str, check: str) -> None:
    """Let the grader's word hold again.

    Raises:
        DeniedError: The asker is no reviewer.
        NotFoundError: No such submission, or nothing that holds was changed about this check.
        ConflictError: It is not graded.
    """
    require_role(principal, Role.REVIEWER)
    with ports.unit_of_work() as uow:
        run, grades = _graded(uow, submission_id)
        found = [o for o in uow.overrides.of_run(run.id) if o.check == check and o.withdrawn_at is None]
        if check not in holding(found, grades):
            msg = f"Nobody has changed what {check[:80]!r} said."
            raise NotFoundError(msg, code="no-override")
        for override in found:
            uow.overrides.withdraw(override.id, ports.clock.now())
        refresh_scorecard(uow, run.id)
        _audit(uow, ports, principal, submission_id, f"{check}: as graded", "The override was withdrawn.")
        uow.commit()


def grades_with_overrides(uow: UnitOfWork, run_id: str) -> tuple[tuple[Grade, ...], tuple[Override, ...]]:
    """A run's grades as people left them, and everything that people changed about them."""
    overrides = uow.overrides.of_run(run_id)
    return overridden(uow.grades.of_run(run_id), overrides), overrides


def refresh_scorecard(uow: UnitOfWork, run_id: str) -> None:
    """Make lists show what the report shows; to be called whenever grades or overrides change."""
    grades, _ = grades_with_overrides(uow, run_id)
    uow.grades.save_scorecard(scorecard_of(run_id, grades))


def _graded(uow: UnitOfWork, submission_id: str) -> tuple[Run, tuple[Grade, ...]]:
    submission = assessed_submission(uow, submission_id)
    if submission.state not in _CHANGEABLE:
        msg = f"Submission {submission_id} is {submission.state}; only what is graded can be changed."
        raise ConflictError(msg, code="not-graded")
    run = uow.runs.latest(submission_id)
    return run, uow.grades.of_run(run.id)


def _find(grades: tuple[Grade, ...], check: str) -> tuple[Grade, Finding]:
    for grade in grades:
        for finding in grade.findings:
            if finding.check == check:
                return grade, finding
    msg = f"The report has no check {check[:80]!r}."
    raise NotFoundError(msg, code="no-such-check")


def _check(finding: Finding, points: float | None, reason: str) -> None:
    problems = []
    if not reason.strip():
        problems.append("A reason is needed: the candidate and every later reader will ask for it.")
    if len(reason) > MOST_REASON:
        problems.append(f"The reason has {len(reason):,} characters; at most {MOST_REASON} are kept.")
    if finding.max_points <= 0:
        problems.append("This check is worth no points, so there is nothing to change.")
    # A comparison that is false for what is no number.
    elif points is not None and not 0 <= points <= finding.max_points:
        problems.append(
            f"The check is worth 0 to {finding.max_points:g} points; {points:g} is not among them."
        )
    if problems:
        msg = "The check was left as it is."
        raise InvalidError(msg, code="bad-override", problems=problems)


def _audit(  # noqa: PLR0913  each is one field of the entry
    uow: UnitOfWork, ports: Ports, principal: Principal, subject: str, action: str, reason: str
) -> None:
    uow.audit.add(
        AuditEntry(at=ports.clock.now(), actor=principal.actor, action=action, subject=subject, reason=reason)
    )
