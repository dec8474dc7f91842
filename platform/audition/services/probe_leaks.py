"""Look for leaks in what `prepare` made, in a grader container."""

from audition import codec
from audition.domain.challenge import DataFile, Manifest
from audition.domain.execution import Limits
from audition.domain.leak import MAX_REPORT_BYTES, LeakReport
from audition.services.run_program import run_program
from audition.services.runner import Runner

_PROGRAM = "graders.leak_probe"
_LIMITS = Limits(
    time_seconds=300.0,
    memory_bytes=3 << 30,
    cpus=1.0,
    log_bytes=MAX_REPORT_BYTES,
    flood_bytes=2 * MAX_REPORT_BYTES,
)


def probe_leaks(runner: Runner, manifest: Manifest, files: tuple[DataFile, ...]) -> LeakReport:
    """Say what tells the hidden answers.

    Args:
        runner: Where it is looked.
        manifest: Of the challenge.
        files: What `prepare` made.

    Raises:
        UnavailableError: The container failed; that is our fault.
    """
    said = run_program(runner, manifest, files, stage="leaks", program=_PROGRAM, limits=_LIMITS)
    return codec.from_json(LeakReport, said, what="leak report", max_bytes=MAX_REPORT_BYTES)
