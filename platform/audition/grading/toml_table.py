"""Read the values of a hostile TOML document one by one, and say everything that is wrong with it at once."""

import json
import math
import re
import shlex
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any, TypeVar

Choice = TypeVar("Choice", bound=StrEnum)

MOST_PROBLEMS = 50
"""Problems that are told; a file with more is not one that somebody wrote by hand."""
_MOST_UNKNOWN = 20
_MOST_SHOWN = 60
_MOST_WORDS = 64
_MOST_WORD = 4096
_MOST_PATH = 300
_MOST_ITEMS = 64


class Problems:
    """What is wrong with a file, each problem with the line it is about."""

    def __init__(self, file: str, lines: dict[str, int]) -> None:
        """Begin without problems.

        Args:
            file: Name of the file, for messages.
            lines: Line of each key by its dotted path.
        """
        self._file = file
        self._lines = lines
        self._told: list[tuple[int, str]] = []
        self._about: set[str] = set()

    def say(self, path: str, words: str) -> None:
        """Note a problem with the key at this path."""
        line = self._line(path)
        place = f"{self._file}:{line}" if line else self._file
        self._told.append((line, f"{place}: {words}"))
        self._about.add(path)

    def has(self, path: str) -> bool:
        """Whether something is wrong with the key at this path."""
        return path in self._about

    def _line(self, path: str) -> int:
        """The line of a key, else of the table it should be in; 0 where neither is known."""
        while path:
            for name in (path, f"{path}[0]"):
                if name in self._lines:
                    return self._lines[name]
            path = path.rpartition(".")[0]
        return 0

    def told(self) -> list[str]:
        """All of them, in the order of the file."""
        texts = [text for _, text in sorted(self._told, key=lambda item: item[0])]
        if len(texts) > MOST_PROBLEMS:
            rest = len(texts) - MOST_PROBLEMS
            return [*texts[:MOST_PROBLEMS], f"{self._file}: {rest} more problems are not listed."]
        return texts


class Table:
    """One table of the document; asking for a key makes it known, and `close` tells the keys that are not."""

    def __init__(self, values: dict[str, Any], problems: Problems, path: str = "") -> None:
        """Look at a parsed table.

        Args:
            values: What the parser gave.
            problems: Where problems go.
            path: Dotted path of the table; empty for the top.
        """
        self._values = values
        self._problems = problems
        self._path = path
        self._known: list[str] = []

    def at(self, key: str) -> str:
        """Dotted path of a key."""
        return f"{self._path}.{key}" if self._path else key

    def has(self, key: str) -> bool:
        """Whether the file gives this key."""
        return key in self._values

    def reject(self, key: str, wanted: str) -> None:
        """Note that a key's value will not do, and what would; likewise a key that is not there."""
        there = f" = {shown(self._values[key])}" if key in self._values else ""
        self._problems.say(self.at(key), f"{self.at(key)}{there}: {wanted}")

    def _take(self, key: str, default: Any, fits: Callable[[Any], bool], wanted: str) -> Any:  # noqa: ANN401
        """The value of a key when it fits, else the default; whatever TOML can hold."""
        self._known.append(key)
        if key not in self._values:
            return default
        if fits(self._values[key]):
            return self._values[key]
        self.reject(key, wanted)
        return default

    def text(self, key: str, default: str, pattern: str, wanted: str) -> str:
        """A text that matches a pattern as a whole."""
        return str(self._take(key, default, lambda v: _is_text(v) and bool(re.fullmatch(pattern, v)), wanted))

    def number(self, key: str, default: float, low: float, high: float, example: str) -> float:
        """A number in [low, high]."""
        wanted = f"write a number from {low:g} to {high:g}, e.g. {example}."
        return float(self._take(key, default, lambda v: _is_number(v) and low <= v <= high, wanted))

    def whole(self, key: str, default: int, low: int, high: int, example: str) -> int:
        """A whole number in [low, high]."""
        wanted = f"write a whole number from {low} to {high}, e.g. {example}."
        return int(
            self._take(
                key, default, lambda v: _is_number(v) and isinstance(v, int) and low <= v <= high, wanted
            )
        )

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        return bool(
            self._take(key, default, lambda v: isinstance(v, bool), "write true or false, without quotes.")
        )

    def choice(self, key: str, default: Choice) -> Choice:
        """One of the values of an enumeration."""
        kind = type(default)
        names = [item.value for item in kind]
        near = get_close_matches(str(self._values.get(key, ""))[:_MOST_SHOWN].lower(), names, n=1)
        hint = f'; did you mean "{near[0]}"?' if near else "."
        wanted = f"write one of {', '.join(quoted(names))}{hint}"
        return kind(self._take(key, default.value, lambda v: isinstance(v, str) and v in names, wanted))

    def words(self, key: str, default: tuple[str, ...], example: str) -> tuple[str, ...]:
        """The words of a command: a list, or a text that is split as a shell would, without being one."""
        self._known.append(key)
        if key not in self._values:
            return default
        value = self._values[key]
        if isinstance(value, str):
            try:
                value = shlex.split(value)
            except ValueError as error:
                self.reject(key, f"{error}. Write it as a list of words, which needs no quoting.")
                return default
        is_good = isinstance(value, list) and 0 < len(value) <= _MOST_WORDS and all(map(_is_word, value))
        if not is_good:
            self.reject(key, f"write a list of 1 to {_MOST_WORDS} words, e.g. {example}.")
            return default
        return tuple(value)

    def path(self, key: str) -> str:
        """A file's path in the submission; empty when it is not given."""
        wanted = "write the path of a file in your submission, relative to its top and without '..'."
        return str(self._take(key, "", is_inside, wanted))

    def paths(self, key: str, is_good: Callable[[Any], bool], wanted: str) -> tuple[str, ...]:
        """A list of paths; a single one may stand without brackets."""
        self._known.append(key)
        value = self._values.get(key, [])
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or len(items) > _MOST_ITEMS:
            self.reject(key, f"write a list of at most {_MOST_ITEMS}: {wanted}")
            return ()
        for item in items:
            if not is_good(item):
                self._problems.say(self.at(key), f"{self.at(key)} has {shown(item)}: {wanted}")
        return tuple(item for item in items if is_good(item))

    def mapping(self, key: str, name: str, wanted: str) -> dict[str, str]:
        """A table of texts whose names match a pattern."""

        def fits(value: object) -> bool:
            return (
                isinstance(value, dict)
                and len(value) <= _MOST_ITEMS
                and all(re.fullmatch(name, k) and _is_text(v) for k, v in value.items())
            )

        return dict(self._take(key, {}, fits, wanted))

    def table(self, key: str) -> "Table":
        """The table under a key; an empty one when it is not given or is none."""
        wanted = f"write a table: a line [{self.at(key)}] with its keys below."
        value = self._take(key, {}, lambda v: isinstance(v, dict), wanted)
        return Table(value, self._problems, self.at(key))

    def tables(self, key: str) -> list["Table"]:
        """The tables of a list."""
        wanted = f"write at most {_MOST_ITEMS} tables, each begun by a line [[{self.at(key)}]]."

        def fits(value: object) -> bool:
            is_list = isinstance(value, list) and len(value) <= _MOST_ITEMS
            return is_list and all(isinstance(item, dict) for item in value)  # type: ignore[attr-defined]

        found = self._take(key, [], fits, wanted)
        return [Table(item, self._problems, f"{self.at(key)}[{n}]") for n, item in enumerate(found)]

    def close(self) -> tuple[str, ...]:
        """Tell the keys that nobody asked for; returns the paths of those that are known and given."""
        unknown = [key for key in self._values if key not in self._known]
        for key in unknown[:_MOST_UNKNOWN]:
            near = get_close_matches(key[:_MOST_SHOWN].lower(), self._known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known keys are: {', '.join(self._known)}."
            where = f" in [{self._path}]" if self._path else ""
            self._problems.say(self.at(key[:200]), f"unknown key {key[:40]!r}{where}; {hint}")
        return tuple(self.at(key) for key in self._known if key in self._values)


def shown(value: object) -> str:
    """A value as a message may quote it: short, on one line."""
    if isinstance(value, list):
        return "[…]" if value else "[]"
    if isinstance(value, dict):
        return "{…}" if value else "{}"
    try:
        text = json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool) else str(value)
    except ValueError:  # An integer of more digits than Python writes.
        return "a number of thousands of digits"
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


def quoted(names: Iterable[str]) -> list[str]:
    """Names in the quotes that TOML wants around them."""
    return [f'"{name}"' for name in names]


def is_inside(value: object) -> bool:
    """Whether a value is the path of something below the folder it is relative to."""
    if not _is_text(value) or not isinstance(value, str) or not 0 < len(value) <= _MOST_PATH:
        return False
    path = PurePosixPath(value)
    return not path.is_absolute() and ".." not in path.parts and bool(path.parts) and "\\" not in value


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.isprintable()


def _is_word(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MOST_WORD and "\0" not in value


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or math.isfinite(value)
