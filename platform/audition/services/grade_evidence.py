"""Grade evidence: score it against the hidden answers and judge the rest. No candidate code runs here."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from audition import codec
from audition.domain.errors import InvalidError, UnavailableError
from audition.domain.evidence import Artifact, ArtifactKind
from audition.domain.execution import ContainerSpec, Exit
from audition.domain.grade import Grade, GradeSheet, GradeStatus
from audition.domain.run import Fault, Stage, StageStatus
from audition.services import containers
from audition.services.claim import Claimed
from audition.services.lease import Lease, check_lease
from audition.services.runner import Runner
from audition.services.stage_book import StageBook

_MAX_SHEET = 4 << 20
#: What the candidate is told; the cause quotes a container that has seen the answers, so it is for staff only.
_OUR_FAULT = "A grader failed. That is our fault: a person will look at it, and no attempt was used."
_CHALLENGE_FAULT = (
    "The challenge could not measure this. That is its author's fault: a person will look at it, and no attempt"
    " was used."
)


def grade_evidence(
    runner: Runner,
    claimed: Claimed,
    lease: Lease,
    artifacts: tuple[Artifact, ...],
    book: StageBook,
) -> tuple[Grade, ...]:
    """Run the graders, those with and those without the answers side by side in containers of their own.

    Raises:
        LeaseLostError, CancelledError: The work must not go on.
        UnavailableError: A grader container failed; that is our fault, never a zero.
    """
    evidence = next(a.digest for a in artifacts if a.kind == ArtifactKind.EVIDENCE)
    common = (runner, claimed.version, claimed.owner, evidence, artifacts)
    has_outputs = any(a.kind == ArtifactKind.OUTPUT for a in artifacts)
    specs = [containers.score_spec(*common)]
    if not claimed.submission.is_practice:
        specs.append(containers.judge_spec(*common))
    with ThreadPoolExecutor(max_workers=len(specs)) as pool:
        sheets = list(
            pool.map(lambda spec: _sheet(runner, spec, lease, book, has_outputs=has_outputs), specs)
        )
    return tuple(grade for sheet in sheets for grade in sheet)


def _sheet(
    runner: Runner, spec: ContainerSpec, lease: Lease, book: StageBook, *, has_outputs: bool
) -> tuple[Grade, ...]:
    check_lease(lease)
    record = book.begin(Stage(spec.stage))
    exit_ = runner.sandbox.run(spec, lease.should_stop)
    check_lease(lease)
    try:
        sheet = _read(spec, exit_)
    except UnavailableError:
        book.end(record, StageStatus.FAILED, exit_, _OUR_FAULT)
        raise
    trouble = " ".join(grade.invalid_output for grade in sheet.grades if grade.invalid_output)
    errors = [grade for grade in sheet.grades if grade.status == GradeStatus.ERRORED]
    if errors:
        trouble = _CHALLENGE_FAULT if owner_of(errors) == Fault.CHALLENGE else _OUR_FAULT
    status = StageStatus.FAILED if trouble else StageStatus.PASSED
    if spec.stage == Stage.SCORE and not trouble and not has_outputs:
        # That there is nothing to score was said by the stage that left nothing.
        status = StageStatus.SKIPPED
    usage = replace(exit_.usage, grader_seconds=_seconds(sheet))
    book.end(record, status, replace(exit_, stdout=b"", usage=usage), trouble)
    return sheet.grades


def owner_of(errors: Sequence[Grade]) -> Fault:
    """Whose fault it is that graders failed: ours, unless each of them says that the challenge is wrong."""
    return Fault.CHALLENGE if all(grade.is_challenge_fault for grade in errors) else Fault.PLATFORM


def _seconds(sheet: GradeSheet) -> dict[str, float]:
    names = {grade.grader for grade in sheet.grades}
    return {grader: seconds for grader, seconds in sheet.seconds.items() if grader in names}


def _read(spec: ContainerSpec, exit_: Exit) -> GradeSheet:
    if exit_.exit_code != 0 or exit_.is_log_truncated:
        said = exit_.stderr[-2000:].decode(errors="replace").strip()
        cause = "ran out of memory" if exit_.is_out_of_memory else f"ended with {exit_.exit_code}"
        if exit_.is_past_deadline:
            cause = "took too long"
        msg = f"The {spec.stage} container {cause}. {said}"
        raise UnavailableError(msg, code="grader-failed")
    try:
        return codec.from_json(GradeSheet, exit_.stdout, what=f"{spec.stage} grades", max_bytes=_MAX_SHEET)
    except InvalidError as error:
        msg = f"The {spec.stage} container said something that is no grade sheet: {error.problems[:3]}"
        raise UnavailableError(msg, code="grader-failed") from error
