"""Make the extra rows of the repeat stage when a challenge is published, in a grader container."""

from audition import codec
from audition.domain.challenge import Area, DataFile, Manifest
from audition.domain.errors import InvalidError
from audition.domain.execution import Limits
from audition.domain.extra_rows import EXTRA_ROWS_FILE, MAX_MAP_BYTES, MAX_TABLE_BYTES, ExtraRows
from audition.services.run_program import run_program
from audition.services.runner import Runner

_PROGRAM = "graders.model_robustness.make_rows"
#: A table within a document has its line ends and quotes escaped.
_MOST_BYTES = 2 * MAX_TABLE_BYTES + MAX_MAP_BYTES
_LIMITS = Limits(
    time_seconds=120.0, memory_bytes=2 << 30, cpus=1.0, log_bytes=_MOST_BYTES, flood_bytes=2 * _MOST_BYTES
)


def make_extra_rows(runner: Runner, manifest: Manifest, files: tuple[DataFile, ...]) -> tuple[DataFile, ...]:
    """Make the input with extra rows among the others, and the map of which they are.

    Args:
        runner: Where they are made.
        manifest: With `extra_rows`.
        files: What `prepare` made.

    Raises:
        InvalidError: They cannot be made of these data; `problems` has every reason.
        UnavailableError: The container failed; that is our fault.
    """
    spec = manifest.extra_rows
    if spec is None:
        return ()
    said = run_program(runner, manifest, files, stage="extra", program=_PROGRAM, limits=_LIMITS)
    made = codec.from_json(ExtraRows, said, what="extra rows", max_bytes=_MOST_BYTES)
    if made.refusals:
        msg = f"The extra rows of {manifest.slug} cannot be made of its data."
        step = "Change [extra_rows] in challenge.toml and publish again."
        raise InvalidError(msg, code="extra-rows", next_step=step, problems=made.refusals)
    kept = {spec.file: made.table.encode(), EXTRA_ROWS_FILE: codec.to_json(ExtraRows(rows=made.rows))}
    return tuple(
        DataFile(area=Area.EXTRA, name=name, digest=runner.ports.blobs.put(data), bytes=len(data))
        for name, data in kept.items()
    )
