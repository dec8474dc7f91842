"""The JSON schema of `challenge.toml`, for editors: made of the types that check it, so the two cannot differ."""

import ast
import inspect
import itertools
import textwrap
from collections.abc import Iterator
from dataclasses import is_dataclass
from enum import Enum
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter

from audition.catalog.own_metric import OWN_NAME
from audition.domain.challenge import Manifest
from audition.domain.metrics import METRICS

SCHEMA_FILE = "challenge.schema.json"
"""Beside the folders of challenges; the first line of a `challenge.toml` names it."""


def manifest_schema() -> dict[str, Any]:
    """The schema, draft 2020-12: unknown keys are wrong, and fields have the words of their attributes."""
    adapter: TypeAdapter[Manifest] = TypeAdapter(Manifest)
    schema = adapter.json_schema()
    _close(schema, Manifest)
    for kind in _kinds(Manifest):
        if kind.__name__ in schema["$defs"] and is_dataclass(kind):
            _close(schema["$defs"][kind.__name__], kind)
    name = schema["$defs"]["MetricSpec"]["properties"]["name"]
    # An author's own has any name; editors offer ours.
    name["anyOf"] = [{"enum": list(METRICS)}, {"pattern": f"^{OWN_NAME.pattern}$"}]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _close(part: dict[str, Any], kind: type) -> None:
    """Allow no other keys, and say what each means."""
    part["additionalProperties"] = False
    for name, words in _words(kind).items():
        if name in part["properties"]:
            part["properties"][name]["description"] = words


def _words(kind: type) -> dict[str, str]:
    """The text below each field of a dataclass, as its source has it."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    found = {}
    for field, text in itertools.pairwise(body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                found[name] = inspect.cleandoc(words)
    return found


def _kinds(kind: Any, seen: set[Any] | None = None) -> Iterator[type]:  # noqa: ANN401  whatever annotations hold
    """Every dataclass that a type is made of."""
    seen = set() if seen is None else seen
    if kind in seen:
        return
    seen.add(kind)
    if isinstance(kind, type) and is_dataclass(kind) and not issubclass(kind, Enum):
        yield kind
        for hint in get_type_hints(kind).values():
            yield from _kinds(hint, seen)
    for part in get_args(kind):
        yield from _kinds(part, seen)


if __name__ == "__main__":
    import json
    import sys

    sys.stdout.write(json.dumps(manifest_schema(), indent=1) + "\n")
