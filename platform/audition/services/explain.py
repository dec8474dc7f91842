"""Say what happened to a candidate: what, where, how much, and what to do. One template a verdict."""

from audition.domain.execution import Exit, Limits
from audition.domain.run import Stage, Verdict


def explain(verdict: Verdict, stage: Stage, exit_: Exit, limits: Limits) -> str:
    """The sentence for a stage that did not pass; it leaks nothing but the candidate's own output."""
    template = _FULL if verdict == Verdict.OUTPUT_LIMIT and exit_.is_output_full else _TEMPLATES[verdict]
    return template.format(
        stage=stage,
        limit=_seconds(limits.time_seconds),
        ran=_seconds(exit_.usage.wall_seconds),
        memory=_size(limits.memory_bytes),
        flood=_size(limits.flood_bytes),
        room=_size(limits.output_bytes),
        files=f"{limits.output_inodes:,}",
        code=exit_.exit_code,
        signal=exit_.exit_code - 128,
    )


_TEMPLATES = {
    Verdict.ACCEPTED: "",
    Verdict.TIME_LIMIT: (
        "Time limit reached in {stage}: it was ended after {limit}. Load the model once, predict all rows"
        " together, and measure with the limits of the brief."
    ),
    Verdict.MEMORY_LIMIT: (
        "Memory limit reached in {stage} ({memory}, after {ran}). Read the data in smaller parts or with"
        " smaller types, and keep fewer copies."
    ),
    Verdict.OUTPUT_LIMIT: (
        "{stage} printed more than {flood} and was ended after {ran}. Write results to /out and keep logs short."
    ),
    Verdict.NONZERO_EXIT: (
        "{stage} ended with exit code {code} after {ran}. The end of its own messages is in the log; run the same"
        " command in an empty folder to see it again."
    ),
    Verdict.SIGNALLED: (
        "{stage} was ended by signal {signal} after {ran}, usually a crash in compiled code. Check that the"
        " libraries you use have the versions of the image."
    ),
    Verdict.INVALID_OUTPUT: (
        "{stage} ended well after {ran}, but its output cannot be used. Check the file with check_predictions.py"
        " of the kit."
    ),
    Verdict.BUILD_FAILED: (
        "The image could not be built in {stage} within {limit}. Build it at home from an empty folder; the end of"
        " the build log names the step."
    ),
    Verdict.UNHEALTHY: (
        "The service was not healthy in {stage} within {limit}. Check that it listens where the brief says, and"
        " that loading the model does not take that long."
    ),
    Verdict.INTERNAL_ERROR: "Our platform failed in {stage}, not your code. No attempt was used; the run repeats.",
}
_FULL = (
    "{stage} ended with exit code {code} after {ran}, and /out was full: it takes {room} in at most {files} files and"
    " folders. Write only what the brief asks for there, and what you need meanwhile to /tmp."
)


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.1f} min"  # noqa: PLR2004  a minute


def _size(count: int) -> str:
    return f"{count / (1 << 30):.1f} GiB" if count >= 1 << 30 else f"{count / (1 << 20):.0f} MiB"
