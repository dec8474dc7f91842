"""Markdown as HTML that can do nothing: plain text elements and links.

Authors' texts are drawn by the pages themselves; candidates' only in a trusted container, for a frame of their own.
"""

import re
from dataclasses import dataclass
from functools import cache
from html import escape, unescape
from itertools import pairwise

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

_TAGS = {
    *("p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote"),
    *("pre", "code", "em", "strong", "s", "a", "table", "thead", "tbody", "tr", "th", "td"),
}
#: A page has one first-level heading of its own: a document's headings start one level lower.
_LOWER = {f"h{level}": f"h{min(level + 1, 6)}" for level in range(1, 7)}

#: A path leads nowhere from a page, and other schemes than these where nobody wants to go.
_LEADS_OUT = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)

#: A wide table scrolls in its own box, which a keyboard can reach; the page never scrolls sideways.
_BOX = '<div class="scroll" tabindex="0" role="region" aria-label="Table: {name}">'
_TABLE = re.compile(r"<table>.*?</table>", re.DOTALL)
_ROW, _TAG = re.compile(r"<tr>(.*?)</tr>", re.DOTALL), re.compile(r"<[^>]*>")
#: Characters of a table's name.
_MOST_NAME = 80


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    # An image would be fetched from elsewhere, and tables say their alignment in style attributes.
    return parser.disable("image")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a document under a heading of the second level; what comes before the first has no title."""

    title: str
    body: str


def to_html(text: str) -> str:
    """Render Markdown. Raw HTML in it is shown as text; only plain text elements and links come out."""
    return _render(_parser().parse(text))


def sections(text: str) -> list[Section]:
    """Render Markdown in parts, so that a page can fold a long document."""
    tokens = _parser().parse(text)
    starts = [i for i, t in enumerate(tokens) if (t.type, t.tag, t.level) == ("heading_open", "h2", 0)]
    bounds = pairwise([*starts, len(tokens)])
    first = Section(title="", body=_render(tokens[: starts[0] if starts else None]))
    # A heading is three tokens: its opening, its text, its end.
    return [
        first,
        *(Section(title=tokens[a + 1].content, body=_render(tokens[a + 3 : b])) for a, b in bounds),
    ]


def _render(tokens: list[Token]) -> str:
    parser = _parser()
    for token in tokens:
        token.tag = _LOWER.get(token.tag, token.tag)
    html = parser.renderer.render(tokens, parser.options, {})
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}},
        attribute_filter=lambda _tag, _name, value: value if _LEADS_OUT.match(value) else None,
    )
    # A corner without a word is no heading.
    return _TABLE.sub(lambda found: _boxed(found[0]), clean.replace("<th></th>", "<td></td>"))


def _boxed(table: str) -> str:
    """A table in its box, named by its first two rows: several on a page must be told apart."""
    words = [_TAG.sub(" ", row).split() for row in _ROW.findall(table)[:2]]
    name = " ".join(word for row in words for word in row)
    return f"{_BOX.format(name=escape(unescape(name)[:_MOST_NAME]))}{table}</div>"
