"""Train a challenge's reference anew on copies of its data, when it is published: whether copies are equally good."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath

from audition import codec
from audition.domain import places
from audition.domain.challenge import Area, ChallengeVersion, DataFile, Manifest
from audition.domain.contract import Contract, Inventory
from audition.domain.errors import InvalidError, UnavailableError
from audition.domain.evidence import Artifact, ArtifactKind, RunEvidence
from audition.domain.execution import ContainerSpec, Ownership, VolumeMount
from audition.domain.grade import GradeSheet, Metric
from audition.domain.run import Stage, Verdict, judge_exit
from audition.domain.variant import SPREAD_FILE, VariantSpread
from audition.ports import Ports
from audition.services import containers
from audition.services.discard import discard
from audition.services.predict_samples import bare_version, predict_sample
from audition.services.runner import Runner

_SAMPLE = "reference"
_GRADER = "model-quality"
_STAGES = (Stage.UNPACK, Stage.PREDICT, Stage.SCORE)
_COPIES = 5
_MAX_SHEET = 4 << 20
_TRAIN_SECONDS = 300.0
_SCORE_SECONDS = 300


class _CannotMeasureError(Exception):
    """Why not, a sentence."""


def measure_variants(
    runner: Runner,
    manifest: Manifest,
    files: tuple[DataFile, ...],
    archive: str,
    say: Callable[[str], None],
) -> tuple[DataFile, ...]:
    """Train and score the reference on the whole table and on a few copies; nothing where it cannot be trained.

    Args:
        runner: Where it runs.
        manifest: Of the challenge, with variants.
        files: Of the version, copies among them.
        archive: Digest of the reference as a candidate would upload it.
        say: Told what came of it.

    Raises:
        UnavailableError: The engine failed.
    """
    spec = manifest.variants
    if spec is None or _GRADER not in manifest.graders:
        return ()
    own = replace(manifest, graders=(_GRADER,))
    version = bare_version(runner, own, files, _STAGES)
    numbers = range(min(_COPIES, spec.copies) + 1)
    try:
        whole, *copies = [_measured(runner, version.with_variant(number), archive) for number in numbers]
    except _CannotMeasureError as error:
        say(f"what copies do to the reference is not known: {error}")
        return ()
    spread = VariantSpread(
        whole=whole.value,
        whole_score=whole.score,
        copies=tuple(metric.value for metric in copies),
        scores=tuple(metric.score for metric in copies),
    )
    say(told(manifest, spread))
    data = codec.to_json(spread)
    return (
        DataFile(area=Area.VARIANT, name=SPREAD_FILE, digest=runner.ports.blobs.put(data), bytes=len(data)),
    )


def spread_of(ports: Ports, version: ChallengeVersion) -> VariantSpread | None:
    """What a version's copies do to the reference; None where all have the same table, or it was not measured."""
    file = next((file for file in version.files_in(Area.VARIANT) if file.name == SPREAD_FILE), None)
    if file is None:
        return None
    return codec.from_json(VariantSpread, ports.blobs.get(file.digest), what=SPREAD_FILE)


def told(manifest: Manifest, spread: VariantSpread) -> str:
    """What came of it, for authors."""
    return (
        f"the reference, trained anew: {manifest.metric.name} {spread.whole:.4f} on the whole table,"
        f" {min(spread.copies):.4f} to {max(spread.copies):.4f} on {len(spread.copies)} copies;"
        f" score {spread.whole_score:.3f}, and {min(spread.scores):.3f} to {max(spread.scores):.3f}"
    )


def _measured(runner: Runner, version: ChallengeVersion, archive: str) -> Metric:
    """The metric of the reference, trained on what the version has for training."""

    def train(contract: Contract, predicting: ContainerSpec) -> None:
        _train(runner, version, contract, predicting)

    try:
        inventory, predictions = predict_sample(runner, version, _SAMPLE, archive, train)
    except InvalidError as error:
        raise _CannotMeasureError(error.detail) from error
    return _scored(runner, version, inventory, predictions)


def _train(runner: Runner, version: ChallengeVersion, contract: Contract, predicting: ContainerSpec) -> None:
    """Run the training command where the submission's files are, which it may change."""
    spec = version.manifest.variants
    if spec is None or not contract.pipeline.train:
        msg = f"submissions/accepted/{_SAMPLE} declares no [pipeline] train."
        raise _CannotMeasureError(msg)
    model = places.SUBMISSION / PurePosixPath(contract.model.path).parent
    known = {"data": str(places.INPUTS / spec.file), "out": str(model)}
    mounts = tuple(
        replace(mount, is_writable=True) if isinstance(mount, VolumeMount) else mount
        for mount in predicting.mounts
    )
    exit_ = runner.sandbox.run(
        replace(
            predicting,
            stage="train",
            argv=contract.pipeline.train.filled(known),
            limits=replace(predicting.limits, time_seconds=_TRAIN_SECONDS),
            warm_imports=None,
            mounts=mounts,
        )
    )
    if judge_exit(exit_) != Verdict.ACCEPTED:
        said = exit_.stderr[-500:].decode(errors="replace").strip()
        msg = f"its training ended with {exit_.exit_code}. {said}"
        raise _CannotMeasureError(msg)


def _scored(runner: Runner, version: ChallengeVersion, inventory: Inventory, predictions: DataFile) -> Metric:
    """The metric of what it predicted, from the container that has the answers."""
    run_id = runner.ports.tokens.new_id("pub")
    deadline = int(runner.ports.clock.now().timestamp() + _SCORE_SECONDS)
    owner = Ownership(run_id=run_id, fence=0, deadline_epoch=deadline)
    suffix = PurePosixPath(predictions.name).suffix
    name = next(name for name in version.manifest.output.names if name.endswith(suffix))
    output = Artifact(
        run_id=run_id,
        fence=0,
        stage=Stage.PREDICT,
        kind=ArtifactKind.OUTPUT,
        name=name,
        digest=predictions.digest,
        bytes=predictions.bytes,
    )
    evidence = RunEvidence(verdict=Verdict.ACCEPTED, inventory=inventory, stages=(), outputs=(name,))
    digest = runner.ports.blobs.put(codec.to_json(evidence))
    try:
        exit_ = runner.sandbox.run(containers.score_spec(runner, version, owner, digest, (output,)))
    finally:
        discard(runner, run_id, 0)
    if exit_.exit_code != 0 or exit_.is_log_truncated:
        said = exit_.stderr[-2000:].decode(errors="replace").strip()
        msg = f"The score container ended with {exit_.exit_code}. {said}"
        raise UnavailableError(msg, code="grader-failed")
    sheet = codec.from_json(GradeSheet, exit_.stdout, what="score grades", max_bytes=_MAX_SHEET)
    for grade in sheet.grades:
        for metric in grade.metrics:
            if metric.name == version.manifest.metric.name:
                return metric
    msg = "its predictions could not be measured."
    raise _CannotMeasureError(msg)
