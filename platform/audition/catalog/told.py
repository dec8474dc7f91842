"""Where in a challenge folder a problem is: the line of its key, for people and for editors."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from audition.grading.toml_lines import key_lines

#: "file: key: what"; a sentence that is about the whole file has a space before its first colon.
_SAID = re.compile(r"(?P<file>[^:]+): (?:(?P<key>[^ :]+): )?(?P<what>.*)", re.DOTALL)
#: How Python's parser says where a file stops being TOML.
_AT_LINE = re.compile(r"\(at line (\d+),")
_PLACE = re.compile(r"\.(\d+)(?=\.|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One problem, in its parts."""

    file: str
    line: int
    """From 1; 0 where no line can be named."""
    key: str
    """Dotted path; empty where it is about the file."""
    what: str
    """What is wrong, and what to do."""

    def __str__(self) -> str:
        """The problem on one line."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.key}: {self.what}" if self.key else f"{place}: {self.what}"


def locate(problems: Iterable[str], text_of: Callable[[str], str]) -> tuple[Told, ...]:
    """Give each problem its line; ordered by file as they came, within a file by line.

    Args:
        problems: As `shape.Problems` holds them.
        text_of: Text of a file; empty when there is none.
    """
    known: dict[str, dict[str, int]] = {}
    found = [_told(problem, text_of, known) for problem in problems]
    order = {one.file: place for place, one in reversed(list(enumerate(found)))}
    return tuple(sorted(found, key=lambda one: (order[one.file], one.line)))


def _told(problem: str, text_of: Callable[[str], str], known: dict[str, dict[str, int]]) -> Told:
    match = _SAID.fullmatch(problem)
    if match is None:
        return Told(file="", line=0, key="", what=problem)
    file, key, what = match["file"], match["key"] or "", match["what"]
    if file not in known:
        known[file] = key_lines(text_of(file)) if file.endswith(".toml") else {}
    at = _AT_LINE.search(what)
    line = int(at[1]) if at else line_of(known[file], key)
    return Told(file=file, line=line, key=key, what=what)


def line_of(lines: dict[str, int], key: str) -> int:
    """The line of a key, else of the table that should hold it; 0 where neither is there.

    Args:
        lines: From `key_lines`.
        key: Dotted path; items of lists by their number, from 0.
    """
    path = _PLACE.sub(r"[\1]", key)
    while path:
        for name in (path, f"{path}[0]"):
            if name in lines:
                return lines[name]
        path = path.rpartition(".")[0]
    return 0
