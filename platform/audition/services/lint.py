"""Lint a submission beside everything else: what tools say of its files, and the first look made from it."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from audition import codec
from audition.domain.alerting import AlertRule
from audition.domain.contract import Inventory
from audition.domain.errors import InvalidError
from audition.domain.evidence import Artifact, ArtifactKind, RunEvidence
from audition.domain.execution import Exit
from audition.domain.grade import GradeSheet
from audition.domain.run import Stage, StageStatus, Verdict
from audition.domain.tools import StaticResult, ToolReports
from audition.services import containers
from audition.services.claim import Claimed
from audition.services.lease import Lease, check_fence, check_lease
from audition.services.runner import Runner
from audition.services.stage_book import StageBook

_MAX_RESULT = 4 << 20
#: A limit of ours is no fault of the candidate's, and no failure of the run.
_OUR_LIMIT = "The linters did not finish. That is our limit: what they would have told counts for nothing."


@contextmanager
def linting(
    runner: Runner, claimed: Claimed, lease: Lease, inventory: Inventory, book: StageBook
) -> Iterator[Future[tuple[Artifact, ...]]]:
    """Lint beside what happens in the context; the result is what was published of it.

    Leaving the context waits for the container, which ends by itself when the lease is gone.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="lint") as pool:
        if Stage.STATIC in claimed.version.manifest.stages:
            yield pool.submit(_lint, runner, claimed, lease, inventory, book)
        else:
            nothing: Future[tuple[Artifact, ...]] = Future()
            nothing.set_result(())
            yield nothing


def _lint(
    runner: Runner, claimed: Claimed, lease: Lease, inventory: Inventory, book: StageBook
) -> tuple[Artifact, ...]:
    """Run the stage and publish what it gave at once, for people who wait.

    Raises:
        LeaseLostError, CancelledError: The work must not go on.
        UnavailableError: The engine failed.
    """
    check_lease(lease)
    record = book.begin(Stage.STATIC)
    so_far = RunEvidence(verdict=Verdict.ACCEPTED, inventory=inventory, stages=())
    digest = runner.ports.blobs.put(codec.to_json(so_far))
    spec = containers.static_spec(runner, claimed.version, claimed.owner, digest)
    exit_ = runner.sandbox.run(spec, lease.should_stop)
    check_lease(lease)
    result = _read(exit_)
    if result is None:
        book.end(record, StageStatus.FAILED, exit_, _OUR_LIMIT)
        return ()
    artifacts = (
        _artifact(runner, claimed, ArtifactKind.TOOLS, codec.to_json(result.reports)),
        _artifact(runner, claimed, ArtifactKind.FIRST_LOOK, codec.to_json(GradeSheet(grades=result.grades))),
    )
    with runner.ports.unit_of_work() as uow:
        check_fence(uow, claimed.run)
        uow.runs.add_artifacts(artifacts)
        uow.commit()
    book.end(record, StageStatus.PASSED, exit_)
    return artifacts


def _read(exit_: Exit) -> StaticResult | None:
    """The container's one document; None when it gave none that can be read."""
    if exit_.exit_code != 0 or exit_.is_log_truncated:
        return None
    try:
        return codec.from_json(StaticResult, exit_.stdout, what="static result", max_bytes=_MAX_RESULT)
    except InvalidError:
        return None


def _artifact(runner: Runner, claimed: Claimed, kind: ArtifactKind, data: bytes) -> Artifact:
    return Artifact(
        run_id=claimed.run.id,
        fence=claimed.fence,
        stage=Stage.STATIC,
        kind=kind,
        name=f"{kind}.json",
        digest=runner.ports.blobs.put(data),
        bytes=len(data),
    )


def linted_rules(runner: Runner, artifacts: tuple[Artifact, ...]) -> tuple[AlertRule, ...]:
    """The submission's alert rules, as the static stage read them."""
    found = [artifact for artifact in artifacts if artifact.kind == ArtifactKind.TOOLS]
    if not found:
        return ()
    data = runner.ports.blobs.get(found[-1].digest)
    return codec.from_json(ToolReports, data, what="tools.json").rules
