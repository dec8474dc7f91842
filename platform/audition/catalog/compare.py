"""What differs between two states of a challenge: values of the manifest, documents, data."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from audition import codec
from audition.domain.challenge import Manifest

_MOST_LINES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """As much of a folder or a version as is compared."""

    name: str
    """E.g. "version 2"."""
    manifest: Manifest
    documents: Mapping[str, str]
    """Texts by file name."""
    data: Mapping[str, str]
    """Digests by "public/NAME" or "private/NAME"."""


def differences(old: State, new: State) -> Iterator[str]:
    """One line for each value, line and file that differs; none when all is the same."""
    yield from _values("challenge.toml", _flat(old.manifest), _flat(new.manifest))
    for name in sorted({*old.documents, *new.documents}):
        before, after = (side.documents.get(name, "").splitlines() for side in (old, new))
        lines = difflib.unified_diff(
            before, after, f"{name} ({old.name})", f"{name} ({new.name})", lineterm="", n=1
        )
        yield from list(lines)[:_MOST_LINES]
    yield from _values("data", dict(old.data), dict(new.data))


def _values(what: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[str]:
    for key in sorted({*old, *new}):
        if key not in new:
            yield f"{what}: {key}: {_short(old[key])} is gone"
        elif key not in old:
            yield f"{what}: {key}: {_short(new[key])} is new"
        elif old[key] != new[key]:
            yield f"{what}: {key}: {_short(old[key])} became {_short(new[key])}"


def _short(value: object) -> str:
    """A value as a line has room for it: digests by their beginning."""
    text = str(value)
    return text if len(text) <= 60 else f"{text[:12]}…"  # noqa: PLR2004  a line


def _flat(manifest: Manifest) -> dict[str, object]:
    """Every value by its dotted path."""
    return dict(_leaves("", codec.to_plain(manifest)))


def _leaves(where: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and value:
        for key, part in value.items():
            yield from _leaves(f"{where}.{key}" if where else str(key), part)
    elif isinstance(value, list) and value:
        for place, part in enumerate(value):
            yield from _leaves(f"{where}.{place}", part)
    else:
        yield where, value
