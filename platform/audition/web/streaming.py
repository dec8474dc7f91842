"""Streams of events: what changes is sent while somebody looks. Source: the HTML standard, server-sent events.

The database is the truth, and is looked at once a second; nothing is kept of a stream. Each one holds a thread of the
server, so there are only so many; who gets none is told to ask every few seconds instead (204, which also ends the
browser's attempts).
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from types import FrameType

from flask import Response, request, stream_with_context

from audition.domain.errors import AuditionError
from audition.web.context import streams

MEDIA_TYPE = "text/event-stream"
_LOOK_SECONDS = 1.0
#: A comment this often keeps proxies from ending what looks idle. Source: the standard's note on legacy proxies.
_HEARTBEAT_SECONDS = 15.0
#: Then the browser comes back, with its cookie: who was signed out gets nothing more.
_MOST_SECONDS = 300.0
_RETRY_MS = 3000
#: Set when the server is told to end: streams must not hold it up.
_ending = threading.Event()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What is to be seen now.

    Attributes:
        mark: Another one whenever what is seen is another; no line breaks. It is the id of the event.
        data: Text or JSON; may have several lines.
        is_last: Whether nothing more will change.
    """

    mark: str
    data: str
    is_last: bool


def stream(event: str, look: Callable[[], Snapshot], *, again_seconds: float | None = None) -> Response:
    """Answer with what is seen now, and then with each change until the last.

    Args:
        event: Name of the events.
        look: Looks at the database; what it raises before the stream begins is the answer.
        again_seconds: What did not change is sent again after so long, because times in it pass.
    """
    first = look()
    slots = streams()
    if not slots.acquire(blocking=False):
        return Response(status=HTTPStatus.NO_CONTENT)
    seen = request.headers.get("Last-Event-ID", "")
    answer = Response(
        stream_with_context(_events(event, first, look, seen, again_seconds)), mimetype=MEDIA_TYPE
    )
    answer.headers["Cache-Control"] = "no-store"
    # nginx would keep the events until its buffer is full.
    answer.headers["X-Accel-Buffering"] = "no"
    # Not in the iterator: one that never began is not closed.
    answer.call_on_close(slots.release)
    return answer


def _events(
    event: str, now: Snapshot, look: Callable[[], Snapshot], seen: str, again_seconds: float | None
) -> Iterator[str]:
    yield f"retry: {_RETRY_MS}\n\n"
    began = sent_at = heard_at = time.monotonic()
    while True:
        clock = time.monotonic()
        is_due = again_seconds is not None and clock - sent_at >= again_seconds
        if now.mark != seen or is_due:
            yield _event(event, now)
            seen, sent_at, heard_at = now.mark, clock, clock
        elif clock - heard_at >= _HEARTBEAT_SECONDS:
            yield ": still here\n\n"
            heard_at = clock
        if now.is_last:
            yield "event: close\ndata:\n\n"
            return
        if clock - began >= _MOST_SECONDS or _ending.wait(_LOOK_SECONDS):
            return
        try:
            now = look()
        except AuditionError:
            # It is no longer the asker's to see: the next request for it is told why.
            return


def _event(name: str, snapshot: Snapshot) -> str:
    lines = "".join(f"data: {line}\n" for line in snapshot.data.splitlines() or [""])
    return f"id: {snapshot.mark}\nevent: {name}\n{lines}\n"


def end_with_server() -> None:
    """Let streams of this process end when it is told to, besides what the server does then."""
    before = signal.getsignal(signal.SIGTERM)

    def end(number: int, frame: FrameType | None) -> None:
        _ending.set()
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGTERM, end)
