"""Run one of our own programs over what `prepare` made, in a grader container, and take what it says."""

from collections.abc import Mapping
from types import MappingProxyType

from audition import codec
from audition.domain import places
from audition.domain.challenge import Area, DataFile, Manifest
from audition.domain.errors import UnavailableError
from audition.domain.execution import ContainerSpec, FileMount, Limits, Mount, Ownership, Profile
from audition.services.discard import discard
from audition.services.runner import GRADER_IMAGE, Runner

NOTHING: Mapping[str, str] = MappingProxyType({})
_AREAS = {Area.PUBLIC: places.PUBLIC, Area.PRIVATE: places.PRIVATE}


def run_program(  # noqa: PLR0913  a program, and what it works on
    runner: Runner,
    manifest: Manifest,
    files: tuple[DataFile, ...],
    *,
    stage: str,
    program: str,
    limits: Limits,
    arguments: tuple[str, ...] = (),
    extra: tuple[Mount, ...] = (),
    environment: Mapping[str, str] = NOTHING,
    owner: Ownership | None = None,
) -> bytes:
    """Run a module of ours; it sees the manifest and both areas, read-only.

    Args:
        runner: Where it runs.
        manifest: Of the challenge.
        files: What `prepare` made.
        stage: Name of the container.
        program: Module, run as `python -m`.
        limits: Of the container; `log_bytes` is the most it may say.
        arguments: Of the program.
        extra: What it gets to see besides.
        environment: Of the program.
        owner: Of volumes that it shares with another container; whoever made it discards both. None: it is alone.

    Returns:
        What it printed; to be read strictly.

    Raises:
        UnavailableError: It failed, or said too much; that is our fault.
    """
    own = owner or _owner(runner, limits)
    spec = ContainerSpec(
        stage=stage,
        image=runner.images[GRADER_IMAGE],
        argv=("python", "-m", program, *arguments),
        profile=Profile.GRADER,
        ownership=own,
        limits=limits,
        mounts=(*_mounts(runner, manifest, files), *extra),
        environment=dict(environment),
        slot=runner.slot,
    )
    try:
        exit_ = runner.sandbox.run(spec)
    finally:
        if owner is None:
            discard(runner, own.run_id, own.fence)
    if exit_.exit_code != 0 or exit_.is_log_truncated:
        said = exit_.stderr[-2000:].decode(errors="replace").strip()
        msg = f"{program} ended with {exit_.exit_code}. {said}"
        raise UnavailableError(msg, code="grader-failed")
    return exit_.stdout


def _owner(runner: Runner, limits: Limits) -> Ownership:
    deadline = runner.ports.clock.now().timestamp() + 2 * limits.time_seconds
    return Ownership(run_id=runner.ports.tokens.new_id("pub"), fence=0, deadline_epoch=int(deadline))


def _mounts(runner: Runner, manifest: Manifest, files: tuple[DataFile, ...]) -> tuple[FileMount, ...]:
    blobs = runner.ports.blobs
    data = tuple(
        FileMount(source=str(blobs.path(file.digest)), target=str(_AREAS[file.area] / file.name))
        for file in files
        if file.area in _AREAS
    )
    manifest_path = blobs.path(blobs.put(codec.to_json(manifest)))
    return (FileMount(source=str(manifest_path), target=str(places.MANIFEST_FILE)), *data)
