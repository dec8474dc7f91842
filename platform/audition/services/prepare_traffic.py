"""Prepare what the drift stage sends, when a challenge is published: measured and made by a grader container."""

from collections.abc import Callable

from audition import codec
from audition.domain.challenge import Area, DataFile, Manifest
from audition.domain.drift_traffic import MAX_BYTES, DriftTraffic
from audition.domain.errors import InvalidError, UnavailableError
from audition.domain.execution import Limits
from audition.services.run_program import run_program
from audition.services.runner import Runner

TRAFFIC_FILE = "traffic.json"
_PROGRAM = "graders.drift.make_traffic"
_LIMITS = Limits(
    time_seconds=120.0, memory_bytes=2 << 30, cpus=1.0, log_bytes=MAX_BYTES, flood_bytes=2 * MAX_BYTES
)


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
    said = run_program(runner, manifest, files, stage="traffic", program=_PROGRAM, limits=_LIMITS)
    traffic = codec.from_json(DriftTraffic, said, what="drift traffic", max_bytes=MAX_BYTES)
    if wrong := traffic.problems():
        msg = f"The drift traffic that was made cannot be used: {wrong[0]}"
        raise UnavailableError(msg, code="grader-failed")
    return traffic
