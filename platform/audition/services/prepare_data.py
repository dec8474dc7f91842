"""Run an author's `prepare` in a container without network, and take what it made."""

from collections.abc import Mapping
from dataclasses import replace

from audition.catalog.read import ChallengeFolder
from audition.domain import places
from audition.domain.challenge import DataFile
from audition.domain.errors import InvalidError
from audition.domain.execution import ContainerSpec, FileMount, Limits, Ownership, Profile
from audition.domain.run import Stage
from audition.services.discard import discard
from audition.services.hold_volumes import held_volumes, volumes
from audition.services.runner import Runner

_PREPARE_LIMITS = Limits(
    time_seconds=900.0,
    memory_bytes=4 << 30,
    cpus=2.0,
    scratch_bytes=1 << 30,
    output_bytes=1 << 30,
    log_bytes=64 << 10,
)
#: Imports the author's module by path and calls it: nothing of ours is in that container.
_CALL_PREPARE = """
import importlib.util, pathlib, sys
spec = importlib.util.spec_from_file_location("prepare", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module.prepare(*(pathlib.Path(folder) for folder in sys.argv[2:]))
"""


def prepare_data(runner: Runner, folder: ChallengeFolder) -> tuple[DataFile, ...]:
    """Run the author's `prepare` and take what it made; nothing is compared with what the folder promises.

    Raises:
        InvalidError: It failed, or wrote what cannot be used: the challenge's fault, with the author's traceback.
        UnavailableError: The engine failed.
    """
    run_id = runner.ports.tokens.new_id("pub")
    deadline = runner.ports.clock.now().timestamp() + 2 * _PREPARE_LIMITS.time_seconds
    owner = Ownership(run_id=run_id, fence=0, deadline_epoch=int(deadline))
    try:
        with held_volumes(runner, owner, _PREPARE_LIMITS) as held:
            _run_prepare(runner, folder, owner)
            return held.collect("prepare")
    finally:
        discard(runner, run_id, 0)


def _run_prepare(runner: Runner, folder: ChallengeFolder, owner: Ownership) -> None:
    exit_ = runner.sandbox.run(_prepare_spec(runner, folder, owner))
    if exit_.exit_code == 0:
        return
    cause = f"ended with exit code {exit_.exit_code}"
    if exit_.is_out_of_memory:
        cause = f"needed more than {_PREPARE_LIMITS.memory_bytes >> 30} GiB of memory"
    elif exit_.is_past_deadline:
        cause = f"took longer than {_PREPARE_LIMITS.time_seconds:.0f} s"
    said = exit_.stderr[-4000:].decode(errors="replace").strip()
    msg = f"data/prepare.py {cause}."
    raise InvalidError(
        msg,
        code="prepare-failed",
        problems=[said] if said else [],
        next_step="Mend prepare.py; it runs without network, and reads its own folder at /challenge only.",
    )


def _prepare_spec(runner: Runner, folder: ChallengeFolder, owner: Ownership) -> ContainerSpec:
    base = places.CHALLENGE
    arguments = (base / "data/prepare.py", base / "data/raw", places.PUBLIC, places.PRIVATE)
    return ContainerSpec(
        stage="prepare",
        image=runner.images[folder.manifest.image],
        argv=("python", "-c", _CALL_PREPARE, *map(str, arguments)),
        profile=Profile.AUTHOR,
        ownership=owner,
        limits=_PREPARE_LIMITS,
        mounts=(
            FileMount(source=str(folder.path), target=str(base)),
            *volumes(is_writable=True),
        ),
        slot=runner.slot,
    )


def with_limits(of_images: Mapping[str, Limits], folder: ChallengeFolder) -> ChallengeFolder:
    """The folder with the limits of its image where it names none: a version says what holds its runs."""
    manifest = folder.manifest
    own = of_images.get(manifest.image)
    if own is None or Stage.PREDICT in manifest.limits:
        return folder
    return replace(folder, manifest=replace(manifest, limits={**manifest.limits, Stage.PREDICT: own}))
