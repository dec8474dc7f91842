"""What containers see of the platform's files: one function for each thing that is mounted. Pure."""

from pathlib import PurePosixPath

from audition.domain import places
from audition.domain.challenge import Area, ChallengeVersion, DataFile
from audition.domain.evidence import Artifact, ArtifactKind
from audition.domain.execution import FileMount, VolumeMount
from audition.domain.exercise import OtherModel
from audition.domain.extra_rows import EXTRA_ROWS_FILE
from audition.domain.run import Stage
from audition.services.runner import Runner

#: The smallest files still fill a memory page: room for rounding beside the limit on bytes.
_PAGE = 4096
_AGAIN = "again"


def tree_volume(version: ChallengeVersion, *, is_writable: bool) -> VolumeMount:
    """The unpacked submission."""
    manifest = version.manifest
    entries = manifest.unpacked_entries * 2 + 64
    return VolumeMount(
        name="tree",
        target=str(places.SUBMISSION),
        is_writable=is_writable,
        size_bytes=manifest.unpacked_bytes + entries * _PAGE,
        inodes=entries,
    )


def out_volume(
    version: ChallengeVersion, *, is_writable: bool, name: str = "out", target: PurePosixPath = places.OUT
) -> VolumeMount:
    """Where candidate code writes."""
    limits = version.manifest.limits_of(Stage.PREDICT)
    return VolumeMount(
        name=name,
        target=str(target),
        is_writable=is_writable,
        size_bytes=limits.output_bytes,
        inodes=limits.output_inodes,
    )


def again_volume(version: ChallengeVersion, *, target: PurePosixPath, is_writable: bool) -> VolumeMount:
    """Where it writes in the repeat stage: a volume of its own, so that it finds nothing of the first time."""
    return out_volume(version, is_writable=is_writable, name=_AGAIN, target=target)


def inputs(runner: Runner, version: ChallengeVersion) -> tuple[FileMount, ...]:
    """The public files that the challenge names."""
    wanted = set(version.manifest.inputs)
    return tuple(
        blob(runner, file.digest, f"{places.INPUTS}/{file.name}")
        for file in version.files_in(Area.PUBLIC)
        if file.name in wanted
    )


def mixed_inputs(runner: Runner, version: ChallengeVersion) -> tuple[FileMount, ...]:
    """Likewise, but with the extra rows among the others."""
    mixed = {f"{places.INPUTS}/{f.name}": f for f in version.files_in(Area.EXTRA) if not _is_map(f)}
    return tuple(
        blob(runner, mixed[mount.target].digest, mount.target) if mount.target in mixed else mount
        for mount in inputs(runner, version)
    )


def extra_rows_map(runner: Runner, version: ChallengeVersion) -> tuple[FileMount, ...]:
    """Which rows are extra ones."""
    files = version.files_in(Area.EXTRA)
    return tuple(blob(runner, f.digest, str(places.EXTRA_ROWS_FILE)) for f in files if _is_map(f))


def models(runner: Runner, version: ChallengeVersion) -> tuple[FileMount, ...]:
    """What the challenge's own models predict."""
    files = version.files_in(Area.MODELS)
    return tuple(blob(runner, file.digest, f"{places.MODELS}/{file.name}") for file in files)


def given(runner: Runner, version: ChallengeVersion) -> tuple[FileMount, ...]:
    """What candidates got: the kit, and the rows that one copy of the training data alone has, of all copies."""
    files = version.files_in(Area.CANARIES)
    canaries = (blob(runner, file.digest, str(places.CANARIES_FILE)) for file in files)
    return (blob(runner, version.kit_digest, str(places.KIT_FILE)), *canaries)


def tools(runner: Runner, artifacts: tuple[Artifact, ...]) -> tuple[FileMount, ...]:
    """What the linters said; of several the newest, for a run that was begun again has linted again."""
    found = [artifact for artifact in artifacts if artifact.kind == ArtifactKind.TOOLS]
    newest = sorted(found, key=lambda artifact: artifact.fence)[-1:]
    return tuple(blob(runner, artifact.digest, str(places.TOOLS_FILE)) for artifact in newest)


def exercised(runner: Runner, artifacts: tuple[Artifact, ...]) -> tuple[FileMount, ...]:
    """What came of the candidate's own commands, and the predictions that they left."""
    told = (
        blob(runner, a.digest, str(places.EXERCISE_FILE))
        for a in artifacts
        if a.kind == ArtifactKind.EXERCISE
    )
    left = (
        blob(runner, a.digest, f"{places.EXERCISE_OUTPUTS}/{a.name}")
        for a in artifacts
        if a.kind == ArtifactKind.EXERCISE_OUTPUT and a.name not in set(OtherModel)
    )
    return (*told, *left)


def _is_map(file: DataFile) -> bool:
    return file.name == EXTRA_ROWS_FILE


def outputs(
    runner: Runner,
    artifacts: tuple[Artifact, ...],
    kind: ArtifactKind = ArtifactKind.OUTPUT,
    place: PurePosixPath = places.OUTPUTS,
) -> tuple[FileMount, ...]:
    """What candidate code wrote."""
    return tuple(
        blob(runner, artifact.digest, f"{place}/{artifact.name}")
        for artifact in artifacts
        if artifact.kind == kind
    )


def manifest_file(runner: Runner, version: ChallengeVersion) -> FileMount:
    """The challenge's manifest."""
    return blob(runner, version.manifest_digest, str(places.MANIFEST_FILE))


def blob(runner: Runner, digest: str, target: str) -> FileMount:
    """A stored file."""
    return FileMount(source=str(runner.ports.blobs.path(digest)), target=target)
