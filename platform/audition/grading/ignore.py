"""Which files of a submission a build may see: `.dockerignore`, read as Docker reads it, in bounded time.

Theory of operation. Patterns hold in order and the last that matches decides; `!` takes a file back. A pattern that
matches a folder holds for all that is in it. `*` and `?` stop at a slash, `**` does not. A regular expression would do,
but the file is hostile and Python's can be made to run for ever; so each pattern becomes a row of tokens, and all
places where a path may stand in it are followed at once, as the bits of one number.
Source: the reference of `docker build` on .dockerignore, and the matcher of the moby project that it speaks of.
"""

import posixpath
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from audition.domain.contract import Entry

IGNORE_FILE = ".dockerignore"
_MAX_BYTES = 64 << 10
_MAX_PATTERNS = 500
_MAX_LENGTH = 512
#: Stars and question marks in one pattern; each may be skipped, so a place may be many places.
_MAX_WILDCARDS = 32
#: Characters of paths held against patterns, all together: some seconds of work.
_MAX_WORK = 2_000_000

Accepts = Callable[[str], bool]


class UnreadableIgnoreError(Exception):
    """The file cannot be followed; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    """One place in a pattern."""

    moves: Accepts
    """Characters with which one goes on to the next place."""
    stays: Accepts = lambda _: False
    skips: tuple[int, ...] = ()
    """How many places further one stands as well, without a character."""


def _never(_: str) -> bool:
    return False


def _always(_: str) -> bool:
    return True


def _is_slash(character: str) -> bool:
    return character == "/"


def _is_plain(character: str) -> bool:
    return character != "/"


_ANY = _Token(moves=_is_plain)
_STAR = _Token(moves=_never, stays=_is_plain, skips=(1,))
_REST = _Token(moves=_never, stays=_always, skips=(1,))
#: `**/`: nothing, or anything that ends with a slash. One stands before it, or in it.
_GAP = (_Token(moves=_never, skips=(1, 2)), _Token(moves=_is_slash, stays=_always))


@dataclass(slots=True, kw_only=True)
class _Pattern:
    """One line."""

    tokens: Sequence[_Token]
    takes_back: bool
    _steps: dict[str, tuple[int, int]] = field(default_factory=dict)
    _skips: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Gather which places may be skipped, by how far."""
        self._skips = tuple(
            sum(1 << n for n, token in enumerate(self.tokens) if far in token.skips) for far in (1, 2)
        )

    def matches(self, path: str) -> bool:
        """Whether it matches a path or a folder that it is in."""
        end = 1 << len(self.tokens)
        places = self._with_skips(1)
        for character in path:
            if character == "/" and places & end:
                return True
            moves, stays = self._step(character)
            places = self._with_skips((places & moves) << 1 | places & stays)
            if not places:
                return False
        return bool(places & end)

    def _step(self, character: str) -> tuple[int, int]:
        if character not in self._steps:
            self._steps[character] = (
                sum(1 << n for n, token in enumerate(self.tokens) if token.moves(character)),
                sum(1 << n for n, token in enumerate(self.tokens) if token.stays(character)),
            )
        return self._steps[character]

    def _with_skips(self, places: int) -> int:
        one, two = self._skips
        while True:
            more = places | (places & one) << 1 | (places & two) << 2
            if more == places:
                return places
            places = more


class Ignore:
    """The patterns of one file."""

    def __init__(self, content: bytes, file: str = IGNORE_FILE) -> None:
        """Read the file.

        Raises:
            UnreadableIgnoreError: It is too large, no text, or has a pattern that is none.
        """
        self._file = file
        self._work = 0
        self._patterns = list(self._read(content))

    def leaves_out(self, path: str) -> bool:
        """Whether a file does not take part in the build.

        Raises:
            UnreadableIgnoreError: There are too many patterns for so many files.
        """
        is_out = False
        for pattern in self._patterns:
            if pattern.takes_back == is_out:
                self._work += len(path)
                is_out ^= pattern.matches(path)
        if self._work > _MAX_WORK:
            msg = "it has too many patterns for so many files. Name folders instead of files."
            raise self._trouble(msg)
        return is_out

    def _read(self, content: bytes) -> Iterator[_Pattern]:
        if len(content) > _MAX_BYTES:
            raise self._trouble(f"it is larger than {_MAX_BYTES >> 10} KiB. Name folders instead of files.")
        try:
            lines = content.decode("utf-8-sig").split("\n")
        except UnicodeDecodeError:
            msg = "it is not UTF-8 text. Save it as UTF-8."
            raise self._trouble(msg) from None
        patterns = [pattern for pattern in enumerate(lines, start=1) if _is_pattern(pattern[1])]
        if len(patterns) > _MAX_PATTERNS:
            raise self._trouble(f"it has more than {_MAX_PATTERNS} patterns. Name folders instead of files.")
        for number, line in patterns:
            text = line.strip()
            if len(text) > _MAX_LENGTH:
                raise self._trouble(f"line {number} is longer than {_MAX_LENGTH} characters. Shorten it.")
            try:
                yield _pattern(text)
            except ValueError as error:
                raise self._trouble(f"line {number} is no pattern ({error}). Correct it.") from None

    def _trouble(self, what: str) -> UnreadableIgnoreError:
        return UnreadableIgnoreError(f"{self._file} cannot be followed: {what}")


def _is_pattern(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def _pattern(text: str) -> _Pattern:
    takes_back = text.startswith("!")
    if takes_back and not (text := text[1:].strip()):
        msg = "nothing stands after the exclamation mark"
        raise ValueError(msg)
    # Two slashes at the start mean something to POSIX, and nothing to Docker.
    cleaned = posixpath.normpath("/" + text.lstrip("/") if text.startswith("/") else text)
    cleaned = cleaned[1:] if len(cleaned) > 1 and cleaned.startswith("/") else cleaned
    if sum(cleaned.count(wildcard) for wildcard in "*?") > _MAX_WILDCARDS:
        msg = f"it has more than {_MAX_WILDCARDS} wildcards"
        raise ValueError(msg)
    return _Pattern(tokens=tuple(_tokens(cleaned)), takes_back=takes_back)


def _tokens(text: str) -> Iterator[_Token]:
    if text.startswith("**") and not set(text[2:]) & set("*?[]\\") and not text.startswith("**/"):
        # Of a mere ending Docker takes any path with it: `**.py` leaves out `a.py` and `src/a.py`.
        yield _REST
        yield from map(_literal, text[2:])
        return
    at = 0
    while at < len(text):
        if text.startswith("**", at):
            at += 3 if text.startswith("/", at + 2) else 2
            yield from _GAP if at < len(text) else (_REST,)
        elif text[at] == "*":
            at += 1
            yield _STAR
        elif text[at] == "?":
            at += 1
            yield _ANY
        elif text[at] == "[":
            at, token = _class(text, at + 1)
            yield token
        else:
            character, at = _character(text, at)
            yield _literal(character)


def _literal(character: str) -> _Token:
    return _Token(moves=lambda other: other == character)


def _character(text: str, at: int) -> tuple[str, int]:
    """The character that stands at a place, perhaps behind a backslash, and the place after it.

    Raises:
        ValueError: None does.
    """
    at += text.startswith("\\", at)
    if at >= len(text):
        msg = "it ends in the middle"
        raise ValueError(msg)
    return text[at], at + 1


def _class(text: str, at: int) -> tuple[int, _Token]:
    """The token of a set like `[a-c]` or `[^x]`, and the place after it.

    Raises:
        ValueError: It is not closed, or has a range that runs backwards.
    """
    is_negated = text.startswith("^", at)
    at += is_negated
    ranges: list[tuple[str, str]] = []
    while not (text.startswith("]", at) and ranges):
        low, at = _character(text, at)
        high = low
        if text.startswith("-", at):
            high, at = _character(text, at + 1)
        if low > high:
            msg = f"the range {low}-{high} runs backwards"
            raise ValueError(msg)
        ranges.append((low, high))

    def accepts(character: str) -> bool:
        return any(low <= character <= high for low, high in ranges) != is_negated

    return at + 1, _Token(moves=accepts)


def context_entries(submission: Path, entries: Sequence[Entry], file: str) -> tuple[Entry, ...]:
    """The files that a build gets.

    An ignore file beside the Dockerfile, with its name before the ending, comes before the one at the top. It is not
    sent itself, for the engine would read it once more. One of ours goes in its place when the Dockerfile is left
    out: it is needed for the build, but no step may copy it.

    Args:
        submission: The unpacked files; hostile.
        entries: All of them.
        file: The Dockerfile's path.

    Raises:
        UnreadableIgnoreError: The ignore file cannot be followed.
    """
    paths = {entry.path for entry in entries}
    name = next((n for n in (f"{file}{IGNORE_FILE}", IGNORE_FILE) if n in paths), None)
    if name is None:
        return tuple(entries)
    with (submission / name).open("rb") as source:
        ignore = Ignore(source.read(_MAX_BYTES + 1), name)
    chosen = [e for e in entries if e.path not in {file, IGNORE_FILE} and not ignore.leaves_out(e.path)]
    chosen += [e for e in entries if e.path == file]
    if ignore.leaves_out(file):
        chosen.append(Entry(path=IGNORE_FILE, bytes=len(own_ignore(file))))
    return tuple(chosen)


def own_ignore(file: str) -> bytes:
    """What tells the engine that no step may copy the Dockerfile."""
    return f"{IGNORE_FILE}\n{file}\n".encode()
