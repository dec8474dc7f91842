"""Try the commands that a candidate declares: a trusted container leads, this runs what it says and reads nothing."""

import time
from dataclasses import dataclass, field, replace

from audition import codec
from audition.domain.contract import Inventory
from audition.domain.errors import InvalidError, UnavailableError
from audition.domain.evidence import Artifact, ArtifactKind, RunEvidence
from audition.domain.execution import Exit
from audition.domain.exercise import (
    AGAIN,
    ENDED_BADLY,
    WENT_WELL,
    Attempt,
    ExerciseEvidence,
    Step,
    Turn,
    end_of_log,
)
from audition.domain.run import Stage, StageStatus, Verdict, judge_exit
from audition.ports import Served
from audition.services import containers
from audition.services.build_image import Built
from audition.services.claim import Claimed
from audition.services.lease import Lease, check_lease
from audition.services.receive import receive
from audition.services.runner import Runner
from audition.services.stage_book import StageBook

EXERCISE_FILE = "exercise.json"
_MAX_TURN = 1 << 20
#: What laying out a workspace or looking at one may take.
_TURN_SECONDS = 60.0
#: A contract has five commands, of which none has more steps than this; more would not be the container that we know.
_MOST_STEPS = 60
_OWN, _CHALLENGE = "own", "challenge"
_README = "readme.md"
_NOTHING = "audition.toml declares no command to try, and none was found."
_OUR_LIMIT = "The commands could not all be tried. That is our limit: what was not tried counts for nothing."


class _TroubleError(Exception):
    """The leading container failed: what was not tried is not assessed."""


@dataclass
class _Session:
    """A conversation with the leading container, and what has come of it."""

    runner: Runner
    claimed: Claimed
    lease: Lease
    leader: Served
    images: dict[str, str]
    """Where a step may run: "own", "challenge", in this order of preference, to the image."""
    until: float
    """Monotonic seconds."""
    attempts: list[Attempt] = field(default_factory=list)
    place: str = _CHALLENGE
    """The image on which the present exercise runs."""
    others: list[str] = field(default_factory=list)
    """Images on which it could be begun anew."""
    is_begun_anew: bool = False


def exercise_commands(  # noqa: PLR0913  the work and everything it works with
    runner: Runner,
    claimed: Claimed,
    lease: Lease,
    inventory: Inventory,
    built: Built | None,
    book: StageBook,
) -> tuple[Artifact, ...]:
    """Try every command of the contract; what came of it is a result, whatever it is.

    Returns:
        The evidence and the predictions that commands left; nothing when there is nothing to try.

    Raises:
        LeaseLostError, CancelledError: The work must not go on.
        UnavailableError: The engine failed.
    """
    check_lease(lease)
    record = book.begin(Stage.EXERCISE)
    if not _is_anything_said(inventory):
        book.end(record, StageStatus.SKIPPED, None, _NOTHING)
        return ()
    so_far = RunEvidence(verdict=Verdict.ACCEPTED, inventory=inventory, stages=())
    digest = runner.ports.blobs.put(codec.to_json(so_far))
    # The same for the same bytes, so that a submission meets the same faults when it is looked at again.
    seed = int(claimed.submission.archive_digest[:8], 16)
    spec = containers.leader_spec(runner, claimed.version, claimed.owner, digest, seed)
    with runner.sandbox.serve(spec) as leader:
        session = _Session(
            runner=runner,
            claimed=claimed,
            lease=lease,
            leader=leader,
            images=_images(runner, claimed, built),
            until=time.monotonic() + spec.limits.time_seconds,
        )
        evidence, outputs = _try_all(session)
    check_lease(lease)
    status = StageStatus.FAILED if evidence.trouble else StageStatus.PASSED
    book.end(record, status, None, _OUR_LIMIT if evidence.trouble else "")
    return (*outputs, _artifact(session, ArtifactKind.EXERCISE, EXERCISE_FILE, codec.to_json(evidence)))


def _is_anything_said(inventory: Inventory) -> bool:
    """Whether there is a command, or a README that may have some."""
    pipeline = inventory.contract.pipeline
    declared = (pipeline.gate, pipeline.retrain, pipeline.data_check, pipeline.tests, pipeline.train)
    return any(declared) or any(entry.path.lower() == _README for entry in inventory.entries)


def _images(runner: Runner, claimed: Claimed, built: Built | None) -> dict[str, str]:
    own = {_OWN: built.stage.image_id} if built is not None and built.stage.image_id else {}
    return {**own, _CHALLENGE: runner.images[claimed.version.manifest.image]}


def _try_all(session: _Session) -> tuple[ExerciseEvidence, tuple[Artifact, ...]]:
    turn, trouble = Turn(), ""
    outputs: tuple[Artifact, ...] = ()
    try:
        turn = _next_turn(session)
        while turn.step is not None:
            _try(session, turn.step)
            turn = _next_turn(session)
            _note_left(session, turn)
        outputs = _receive(session)
    except _TroubleError as error:
        trouble = str(error)
    return (
        ExerciseEvidence(
            attempts=tuple(session.attempts),
            omitted=turn.omitted,
            outputs=tuple(artifact.name for artifact in outputs),
            trouble=trouble,
        ),
        outputs,
    )


def _next_turn(session: _Session) -> Turn:
    check_lease(session.lease)
    try:
        line = session.leader.read_line(_MAX_TURN, _TURN_SECONDS)
        turn = codec.from_json(Turn, line, what="turn", max_bytes=_MAX_TURN)
    except (UnavailableError, InvalidError) as error:
        raise _TroubleError(error.detail) from error
    if len(session.attempts) > _MOST_STEPS:
        msg = f"The container asked for more than {_MOST_STEPS} steps."
        raise _TroubleError(msg)
    return turn


def _note_left(session: _Session, turn: Turn) -> None:
    """What the step before left belongs to it; a step that is begun anew left nothing."""
    if turn.left:
        session.attempts[-1] = replace(session.attempts[-1], left=turn.left)


def _try(session: _Session, step: Step) -> None:
    """Run a step, the first of an exercise on the next image when it fails on one, and say how it ended."""
    before = session.attempts.pop() if session.is_begun_anew else None
    if before is None and step.is_first:
        session.place, *session.others = session.images
    attempt = _run(session, step)
    if before is not None and not attempt.is_well:
        # It fails on each: how it does so in the candidate's own image says most.
        attempt, session.place = before, before.image
    session.attempts.append(attempt)
    # What hangs on one image hangs on the other: the time is better spent on what comes after.
    is_worth_it = not attempt.is_well and attempt.verdict != Verdict.TIME_LIMIT
    session.is_begun_anew = step.is_first and is_worth_it and bool(session.others)
    if session.is_begun_anew:
        session.place = session.others.pop(0)
        _answer(session, AGAIN)
    else:
        _answer(session, WENT_WELL if attempt.is_well else ENDED_BADLY)


def _run(session: _Session, step: Step) -> Attempt:
    runner, claimed = session.runner, session.claimed
    seconds = max(1.0, session.until - time.monotonic())
    image = session.images[session.place]
    spec = containers.exercise_spec(runner, claimed.version, claimed.owner, step, image, seconds)
    exit_: Exit = runner.sandbox.run(spec, session.lease.should_stop)
    check_lease(session.lease)
    return Attempt(
        step=step,
        verdict=judge_exit(exit_),
        exit_code=exit_.exit_code,
        seconds=round(exit_.usage.wall_seconds, 2),
        cpu_seconds=exit_.usage.cpu_seconds,
        log=end_of_log((exit_.stdout, exit_.stderr)),
        image=session.place,
    )


def _answer(session: _Session, signal: str) -> None:
    try:
        session.leader.signal(signal)
    except UnavailableError as error:
        raise _TroubleError(error.detail) from error


def _receive(session: _Session) -> tuple[Artifact, ...]:
    try:
        collection, digests = receive(session.runner, session.leader)
    except (UnavailableError, InvalidError) as error:
        raise _TroubleError(error.detail) from error
    return tuple(
        replace(
            _artifact(session, ArtifactKind.EXERCISE_OUTPUT, file.name, b""), digest=digest, bytes=file.bytes
        )
        for file, digest in zip(collection.files, digests, strict=True)
    )


def _artifact(session: _Session, kind: ArtifactKind, name: str, data: bytes) -> Artifact:
    return Artifact(
        run_id=session.claimed.run.id,
        fence=session.claimed.fence,
        stage=Stage.EXERCISE,
        kind=kind,
        name=name,
        digest=session.runner.ports.blobs.put(data) if data else "",
        bytes=len(data),
    )
