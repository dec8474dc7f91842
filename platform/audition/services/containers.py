"""Which container each stage gets: image, command, mounts, limits. Pure; nothing is started here.

The answers appear in exactly one place below, `score_spec`, and what drifts in one other, `drift_spec`: no other
container has them, by absence.
"""

import json
from dataclasses import replace

from audition.domain import places
from audition.domain.challenge import Area, ChallengeVersion
from audition.domain.contract import Contract
from audition.domain.evidence import Artifact, ArtifactKind
from audition.domain.execution import (
    ContainerSpec,
    Limits,
    Mount,
    Ownership,
    Profile,
    VolumeMount,
)
from audition.domain.exercise import Step
from audition.domain.notebook import NOTEBOOK_IMAGES
from audition.domain.run import Stage
from audition.services.mounts import (
    again_volume,
    blob,
    exercised,
    extra_rows_map,
    given,
    inputs,
    manifest_file,
    mixed_inputs,
    models,
    out_volume,
    outputs,
    tools,
    tree_volume,
)
from audition.services.runner import GRADER_IMAGE, LINTERS_IMAGE, PROBER_IMAGE, Runner

_GRADING = ("python", "-m", "audition.grading")
#: What grader containers import while they wait.
_IMPORTS = {
    Stage.UNPACK: ("audition.grading.warm_keep",),
    Stage.SCORE: ("audition.grading.warm_score",),
    Stage.JUDGE: ("audition.grading.warm_judge",),
}
#: What the interpreter and its libraries may take besides the unpacked files.
_KEEPER_MEMORY = 256 << 20
#: Likewise, and a table of the challenge as text.
_LEADER_MEMORY = 512 << 20
#: What probers saw and a notebook's run said, and where the judge finds it.
_SEEN = {
    ArtifactKind.SERVICE: places.SERVICE_FILE,
    ArtifactKind.DRIFT: places.DRIFT_FILE,
    ArtifactKind.CELLS: places.CELLS_FILE,
    ArtifactKind.NOTEBOOK: places.NOTEBOOK_FILE,
}
_PROBING = ("python", "-m", "audition.probing")
#: Rows, answers and samples of latency, all of them bounded; see audition.probing.
_PROBER_MEMORY = 512 << 20
#: Unpacking is bounded by size; a bomb of many tiny blocks must also end.
_UNPACK_SECONDS = 60.0
#: A part of the stage in which images are built.
_IMAGE = "image"
#: To look at layers: names of 300,000 files twice over, and the time to hash a few gigabytes.
_IMAGE_LIMITS = Limits(time_seconds=180.0, memory_bytes=1 << 30, cpus=1.0, pids=64, log_bytes=1 << 20)


def keeper_spec(
    runner: Runner, version: ChallengeVersion, owner: Ownership, archive_digest: str
) -> ContainerSpec:
    """Unpacks the submission, then holds the run's volumes and collects the outputs."""
    manifest = version.manifest
    tree = tree_volume(version, is_writable=True)
    is_built, is_repeated = Stage.BUILD in manifest.stages, Stage.REPEAT in manifest.stages
    again = (again_volume(version, target=places.REPEATED_OUT, is_writable=False),) if is_repeated else ()
    bases = {places.BASES_VARIABLE: json.dumps(dict(runner.bases))} if is_built else {}
    limits = replace(
        manifest.limits_of(Stage.UNPACK),
        time_seconds=_UNPACK_SECONDS,
        memory_bytes=_KEEPER_MEMORY + tree.size_bytes,
        # Its files are a submission's, so they may be as large as one.
        output_bytes=manifest.unpacked_bytes,
    )
    return ContainerSpec(
        stage=Stage.UNPACK,
        image=runner.images[GRADER_IMAGE],
        argv=(*_GRADING, "keep"),
        profile=Profile.KEEPER,
        warm_imports=_IMPORTS[Stage.UNPACK],
        ownership=owner,
        limits=limits,
        mounts=(
            blob(runner, archive_digest, str(places.ARCHIVE)),
            manifest_file(runner, version),
            tree,
            out_volume(version, is_writable=False),
            *again,
        ),
        slot=runner.slot,
        environment=bases,
    )


def predict_spec(
    runner: Runner, version: ChallengeVersion, owner: Ownership, contract: Contract
) -> ContainerSpec:
    """Runs the candidate's command, or its notebook."""
    image = version.manifest.image
    if contract.notebook is not None:
        image = NOTEBOOK_IMAGES[image]
    return ContainerSpec(
        stage=Stage.PREDICT,
        image=runner.images[image],
        argv=contract.predicting(version.manifest.output.names),
        profile=Profile.CANDIDATE,
        warm_imports=runner.warm_imports.get(image),
        ownership=owner,
        limits=version.manifest.limits_of(Stage.PREDICT),
        mounts=(
            *inputs(runner, version),
            tree_volume(version, is_writable=False),
            out_volume(version, is_writable=True),
        ),
        working_dir=str(places.SUBMISSION),
        slot=runner.slot,
    )


def repeat_spec(
    runner: Runner, version: ChallengeVersion, owner: Ownership, contract: Contract
) -> ContainerSpec:
    """Runs the candidate's command once more: with the extra rows among the others, and an empty `/out`."""
    mounts: tuple[Mount, ...] = (
        *mixed_inputs(runner, version),
        tree_volume(version, is_writable=False),
        again_volume(version, target=places.OUT, is_writable=True),
    )
    limits = version.manifest.limits_of(Stage.REPEAT)
    return replace(
        predict_spec(runner, version, owner, contract), stage=Stage.REPEAT, limits=limits, mounts=mounts
    )


def leader_spec(
    runner: Runner, version: ChallengeVersion, owner: Ownership, evidence_digest: str, seed: int
) -> ContainerSpec:
    """Writes the workspaces of the candidate's own commands and looks at what they left; runs none of them."""
    limits = version.manifest.limits_of(Stage.EXERCISE)
    tree = tree_volume(version, is_writable=False)
    memory = _LEADER_MEMORY + tree.size_bytes + 4 * limits.output_bytes
    return ContainerSpec(
        stage=Stage.EXERCISE,
        image=runner.images[GRADER_IMAGE],
        argv=(*_GRADING, str(Stage.EXERCISE)),
        profile=Profile.KEEPER,
        ownership=owner,
        limits=replace(limits, memory_bytes=memory, cpus=1.0, scratch_bytes=4 * limits.output_bytes),
        mounts=(
            manifest_file(runner, version),
            blob(runner, evidence_digest, str(places.EVIDENCE_FILE)),
            *inputs(runner, version),
            tree,
            *_exercise_volumes(version, workspace=str(places.WORKSPACE), is_given_writable=True),
        ),
        environment={places.SEED_VARIABLE: str(seed)},
        slot=runner.slot,
    )


def exercise_spec(  # noqa: PLR0913  a step and where it runs
    runner: Runner, version: ChallengeVersion, owner: Ownership, step: Step, image: str, seconds: float
) -> ContainerSpec:
    """Runs one command of the candidate in the workspace that was written for it."""
    limits = version.manifest.limits_of(Stage.EXERCISE)
    return ContainerSpec(
        stage=Stage.EXERCISE,
        image=image,
        argv=step.argv,
        profile=Profile.CANDIDATE,
        ownership=owner,
        limits=replace(limits, time_seconds=min(step.time_seconds, seconds)),
        mounts=(
            *(m for m in inputs(runner, version) if m.target != f"{places.INPUTS}/{step.hidden}"),
            *_exercise_volumes(version, workspace=str(places.SUBMISSION), is_given_writable=False),
        ),
        environment=step.environment,
        working_dir=str(places.SUBMISSION),
        slot=runner.slot,
    )


def _exercise_volumes(
    version: ChallengeVersion, *, workspace: str, is_given_writable: bool
) -> tuple[VolumeMount, ...]:
    limits, tree = version.manifest.limits_of(Stage.EXERCISE), tree_volume(version, is_writable=False)
    room, inodes = limits.output_bytes, limits.output_inodes
    return (
        VolumeMount(
            name="workspace",
            target=workspace,
            is_writable=True,
            size_bytes=tree.size_bytes + room,
            inodes=tree.inodes + inodes,
        ),
        VolumeMount(
            name="given",
            target=str(places.GIVEN),
            is_writable=is_given_writable,
            size_bytes=2 * room,
            inodes=64,
        ),
        VolumeMount(name="made", target=str(places.OUT), is_writable=True, size_bytes=room, inodes=inodes),
    )


def prober_spec(
    runner: Runner, version: ChallengeVersion, owner: Ownership, predicted: tuple[Artifact, ...]
) -> ContainerSpec:
    """Speaks to the candidate's service, with the public inputs and what the submission predicted for them."""
    limits = replace(version.manifest.limits_of(Stage.SERVE), memory_bytes=_PROBER_MEMORY, cpus=1.0)
    return ContainerSpec(
        stage=Stage.SERVE,
        image=runner.images[PROBER_IMAGE],
        argv=_PROBING,
        profile=Profile.GRADER,
        ownership=owner,
        limits=limits,
        mounts=(manifest_file(runner, version), *inputs(runner, version), *outputs(runner, predicted)),
        slot=runner.slot,
    )


def drift_spec(runner: Runner, version: ChallengeVersion, owner: Ownership) -> ContainerSpec:
    """Speaks to the candidate's service as well, with the private rows of the drift protocol and nothing else."""
    spec = prober_spec(runner, version, owner, ())
    traffic = tuple(
        blob(runner, file.digest, str(places.TRAFFIC_FILE)) for file in version.files_in(Area.TRAFFIC)
    )
    limits = replace(spec.limits, time_seconds=version.manifest.limits_of(Stage.DRIFT).time_seconds)
    return replace(spec, stage=Stage.DRIFT, limits=limits, mounts=(manifest_file(runner, version), *traffic))


def static_spec(
    runner: Runner, version: ChallengeVersion, owner: Ownership, evidence_digest: str
) -> ContainerSpec:
    """Runs the linters; sees the unpacked files and nothing else of the run."""
    limits = version.manifest.limits_of(Stage.STATIC)
    return ContainerSpec(
        stage=Stage.STATIC,
        image=runner.images[LINTERS_IMAGE],
        argv=(*_GRADING, str(Stage.STATIC)),
        profile=Profile.GRADER,
        ownership=owner,
        limits=replace(limits, log_bytes=4 << 20),
        mounts=(
            manifest_file(runner, version),
            blob(runner, evidence_digest, str(places.EVIDENCE_FILE)),
            tree_volume(version, is_writable=False),
        ),
        slot=runner.slot,
    )


def image_spec(runner: Runner, owner: Ownership, task_digest: str) -> ContainerSpec:
    """Reads an exported image from its standard input; sees nothing else."""
    return ContainerSpec(
        stage=_IMAGE,
        image=runner.images[GRADER_IMAGE],
        argv=(*_GRADING, _IMAGE),
        profile=Profile.GRADER,
        ownership=owner,
        limits=_IMAGE_LIMITS,
        mounts=(blob(runner, task_digest, str(places.IMAGE_TASK_FILE)),),
        slot=runner.slot,
    )


def score_spec(
    runner: Runner,
    version: ChallengeVersion,
    owner: Ownership,
    evidence_digest: str,
    artifacts: tuple[Artifact, ...],
) -> ContainerSpec:
    """Measures the outputs against the hidden answers; the candidate's container is dead by now."""
    answers = tuple(
        blob(runner, file.digest, f"{places.ANSWERS}/{file.name}") for file in version.files_in(Area.PRIVATE)
    )
    # The challenge's own metric stands beside what it is computed from.
    program = tuple(
        blob(runner, file.digest, f"{places.ANSWERS}/{file.name}") for file in version.files_in(Area.METRIC)
    )
    again = outputs(runner, artifacts, ArtifactKind.REPEATED, places.REPEATED)
    mounts: tuple[Mount, ...] = (
        *answers,
        *program,
        *extra_rows_map(runner, version),
        *models(runner, version),
        *again,
    )
    return _grader_spec(runner, version, owner, Stage.SCORE, evidence_digest, artifacts, mounts)


def judge_spec(
    runner: Runner,
    version: ChallengeVersion,
    owner: Ownership,
    evidence_digest: str,
    artifacts: tuple[Artifact, ...],
) -> ContainerSpec:
    """Looks at everything that needs no answers."""
    tree = tree_volume(version, is_writable=False)
    seen = tuple(
        blob(runner, artifact.digest, str(_SEEN[artifact.kind]))
        for artifact in artifacts
        if artifact.kind in _SEEN
    )
    extra: tuple[Mount, ...] = (
        tree,
        *given(runner, version),
        *seen,
        *tools(runner, artifacts),
        *exercised(runner, artifacts),
    )
    return _grader_spec(runner, version, owner, Stage.JUDGE, evidence_digest, artifacts, extra)


def expected_specs(
    runner: Runner, version: ChallengeVersion, owner: Ownership, *, is_graded_only: bool = False
) -> tuple[ContainerSpec, ...]:
    """The containers that a run of this version will ask for, before anything is known of the submission.

    Args:
        runner: Where they run.
        version: The challenge's.
        owner: The run.
        is_graded_only: Whether recorded evidence is graded again, for which no code of the candidate runs.
    """
    nothing = version.manifest_digest
    stages = () if is_graded_only else version.manifest.stages
    made = {Stage.PREDICT: predict_spec, Stage.REPEAT: repeat_spec}
    return (
        keeper_spec(runner, version, owner, nothing),
        *(spec(runner, version, owner, Contract()) for stage, spec in made.items() if stage in stages),
        score_spec(runner, version, owner, nothing, ()),
        judge_spec(runner, version, owner, nothing, ()),
    )


def _grader_spec(  # noqa: PLR0913  two callers, one shape
    runner: Runner,
    version: ChallengeVersion,
    owner: Ownership,
    stage: Stage,
    evidence_digest: str,
    artifacts: tuple[Artifact, ...],
    extra: tuple[Mount, ...],
) -> ContainerSpec:
    mounts = (
        manifest_file(runner, version),
        blob(runner, evidence_digest, str(places.EVIDENCE_FILE)),
        *inputs(runner, version),
        *outputs(runner, artifacts),
        *extra,
    )
    # A grade document can be larger than what is kept of a candidate's log.
    limits = replace(version.manifest.limits_of(stage), log_bytes=4 << 20)
    return ContainerSpec(
        stage=stage,
        image=runner.images[GRADER_IMAGE],
        argv=(*_GRADING, str(stage)),
        profile=Profile.GRADER,
        warm_imports=_IMPORTS[stage],
        ends_with_line=True,
        ownership=owner,
        limits=limits,
        mounts=mounts,
        environment={places.GRADERS_VARIABLE: " ".join(version.manifest.graders)},
        slot=runner.slot,
    )
