"""What a candidate made for people, a notebook or texts, as a page of its own that may do nothing whatever it holds.

Theory of operation. The HTML was made and cleaned in a trusted container, tag by tag. This is the second wall: the
policy makes the document one without an origin (`sandbox` with no permission, so no script, form, plug-in, window or
cookie of ours), which may fetch nothing at all. Pictures are in the document itself, and so is the one style, named by
its hash.
Source: W3C CSP level 3, directive `sandbox`; HTML, "sandboxing flags".
"""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Response, make_response

_STYLE_FILE = Path(__file__).parent / "static" / "framed.css"


@cache
def _style() -> str:
    return _STYLE_FILE.read_text(encoding="utf-8")


@cache
def _policy() -> str:
    digest = b64encode(sha256(_style().encode()).digest()).decode()
    return (
        f"sandbox; default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'none';"
        " frame-ancestors 'self'; base-uri 'none'"
    )


def framed_response(html: bytes, title: str) -> Response:
    """The document around what was drawn.

    Args:
        html: Cleaned HTML, UTF-8, what stands in the body.
        title: Of the page; ours.
    """
    head = f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{_style()}'
    response = make_response(f"{head}</style></head><body>\n".encode() + html + b"\n</body></html>\n")
    response.headers["Content-Type"] = "text/html; charset=utf-8"
    response.headers["Content-Security-Policy"] = _policy()
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response
