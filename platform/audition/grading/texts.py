"""Draw what a candidate wrote for people: Markdown as HTML that can do nothing."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from audition.domain.drawn import MOST_HTML, Drawn
from audition.domain.texts import MOST_TEXT_BYTES
from audition.markup import to_html

_CUT = "\n\n*The rest of this file is too long to be shown.*\n"
_TOO_LONG = "<p>This file is too long to be drawn; download the submission to read it.</p>"


def draw_texts(submission: Path, paths: Sequence[str]) -> Drawn:
    """A section for each file that can be read, in this order.

    Args:
        submission: The unpacked files.
        paths: Relative to it.
    """
    parts: list[str] = []
    left = MOST_HTML
    for path in paths:
        part = _section(submission / path, path)
        size = len(part.encode())
        if size > left:
            part = _around(path, _TOO_LONG)
            size = len(part.encode())
        left -= size
        parts.append(part)
    return Drawn(html="".join(parts))


def _section(file: Path, path: str) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(MOST_TEXT_BYTES + 1)
    except OSError:
        return ""
    text = data[:MOST_TEXT_BYTES].decode("utf-8", errors="replace")
    if len(data) > MOST_TEXT_BYTES:
        text += _CUT
    try:
        body = to_html(text)
    except RecursionError:
        # Deeply nested on purpose; it is still there to be read.
        body = f"<pre>{escape(text)}</pre>"
    return _around(path, body)


def _around(path: str, body: str) -> str:
    return f"<section><h1>{escape(path)}</h1>\n{body}</section>\n"
