"""Sections of a text that somebody wrote: what each is about, and whether it says something of its own."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from audition.grading.tree import Text

NUMBER = re.compile(r"\d+[.,]\d+|\d+\s?%")
_HEADING = re.compile(r"^#{1,6}\s+(.{1,200})$")
#: What templates leave for the writer.
_TEMPLATE = re.compile(
    r"\[more information needed\]|\bTODO\b|\bTBD\b|lorem ipsum|\{\{"
    r"|<(?:your|insert|describe)[^>]{0,60}>|\[(?:your|insert|describe)",
    re.IGNORECASE,
)
_LEAST_WORDS = 15


@dataclass(frozen=True, slots=True)
class Topic:
    """Something that a text speaks of: words of its heading, and what its text must have."""

    name: str
    heading: re.Pattern[str]
    content: re.Pattern[str] | None = None


def missing_topics(text: Text, topics: Sequence[Topic]) -> list[str]:
    """Names of topics that no section has at least fifteen words of its own about."""
    sections = list(_sections(text))
    return [topic.name for topic in topics if not any(_covers(topic, *section) for section in sections)]


def template_lines(text: Text) -> list[int]:
    """Lines, from 1, with something that a template left for the writer."""
    return [number for number, line in enumerate(text.lines, 1) if _TEMPLATE.search(line)]


def _covers(topic: Topic, heading: str, body: str) -> bool:
    if not topic.heading.search(heading) or len(body.split()) < _LEAST_WORDS or _TEMPLATE.search(body):
        return False
    return topic.content is None or bool(topic.content.search(body))


def _sections(text: Text) -> Iterator[tuple[str, str]]:
    """Headings with what stands below them, up to the next."""
    heading, body = "", list[str]()
    is_code = False
    for line in text.lines:
        is_code ^= line.startswith("```")
        match = None if is_code else _HEADING.match(line)
        if match:
            yield heading, "\n".join(body)
            heading, body = match[1], []
        else:
            body.append(line)
    yield heading, "\n".join(body)
