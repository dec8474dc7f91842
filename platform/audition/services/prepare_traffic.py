"""Prepare what the drift stage sends, when a challenge is published: measured and made by a grader container."""

from collections.abc import Callable

from audition import codec
from audition.domain import places
from audition.domain.challenge import Area, DataFile, Manifest
from audition.domain.drift_traffic import MAX_BYTES, DriftTraffic
from audition.domain.errors import InvalidError, UnavailableError
from audition.domain.execution import ContainerSpec, FileMount, Limits, Ownership, Profile
from audition.services.runner import GRADER_IMAGE, Runner

TRAFFIC_FILE = "traffic.json"
_PROGRAM = ("python", "-m", "graders.drift.make_traffic")
_LIMITS = Limits(
    time_seconds=120.0, memory_bytes=2 << 30, cpus=1.0, log_bytes=MAX_BYTES, flood_bytes=2 * MAX_BYTES
)
_AREAS = {Area.PUBLIC: places.PUBLIC, Area.PRIVATE: places.PRIVATE}


def prepare_traffic(
    runner: Runner, manifest: Manifest, files: tuple[DataFile, ...], say: Callable[[str], None]
) -> DataFile:
    """Make the traffic of a challenge from what `prepare` made.

    Args:
        runner: Where it is made.
        manifest: With a drift family.
        files: What `prepare` made.
        say: Told what was measured.

    Raises:
        InvalidError: The family cannot be used with these data; `problems` has every reason.
        UnavailableError: The container failed; that is our fault.
    """
    traffic = _made(runner, manifest, files)
    for found in traffic.calibrated:
        kind = found.injection.kind.value
        say(f"drift {kind}: PSI {found.psi:.2f} in {found.column} over one window")
    if traffic.refusals:
        msg = f"The drift family of {manifest.slug} cannot be used with its data."
        step = "Change [drift] in challenge.toml and publish again."
        raise InvalidError(msg, code="drift-family", next_step=step, problems=traffic.refusals)
    data = codec.to_json(traffic)
    return DataFile(
        area=Area.TRAFFIC, name=TRAFFIC_FILE, digest=runner.ports.blobs.put(data), bytes=len(data)
    )


def _made(runner: Runner, manifest: Manifest, files: tuple[DataFile, ...]) -> DriftTraffic:
    run_id = runner.ports.tokens.new_id("pub")
    deadline = runner.ports.clock.now().timestamp() + 2 * _LIMITS.time_seconds
    owner = Ownership(run_id=run_id, fence=0, deadline_epoch=int(deadline))
    try:
        exit_ = runner.sandbox.run(_spec(runner, manifest, files, owner))
    finally:
        runner.sandbox.discard(run_id, 0)
    if exit_.exit_code != 0 or exit_.is_log_truncated:
        said = exit_.stderr[-2000:].decode(errors="replace").strip()
        msg = f"Preparing drift traffic ended with {exit_.exit_code}. {said}"
        raise UnavailableError(msg, code="grader-failed")
    traffic = codec.from_json(DriftTraffic, exit_.stdout, what="drift traffic", max_bytes=MAX_BYTES)
    if wrong := traffic.problems():
        msg = f"The drift traffic that was made cannot be used: {wrong[0]}"
        raise UnavailableError(msg, code="grader-failed")
    return traffic


def _spec(runner: Runner, manifest: Manifest, files: tuple[DataFile, ...], owner: Ownership) -> ContainerSpec:
    blobs = runner.ports.blobs
    data = tuple(
        FileMount(source=str(blobs.path(file.digest)), target=str(_AREAS[file.area] / file.name))
        for file in files
        if file.area in _AREAS
    )
    manifest_path = blobs.path(blobs.put(codec.to_json(manifest)))
    return ContainerSpec(
        stage="traffic",
        image=runner.images[GRADER_IMAGE],
        argv=_PROGRAM,
        profile=Profile.GRADER,
        ownership=owner,
        limits=_LIMITS,
        mounts=(FileMount(source=str(manifest_path), target=str(places.MANIFEST_FILE)), *data),
        slot=runner.slot,
    )
