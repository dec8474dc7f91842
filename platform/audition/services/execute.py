"""Execute a run: the loop over its stages, and every way in which it can end.

Theory of operation. A hint names a run and the fence it had. The worker claims the run, which raises the fence;
from then on each write carries the new fence and an old one changes nothing. Evidence is collected (RUNNING),
published with the move to GRADING, then graded and published with the move to GRADED. A worker that dies leaves
a lease that expires: the reconciler queues the run again, from the start or, once evidence is published, from
grading only. What this worker started it also discards, whatever happens; what it could not, the sweeper finds.
"""

import logging
from concurrent.futures import Future
from dataclasses import replace
from functools import partial

from audition import codec
from audition.domain.errors import UnavailableError
from audition.domain.evidence import Artifact, ArtifactKind, RunEvidence
from audition.domain.grade import Grade, GradeStatus
from audition.domain.run import Fault, Verdict
from audition.domain.submission import State
from audition.ports import UnitOfWork
from audition.services import containers
from audition.services.claim import Claimed, claim
from audition.services.collect_evidence import (
    RefusedSubmissionError,
    collect_evidence,
    unpack,
)
from audition.services.discard import discard
from audition.services.draw_pages import drawing_texts
from audition.services.give_back import give_back
from audition.services.grade_evidence import grade_evidence, owner_of
from audition.services.keep_traces import keep_traces
from audition.services.lease import CancelledError, Lease, LeaseLostError, check_fence
from audition.services.lint import linting
from audition.services.override_check import refresh_scorecard
from audition.services.runner import Runner
from audition.services.stage_book import StageBook
from audition.services.transition import transition

_log = logging.getLogger(__name__)
_MAX_REASON = 4000
#: Verdicts of runs whose program ended well: that its predictions cannot be used then matters more.
_WITH_OUTPUT = frozenset({Verdict.ACCEPTED, Verdict.BUILD_FAILED, Verdict.UNHEALTHY})


def execute_run(runner: Runner, run_id: str, fence: int) -> None:
    """Collect the evidence of a queued run and grade it."""
    if claimed := claim(runner, run_id, fence, State.QUEUED):
        _work(runner, claimed, is_graded_only=False)


def grade_run(runner: Runner, run_id: str, fence: int) -> None:
    """Grade the recorded evidence of a run again; the candidate's code does not run."""
    if claimed := claim(runner, run_id, fence, State.GRADING):
        _work(runner, claimed, is_graded_only=True)


def _work(runner: Runner, claimed: Claimed, *, is_graded_only: bool) -> None:
    try:
        with Lease(runner, claimed.run) as lease:
            _stages(runner, claimed, lease, is_graded_only=is_graded_only)
    except LeaseLostError:
        _log.warning("run %s: lease lost, left to its new owner", claimed.run.id)
    except CancelledError:
        _end(runner, claimed, State.CANCELLED, "Cancelled on request.")
    except RefusedSubmissionError as refusal:
        reason = " ".join(refusal.problems)
        if is_graded_only:
            # It was accepted once, so that it is not now is our doing, and trying again changes nothing.
            _give_back(runner, claimed, f"An archive that ran before is refused now: {reason}", max_losses=1)
            return
        _end(runner, claimed, State.REJECTED, reason)
    except UnavailableError as error:
        _log.error("run %s: %s", claimed.run.id, error.detail)
        max_losses = runner.max_losses if error.transient else 1
        _give_back(runner, claimed, error.detail, max_losses=max_losses)
    finally:
        discard(runner, claimed.run.id, claimed.fence)


def _stages(runner: Runner, claimed: Claimed, lease: Lease, *, is_graded_only: bool) -> None:
    book = StageBook(runner, claimed.run.id, claimed.fence)
    keeper_spec = containers.keeper_spec(
        runner, claimed.version, claimed.owner, claimed.submission.archive_digest
    )
    expected = containers.expected_specs(
        runner, claimed.version, claimed.owner, is_graded_only=is_graded_only
    )
    runner.sandbox.expect(expected)
    with runner.sandbox.serve(keeper_spec) as keeper:
        inventory = unpack(keeper, book)
        if is_graded_only:
            lease.begin_grading()
            artifacts, verdict = _recorded(runner, claimed)
        else:
            with (
                linting(runner, claimed, lease, inventory, book) as linted,
                drawing_texts(runner, claimed, lease, inventory) as drawn,
            ):
                settle = partial(_settled, linted, drawn)
                collected = collect_evidence(runner, claimed, lease, keeper, inventory, book, settle)
                said = linted.result()
            _publish_evidence(runner, claimed, (*collected.artifacts, *drawn.result()))
            lease.begin_grading()
            artifacts, verdict = (*collected.artifacts, *said), collected.evidence.verdict
        grades = grade_evidence(runner, claimed, lease, artifacts, book)
        # Before the keeper is ended: nobody should wait for a container to go.
        _publish_grades(runner, claimed, verdict, grades)


def _settled(
    linted: Future[tuple[Artifact, ...]], drawn: Future[tuple[Artifact, ...]]
) -> tuple[Artifact, ...]:
    """Wait until nothing of the run is at work beside; what the linters left."""
    drawn.result()
    return linted.result()


def _recorded(runner: Runner, claimed: Claimed) -> tuple[tuple[Artifact, ...], Verdict]:
    """The artifacts and the verdict of the run as they were published."""
    with runner.ports.unit_of_work() as uow:
        artifacts = uow.runs.artifacts(claimed.run.id)
    digest = next(a.digest for a in artifacts if a.kind == ArtifactKind.EVIDENCE)
    evidence = codec.from_json(RunEvidence, runner.ports.blobs.get(digest), what="evidence.json")
    return artifacts, evidence.verdict


def _publish_evidence(runner: Runner, claimed: Claimed, artifacts: tuple[Artifact, ...]) -> None:
    with runner.ports.unit_of_work() as uow:
        check_fence(uow, claimed.run)
        uow.runs.add_artifacts(artifacts)
        _move(runner, uow, claimed, State.GRADING, "Evidence is complete.")
        uow.commit()


def _publish_grades(runner: Runner, claimed: Claimed, verdict: Verdict, grades: tuple[Grade, ...]) -> None:
    errors = [grade for grade in grades if grade.status == GradeStatus.ERRORED]
    is_invalid = any(grade.invalid_output for grade in grades)
    fault = None if verdict == Verdict.ACCEPTED else Fault.CANDIDATE
    if verdict in _WITH_OUTPUT and is_invalid:
        verdict, fault = Verdict.INVALID_OUTPUT, Fault.CANDIDATE
    state, reason = State.GRADED, "Graded."
    if errors:
        verdict, fault = Verdict.INTERNAL_ERROR, owner_of(errors)
        what = "The challenge's own part of grading" if fault == Fault.CHALLENGE else "A grader"
        state, reason = State.ERRORED, f"{what} failed; a person has to look at it."
    with runner.ports.unit_of_work() as uow:
        check_fence(uow, claimed.run)
        keep_traces(runner, uow, claimed, grades)
        uow.grades.publish(claimed.run.id, tuple(replace(grade, traces=None) for grade in grades))
        refresh_scorecard(uow, claimed.run.id)
        _finish(runner, uow, claimed, verdict, fault)
        _move(runner, uow, claimed, state, reason)
        uow.commit()


def _end(runner: Runner, claimed: Claimed, state: State, reason: str) -> None:
    """End a run of which nothing is judged, so that it has no verdict.

    A lease lost meanwhile means that it is somebody else's to end.
    """
    try:
        with runner.ports.unit_of_work() as uow:
            _finish(runner, uow, claimed, None, None)
            _move(runner, uow, claimed, state, reason[:_MAX_REASON])
            uow.commit()
    except LeaseLostError:
        _log.warning("run %s: lease lost before it could become %s", claimed.run.id, state)


def _give_back(runner: Runner, claimed: Claimed, reason: str, *, max_losses: int) -> None:
    run_id, actor = claimed.run.id, runner.worker
    give_back(runner.ports, run_id, claimed.fence, actor=actor, reason=reason, max_losses=max_losses)


def _finish(
    runner: Runner, uow: UnitOfWork, claimed: Claimed, verdict: Verdict | None, fault: Fault | None
) -> None:
    now = runner.ports.clock.now()
    if not uow.runs.finish(claimed.run.id, claimed.fence, verdict, fault, now):
        msg = f"Run {claimed.run.id} has a newer fence than {claimed.fence}."
        raise LeaseLostError(msg)


def _move(runner: Runner, uow: UnitOfWork, claimed: Claimed, state: State, reason: str) -> None:
    submission = uow.submissions.get(claimed.submission.id)
    now = runner.ports.clock.now()
    transition(uow, submission, state, actor=runner.worker, reason=reason, at=now)
