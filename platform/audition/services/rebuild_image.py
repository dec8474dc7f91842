"""Build a submission's image again: after a change of code, and once more clean (catalogue A7, A8).

Both are worth less than the run's time: neither is begun when it could not end within what a build may take.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import BinaryIO

from audition import codec
from audition.domain.build import BuildCause, BuildContext, BuildKind, BuildResult, Rebuild
from audition.ports import Served

#: What the keeper is asked for the build context with; see audition.grading.__main__.
CONTEXT_SIGNAL = "SIGUSR2"
_MAX_DOCUMENT = 64 << 10
_CONTEXT_SECONDS = 60.0
#: Below this a cache has nothing to save that anybody would notice.
_WORTH_SECONDS = 2.0
#: A build again takes as long as the first, up to noise, and this for what is around it.
_SLACK, _SLACK_SECONDS = 1.2, 5.0

Build = Callable[[BinaryIO, int, BuildKind, float], BuildResult]
"""Builds a context of so many bytes, as this kind, within so many seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What came of building again."""

    rebuild: Rebuild | None = None
    rebuild_limit: str = ""
    """Why it was not built after a change of code; empty also when a cache had nothing to save."""
    again: str = ""
    """Name of the second clean image; empty when there is none."""
    again_limit: str = ""


def receive_context(keeper: Served, sink: BinaryIO) -> BuildContext:
    """Take the next build context of a keeper: the submission's own first, then one with a changed file.

    Raises:
        UnavailableError: The keeper failed.
    """
    keeper.signal(CONTEXT_SIGNAL)
    line = keeper.read_line(_MAX_DOCUMENT, _CONTEXT_SECONDS)
    announced = codec.from_json(BuildContext, line, what="build context", max_bytes=_MAX_DOCUMENT)
    keeper.read_into(sink, announced.bytes, _CONTEXT_SECONDS)
    sink.seek(0)
    return announced


def rebuild_image(  # noqa: PLR0913  the work and everything it works with
    build: Build, keeper: Served, context: BinaryIO, size: int, first: BuildResult, seconds: float
) -> Rebuilt:
    """Build again, twice.

    Args:
        build: How to build.
        keeper: Has the submission.
        context: What the first build was made from.
        size: Its bytes.
        first: How that went: there is an image.
        seconds: How long all further builds may take together.

    Raises:
        UnavailableError: The engine or the keeper failed.
    """
    touched, used = Rebuilt(), 0.0
    if first.run_seconds >= _WORTH_SECONDS:
        touched, used = _touched(build, keeper, first, seconds)
    again = _again(build, context, size, first, seconds - used)
    return replace(touched, again=again.again, again_limit=again.again_limit)


def _touched(build: Build, keeper: Served, first: BuildResult, seconds: float) -> tuple[Rebuilt, float]:
    if not _has_time(first, seconds):
        return Rebuilt(rebuild_limit="There was no time to build again after a change of code."), 0.0
    with tempfile.TemporaryFile() as changed:
        announced = receive_context(keeper, changed)
        if not announced.touched:
            return Rebuilt(rebuild_limit="There is no Python file to change."), 0.0
        result = build(changed, announced.bytes, BuildKind.TOUCHED, seconds)
    if result.cause != BuildCause.OK:
        limit = f"The build after a change of code ended otherwise than the first ({result.cause})."
        return Rebuilt(rebuild_limit=limit), result.seconds
    rebuild = Rebuild(
        touched=announced.touched,
        first_steps=first.run_steps,
        first_seconds=first.run_seconds,
        steps=result.run_steps,
        seconds=result.run_seconds,
    )
    return Rebuilt(rebuild=rebuild), result.seconds


def _again(build: Build, context: BinaryIO, size: int, first: BuildResult, seconds: float) -> Rebuilt:
    if not _has_time(first, seconds):
        return Rebuilt(again_limit="There was no time for a second clean build.")
    context.seek(0)
    result = build(context, size, BuildKind.AGAIN, seconds)
    if result.cause != BuildCause.OK:
        limit = f"The second clean build ended otherwise than the first ({result.cause})."
        return Rebuilt(again_limit=limit)
    return Rebuilt(again=result.reference)


def _has_time(first: BuildResult, seconds: float) -> bool:
    return seconds >= _SLACK * first.seconds + _SLACK_SECONDS
