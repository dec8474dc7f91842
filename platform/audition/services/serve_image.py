"""Serve the candidate's own image beside a prober, and keep what the prober saw."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from audition import codec
from audition.domain.contract import Inventory
from audition.domain.errors import UnavailableError
from audition.domain.evidence import Artifact, ArtifactKind, StageEvidence
from audition.domain.execution import Exit, FileMount
from audition.domain.exercise import OtherModel
from audition.domain.pod import pod_spec
from audition.domain.practice import PROBES
from audition.domain.probe import ServiceEvidence
from audition.domain.probe_plan import ProbeTask
from audition.domain.run import Stage, StageStatus, Verdict
from audition.domain.service import MAX_PLACES
from audition.services import containers
from audition.services.build_image import Built
from audition.services.claim import Claimed
from audition.services.lease import Lease, check_lease
from audition.services.lint import linted_rules
from audition.services.mounts import blob
from audition.services.probe_service import converse, traffic_seed, wanted_service
from audition.services.reference import reference_of
from audition.services.runner import Runner
from audition.services.stage_book import StageBook

SERVICE_FILE = "service.json"
#: The prober begins nothing after its own deadline, but what it has begun may take this long.
_SLACK_SECONDS = 420.0
_NO_IMAGE = "There is no image to serve, because it could not be built."


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """How the stage went, and what was seen."""

    stage: StageEvidence
    seen: ServiceEvidence
    artifacts: tuple[Artifact, ...] = ()


def serve_image(  # noqa: PLR0913  the work and everything it works with
    runner: Runner,
    claimed: Claimed,
    lease: Lease,
    inventory: Inventory,
    built: Built | None,
    outputs: tuple[Artifact, ...],
    linted: tuple[Artifact, ...],
    tried: tuple[Artifact, ...],
    book: StageBook,
) -> Served | None:
    """Have a prober look at the service; that it is bad or absent is a result.

    `linted` is what the static stage left: the submission's alert rules are in it. `tried` is what the submission's own
    commands left: perhaps a model that retraining gave.

    Returns:
        What was seen; None when there is no image.

    Raises:
        LeaseLostError, CancelledError: The work must not go on.
        UnavailableError: The engine or the prober failed.
    """
    check_lease(lease)
    record = book.begin(Stage.SERVE)
    if built is None or not built.stage.image_id:
        book.end(record, StageStatus.SKIPPED, None, _NO_IMAGE)
        return None
    printed: list[str] = []
    try:
        files = (*outputs, *linted, *tried)
        seen = _probe(runner, claimed, lease, inventory, built, files, printed.append)
    except UnavailableError:
        check_lease(lease)  # The prober was ended because the work must not go on.
        raise
    check_lease(lease)
    is_ready = seen.has_predicted
    verdict = Verdict.ACCEPTED if is_ready else Verdict.UNHEALTHY
    message = _told(claimed, seen) if is_ready else _never_ready(inventory)
    status = StageStatus.PASSED if verdict == Verdict.ACCEPTED else StageStatus.FAILED
    book.end(record, status, Exit(exit_code=0, image_id=built.stage.image_id), message)
    stage = StageEvidence(stage=Stage.SERVE, verdict=verdict, message=message, image_id=built.stage.image_id)
    evidence = _stored(runner, claimed, ArtifactKind.SERVICE, SERVICE_FILE, codec.to_json(seen))
    # A service that answers is told of by graders. Whoever practises, or has one that does not, reads its log.
    wants_log = any(printed) and (claimed.submission.is_practice or not is_ready)
    log = "".join(printed).encode() if wants_log else b""
    logs = (_stored(runner, claimed, ArtifactKind.STDOUT, "serve.stdout", log),) if log else ()
    return Served(stage=stage, seen=seen, artifacts=(evidence, *logs))


def _probe(  # noqa: PLR0913  the work and everything it works with
    runner: Runner,
    claimed: Claimed,
    lease: Lease,
    inventory: Inventory,
    built: Built,
    artifacts: tuple[Artifact, ...],
    on_printed: Callable[[str], None],
) -> ServiceEvidence:
    manifest = claimed.version.manifest
    usual, pod = wanted_service(runner, claimed, inventory.contract, built), inventory.pod
    others = _other_models(runner, built, artifacts)
    wanted = replace(usual, others=others, pod=pod_spec(pod, usual.spec) if pod else None)
    task = ProbeTask(
        contract=inventory.contract,
        seed=traffic_seed(claimed),
        pace=manifest.pace,
        reference=reference_of(runner, claimed),
        pod=pod,
        rules=linted_rules(runner, artifacts),
        other_models=tuple(others),
        probes=PROBES if claimed.submission.is_practice else (),
    )
    seconds = manifest.limits_of(Stage.SERVE).time_seconds + _SLACK_SECONDS
    spec = containers.prober_spec(runner, claimed.version, claimed.owner, artifacts)
    with runner.sandbox.probe(spec) as prober:
        seen = converse(prober, task, wanted, lease, seconds, on_printed=on_printed).evidence
    if seen is None:
        msg = "The prober sent drift although it was not told to."
        raise UnavailableError(msg, code="prober-failed")
    return seen


def _other_models(
    runner: Runner, built: Built, artifacts: tuple[Artifact, ...]
) -> dict[OtherModel, tuple[FileMount, ...]]:
    """Models that commands left, at the places where the submission's own was seen in the image."""
    image = built.evidence.image
    if image is None or not image.models:
        return {}
    kept = {a.name: a.digest for a in artifacts if a.kind == ArtifactKind.EXERCISE_OUTPUT}
    return {
        model: tuple(blob(runner, kept[model], seen.path) for seen in image.models[:MAX_PLACES])
        for model in OtherModel
        if model in kept
    }


def _told(claimed: Claimed, seen: ServiceEvidence) -> str:
    """What the practising candidate is told of a service that answers; graders tell it of an attempt."""
    if not claimed.submission.is_practice or seen.contract is None:
        return ""
    if not seen.contract.is_usable:
        return (
            "It answers, but no prediction can be read from its answers: compare them with [serving.payload]."
        )
    seconds = seen.starts[0].predict_seconds or 0.0
    return f"It answered its first prediction after {seconds:.1f} s."


def _never_ready(inventory: Inventory) -> str:
    serving = inventory.contract.serving
    return (
        f"The service never answered a prediction on port {serving.port} ({serving.routes.predict}) within"
        f" {serving.startup_seconds:g} s of any start. Start the image on your machine without a network and send"
        " it one row; the log of the stage shows what it said here."
    )


def _stored(runner: Runner, claimed: Claimed, kind: ArtifactKind, name: str, data: bytes) -> Artifact:
    return Artifact(
        run_id=claimed.run.id,
        fence=claimed.fence,
        stage=Stage.SERVE,
        kind=kind,
        name=name,
        digest=runner.ports.blobs.put(data),
        bytes=len(data),
    )
