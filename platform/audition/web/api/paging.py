"""Long lists in pages: each says where the next one begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, jsonify, request

from audition.domain.errors import InvalidError
from audition.web.api.routing import Query

_MOST = 200
_USUAL = 50
PAGE = (
    Query(
        name="limit",
        about=f"At most so many; {_USUAL} without it.",
        schema={"type": "integer", "minimum": 1, "maximum": _MOST},
    ),
    Query(
        name="cursor",
        about="`next_cursor` of the page before; without it the first.",
        schema={"type": "string", "minLength": 1},
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """Which page is wanted.

    Attributes:
        limit: In [1, 200].
        after: Id of the last item that the caller has; None for the first page.
    """

    limit: int
    after: str | None


def read_page() -> PageRequest:
    """The page that the request asks for.

    Raises:
        InvalidError: `limit` is no number from 1 to 200.
    """
    text = request.args.get("limit", str(_USUAL))
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(_MOST)) and 1 <= int(text) <= _MOST):
        msg = f"limit is a number from 1 to {_MOST}; {text[:40]!r} is none."
        raise InvalidError(msg, code="bad-limit")
    return PageRequest(limit=int(text), after=request.args.get("cursor"))


def page_answer(items: Sequence[dict[str, Any]], page: PageRequest) -> Response:
    """A page, and where the next one begins: behind the last of this one, unless it was not full."""
    is_full = len(items) == page.limit
    return jsonify(items=list(items), next_cursor=items[-1]["id"] if is_full else None)
