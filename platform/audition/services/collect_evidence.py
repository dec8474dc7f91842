"""Collect evidence: unpack the submission, run the candidate's command, take what it wrote.

The only service that makes candidate code run. Everything it learns is facts and bytes; nothing is judged.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from audition import codec
from audition.domain.contract import Collection, Inventory
from audition.domain.errors import InvalidError, UnavailableError
from audition.domain.evidence import Artifact, ArtifactKind, RunEvidence, StageEvidence
from audition.domain.execution import Exit
from audition.domain.notebook import EXECUTED, Notebook
from audition.domain.run import Stage, StageStatus, Verdict, judge_exit
from audition.ports import Served
from audition.services import containers
from audition.services.build_image import Built, build_image
from audition.services.claim import Claimed
from audition.services.draw_pages import draw_notebook
from audition.services.exercise_commands import exercise_commands
from audition.services.explain import explain
from audition.services.lease import Lease, check_lease
from audition.services.predict_again import predict_again
from audition.services.receive import collect
from audition.services.runner import Runner
from audition.services.send_drift import Sent, send_drift
from audition.services.serve_image import Served as ServedService
from audition.services.serve_image import serve_image
from audition.services.stage_book import StageBook

_MAX_DOCUMENT = 2 << 20
_UNPACK_SECONDS = 90.0


class RefusedSubmissionError(InvalidError):
    """The submission is not accepted; nothing of it ran."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What a run left behind."""

    evidence: RunEvidence
    artifacts: tuple[Artifact, ...]


def unpack(keeper: Served, book: StageBook) -> Inventory:
    """Have the keeper unpack the submission.

    Raises:
        RefusedSubmissionError: It is not accepted; `problems` has every reason.
        UnavailableError: The keeper failed through no fault of the submission.
    """
    record = book.begin(Stage.UNPACK)
    try:
        line = keeper.read_line(_MAX_DOCUMENT, _UNPACK_SECONDS)
    except UnavailableError as error:
        exit_ = keeper.stop()
        if not exit_.is_out_of_memory:
            raise
        message = "The archive needs more memory to unpack than its size allows."
        book.end(record, StageStatus.FAILED, exit_, message)
        raise RefusedSubmissionError(message, problems=[message]) from error
    inventory = codec.from_json(Inventory, line, what="inventory", max_bytes=_MAX_DOCUMENT)
    if inventory.refusals:
        book.end(record, StageStatus.FAILED, None, " ".join(inventory.refusals))
        count = len(inventory.refusals)
        detail = f"The archive has {count} problem{'s' if count > 1 else ''}."
        raise RefusedSubmissionError(detail, problems=inventory.refusals)
    book.end(record, StageStatus.PASSED, None)
    return inventory


def collect_evidence(  # noqa: PLR0913  the work and everything it works with
    runner: Runner,
    claimed: Claimed,
    lease: Lease,
    keeper: Served,
    inventory: Inventory,
    book: StageBook,
    settle: Callable[[], tuple[Artifact, ...]],
) -> Collected:
    """Run the candidate's command and take its outputs.

    `settle` waits for what else of this run is at work, and gives what that left: a stage that is timed runs alone.

    Raises:
        LeaseLostError, CancelledError: The work must not go on.
        UnavailableError: The engine or the keeper failed.
    """
    built = _built(runner, claimed, lease, keeper, inventory, book)
    collection, outputs, exit_, verdict, message = _predict(runner, claimed, lease, keeper, inventory, book)
    again = predict_again(runner, claimed, lease, keeper, inventory, book, verdict)
    notebook = inventory.contract.notebook
    outputs = (*outputs, *draw_notebook(runner, claimed, lease, inventory, outputs))
    logs = (*_store_logs(runner, claimed, exit_, notebook), *_store_build_log(runner, claimed, built))
    stage = StageEvidence.of_exit(Stage.PREDICT, exit_, verdict, message)
    tried: tuple[Artifact, ...] = ()
    if Stage.EXERCISE in claimed.version.manifest.stages:
        tried = exercise_commands(runner, claimed, lease, inventory, built, book)
    live = tuple(_live(runner, claimed, lease, inventory, built, outputs, tried, book, settle))
    stages = (*((built.stage,) if built else ()), stage, *again.stages, *(part.stage for part in live))
    evidence = RunEvidence(
        verdict=_verdict(stages),
        inventory=inventory,
        stages=stages,
        outputs=tuple(artifact.name for artifact in outputs if artifact.kind == ArtifactKind.OUTPUT),
        repeated=tuple(artifact.name for artifact in again.artifacts),
        refused_outputs=collection.refusals,
        environment=dict(runner.facts),
        build=built.evidence if built else None,
    )
    document = _artifact(runner, claimed, ArtifactKind.EVIDENCE, "evidence.json", codec.to_json(evidence))
    seen = tuple(artifact for part in live for artifact in part.artifacts)
    return Collected(
        evidence=evidence, artifacts=(*outputs, *again.artifacts, *logs, *tried, *seen, document)
    )


def _live(  # noqa: PLR0913  the work and everything it works with
    runner: Runner,
    claimed: Claimed,
    lease: Lease,
    inventory: Inventory,
    built: Built | None,
    outputs: tuple[Artifact, ...],
    tried: tuple[Artifact, ...],
    book: StageBook,
    settle: Callable[[], tuple[Artifact, ...]],
) -> Iterator[ServedService | Sent]:
    """The stages in which the candidate's own service runs, as far as there is one."""
    stages = claimed.version.manifest.stages
    if Stage.SERVE not in stages:
        return
    linted = settle()
    served = serve_image(runner, claimed, lease, inventory, built, outputs, linted, tried, book)
    if served is not None:
        yield served
    if Stage.DRIFT in stages:
        sent = send_drift(runner, claimed, lease, inventory, built, served, linted, book)
        if sent is not None:
            yield sent


def _built(  # noqa: PLR0913  the work and everything it works with
    runner: Runner, claimed: Claimed, lease: Lease, keeper: Served, inventory: Inventory, book: StageBook
) -> Built | None:
    """The candidate's own image; None when there is none to build, which is no failed build."""
    if Stage.BUILD not in claimed.version.manifest.stages:
        return None
    plan = inventory.build
    if plan is not None and not plan.file:
        book.end(book.begin(Stage.BUILD), StageStatus.SKIPPED, None, " ".join(plan.refusals))
        return None
    return build_image(runner, claimed, lease, keeper, inventory, book)


def _verdict(stages: tuple[StageEvidence, ...]) -> Verdict:
    """What happened: first of all what befell the predictions, without which nothing is worth much."""
    failed = [s for s in stages if s.verdict != Verdict.ACCEPTED and s.stage != Stage.REPEAT]
    failed.sort(key=lambda stage: stage.stage != Stage.PREDICT)
    return failed[0].verdict if failed else Verdict.ACCEPTED


def _predict(  # noqa: PLR0913  the work and everything it works with
    runner: Runner, claimed: Claimed, lease: Lease, keeper: Served, inventory: Inventory, book: StageBook
) -> tuple[Collection, tuple[Artifact, ...], Exit, Verdict, str]:
    check_lease(lease)
    record = book.begin(Stage.PREDICT)
    spec = containers.predict_spec(runner, claimed.version, claimed.owner, inventory.contract)
    exit_ = runner.sandbox.run(spec, lease.should_stop)
    check_lease(lease)
    collection, outputs = collect(runner, claimed, keeper, Stage.PREDICT, _kind)
    exit_ = replace(exit_, is_output_full=collection.is_full)
    verdict = judge_exit(exit_)
    message = explain(verdict, Stage.PREDICT, exit_, spec.limits)
    status = StageStatus.PASSED if verdict == Verdict.ACCEPTED else StageStatus.FAILED
    book.end(record, status, exit_, message)
    return collection, outputs, exit_, verdict, message


def _kind(name: str) -> ArtifactKind:
    return ArtifactKind.NOTEBOOK if name == EXECUTED else ArtifactKind.OUTPUT


def _store_logs(
    runner: Runner, claimed: Claimed, exit_: Exit, notebook: Notebook | None
) -> tuple[Artifact, ...]:
    """What was printed; of a notebook, standard output is the account of its cells and no log."""
    first = ArtifactKind.STDOUT if notebook is None else ArtifactKind.CELLS
    return tuple(
        _artifact(runner, claimed, kind, f"predict.{kind}", data)
        for kind, data in ((first, exit_.stdout), (ArtifactKind.STDERR, exit_.stderr))
        if data
    )


def _store_build_log(runner: Runner, claimed: Claimed, built: Built | None) -> tuple[Artifact, ...]:
    if built is None or not built.log:
        return ()
    log = _artifact(runner, claimed, ArtifactKind.STDOUT, "build.stdout", built.log.encode())
    return (replace(log, stage=Stage.BUILD),)


def _artifact(runner: Runner, claimed: Claimed, kind: ArtifactKind, name: str, data: bytes) -> Artifact:
    return Artifact(
        run_id=claimed.run.id,
        fence=claimed.fence,
        stage=Stage.PREDICT,
        kind=kind,
        name=name,
        digest=runner.ports.blobs.put(data),
        bytes=len(data),
    )
