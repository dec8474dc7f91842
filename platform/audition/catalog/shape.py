"""Reading a TOML file into a dataclass, with every problem at once."""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from audition.codec import from_plain
from audition.domain.errors import InvalidError

T = TypeVar("T")
MOST_BYTES = 1 << 20
"""Largest text file of a challenge folder that is read."""


class Problems(list[str]):
    """What is wrong so far, one line each: file, key, what, and what to do."""

    def say(self, file: str, key: str, what: str) -> None:
        """Add one problem."""
        self.append(f"{file}: {key}: {what}" if key else f"{file}: {what}")


def read_text(folder: Path, name: str, problems: Problems) -> str:
    """Text of a file that must be there and must not be empty; "" when there is a problem."""
    path = folder / name
    if path.is_symlink() or not path.is_file():
        problems.say(name, "", "is missing; add this file.")
        return ""
    if path.stat().st_size > MOST_BYTES:
        problems.say(name, "", f"is {path.stat().st_size:,} bytes; at most {MOST_BYTES:,} are read.")
        return ""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        problems.say(name, "", f"is not UTF-8 at byte {error.start}; save it as UTF-8.")
        return ""
    if not text.strip():
        problems.say(name, "", "is empty; write it.")
    return text


def read_table(folder: Path, name: str, problems: Problems) -> dict[str, Any] | None:
    """A TOML file as plain data; None when there is a problem."""
    text = read_text(folder, name, problems)
    if not text.strip():
        return None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.say(name, "", f"is not valid TOML: {error}.")
        return None


def shape(kind: type[T], data: object, file: str, problems: Problems) -> T | None:
    """Plain data as a dataclass; None when there is a problem. Unknown keys are problems."""
    before = len(problems)
    for key, known in unknown_keys(kind, data):
        near = difflib.get_close_matches(key.rsplit(".", 1)[-1], known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}."
        problems.say(file, key, f"there is no such key; {hint}")
    try:
        value = from_plain(kind, data, what=file)
    except InvalidError as error:
        problems.extend(error.problems)
        return None
    return value if len(problems) == before else None


def unknown_keys(kind: Any, data: object, where: str = "") -> Iterator[tuple[str, list[str]]]:  # noqa: ANN401
    """Keys in plain data that a type has no place for, each with the keys it has a place for.

    Args:
        kind: A dataclass, one that may be None, or a tuple or mapping of them as annotated on a field; any other type
            has no keys.
        data: What was read.
        where: Dotted path of `data`.
    """
    if is_dataclass(kind) and isinstance(data, Mapping):
        hints = get_type_hints(kind)
        known = [field.name for field in fields(kind)]
        for key, value in data.items():
            if key in known:
                yield from unknown_keys(hints[key], value, _join(where, key))
            else:
                yield _join(where, key), known
    elif get_origin(kind) is UnionType and data is not None:
        for part in get_args(kind):
            yield from unknown_keys(part, data, where)
    elif get_origin(kind) is tuple and isinstance(data, list):
        for place, item in enumerate(data):
            yield from unknown_keys(get_args(kind)[0], item, _join(where, place))
    elif get_origin(kind) in {dict, Mapping} and isinstance(data, Mapping):
        for key, value in data.items():
            yield from unknown_keys(get_args(kind)[1], value, _join(where, key))


def _join(where: str, key: object) -> str:
    return f"{where}.{key}" if where else str(key)
