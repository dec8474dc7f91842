"""Claim a run: take it by compare-and-set, so that exactly one worker works on it."""

from dataclasses import dataclass, replace
from datetime import timedelta

from audition import codec
from audition.domain.challenge import ChallengeVersion
from audition.domain.execution import Ownership
from audition.domain.practice import practised
from audition.domain.run import Run
from audition.domain.submission import State, Submission
from audition.ports import UnitOfWork
from audition.services.runner import Runner
from audition.services.transition import transition


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A run that this worker holds, with what it needs to know."""

    run: Run
    submission: Submission
    version: ChallengeVersion
    fence: int
    owner: Ownership


def claim(runner: Runner, run_id: str, fence: int, state: State) -> Claimed | None:
    """Take a run whose submission is in `state`; a queued one becomes RUNNING.

    Args:
        runner: Who asks.
        run_id: The run.
        fence: The fence that the hint named; the claim raises it by one.
        state: QUEUED to collect evidence, GRADING to grade it.

    Returns:
        None when the hint is out of date: somebody else has the run, or it is over.
    """
    now = runner.ports.clock.now()
    lease_until = now + timedelta(seconds=runner.lease_seconds)
    with runner.ports.unit_of_work() as uow:
        run = uow.runs.get(run_id)
        submission = uow.submissions.get(run.submission_id)
        is_latest = uow.runs.latest(submission.id).id == run_id
        if submission.state != state or not is_latest:
            return None
        if not uow.runs.claim(run_id, fence, runner.worker, lease_until, now):
            return None
        if state == State.QUEUED:
            reason = f"Taken by {runner.worker}."
            transition(uow, submission, State.RUNNING, actor=runner.worker, reason=reason, at=now)
        claimed = Claimed(
            run=uow.runs.get(run_id),
            submission=uow.submissions.get(submission.id),
            version=_version(uow, submission),
            fence=fence + 1,
            owner=Ownership(
                run_id=run_id,
                fence=fence + 1,
                deadline_epoch=int(now.timestamp() + runner.deadline_seconds),
            ),
        )
        uow.commit()
    # After the commit: nothing waits for a disk while others wait for the transaction.
    return (
        replace(claimed, version=_rehearsal(runner, claimed.version)) if submission.is_practice else claimed
    )


def _version(uow: UnitOfWork, submission: Submission) -> ChallengeVersion:
    """The challenge with the candidate's own copy of the training data."""
    invitation = uow.people.invitation(submission.invitation_id)
    return uow.challenges.get(submission.challenge_version_id).with_variant(invitation.variant)


def _rehearsal(runner: Runner, version: ChallengeVersion) -> ChallengeVersion:
    """What of it a practice run tries; containers read the manifest as a stored file."""
    manifest = practised(version.manifest)
    digest = runner.ports.blobs.put(codec.to_json(manifest))
    return replace(version, manifest=manifest, manifest_digest=digest)
