"""Narration: each thing done to the machine is a step with a line of its own and its time.

A step prints its title when it begins, because some take a minute and silence looks like a hang. Lines
inside it come from `Step.note`. Everything goes to standard error: standard output belongs to the verb.
"""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from audition.domain.errors import UnavailableError


class HostError(UnavailableError):
    """The machine lacks something; says what, where, and how to get it.

    Attributes:
        what: What could not be done, in one sentence.
        where: The command, file or address it happened at; empty when `what` already says it.
    """

    def __init__(self, what: str, where: str = "", fix: str = "") -> None:
        """Keep the three apart; `fix` becomes `next_step`."""
        detail = f"{what} ({where})" if where else what
        super().__init__(detail, transient=False, code="host", next_step=fix)
        self.what = what
        self.where = where


class Step:
    """One running step, as its body sees it."""

    def __init__(self, stream: TextIO) -> None:
        """Write to the stream of the narration."""
        self._stream = stream
        self.outcome: str | None = None
        self.has_notes = False

    def note(self, text: str) -> None:
        """Print one line of progress below the step's title."""
        if not self.has_notes:
            self._stream.write("\n")
        self.has_notes = True
        self._stream.write(f"    {text}\n")
        self._stream.flush()

    def skip(self, outcome: str = "already done") -> None:
        """Say that nothing had to be done."""
        self.outcome = outcome


class Steps:
    """The narrator. One per process, used by one thread."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Write to `stream`, by default standard error."""
        self._stream = stream or sys.stderr

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Announce a step, run its body, and say how it ended and how long it took."""
        self._stream.write(f"→ {title} … ")
        self._stream.flush()
        step = Step(self._stream)
        started = time.monotonic()
        try:
            with _logs_as_notes(step, self._stream):
                yield step
        except BaseException:
            self._end(step, title, "failed", time.monotonic() - started)
            raise
        self._end(step, title, step.outcome or "done", time.monotonic() - started)

    def _end(self, step: Step, title: str, outcome: str, seconds: float) -> None:
        lead = f"  {title}: " if step.has_notes else ""
        spent = f" ({seconds:.1f} s)" if seconds >= 0.1 else ""  # noqa: PLR2004 - below that it is instant
        self._stream.write(f"{lead}{outcome}{spent}\n")
        self._stream.flush()


class _AsNotes(logging.Handler):
    """Log records as lines of a step."""

    def __init__(self, step: Step) -> None:
        super().__init__()
        self._step = step

    def emit(self, record: logging.LogRecord) -> None:
        self._step.note(f"{record.levelname.lower()}: {record.getMessage()}")


@contextmanager
def _logs_as_notes(step: Step, stream: TextIO) -> Iterator[None]:
    """Keep what is logged to the narration's own stream from breaking into the line of a running step."""
    root = logging.getLogger()
    loud = [h for h in root.handlers if isinstance(h, logging.StreamHandler) and h.stream is stream]
    notes = _AsNotes(step)
    for handler in loud:
        root.removeHandler(handler)
    if loud:
        root.addHandler(notes)
    try:
        yield
    finally:
        root.removeHandler(notes)
        for handler in loud:
            root.addHandler(handler)
