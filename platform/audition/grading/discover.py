"""Find in a submission what its contract file does not say. It earns less than saying it, but it is no cliff.

Files are read as text and never run. What is found is a guess, so each names the file and line that it was read
from, and a report can show it.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from audition.domain.contract import Command, Contract, Discovery
from audition.domain.serving import SERVING_KINDS, ServingKind
from audition.grading import discover_files, discover_service
from audition.grading.found import Found
from audition.grading.tree import Tree


def discover(submission: Path, contract: Contract) -> tuple[Contract, tuple[Discovery, ...]]:
    """Fill what a contract leaves open with what the submission shows.

    Returns:
        The contract with the values found, and where each was found.
    """
    tree = Tree(submission)
    discoveries: list[Discovery] = []
    for found in _look(tree, contract):
        if contract.says(found.key):
            continue
        discoveries.append(
            Discovery(
                key=found.key,
                value=_written(found.value),
                source=found.source,
                file=found.file,
                line=found.line,
            )
        )
        if found.key == "serving.kind":
            contract = _with_kind(contract, ServingKind(str(found.value)))
        else:
            contract = _with(contract, found.key.split("."), found.value)
    return contract, tuple(discoveries)


def _look(tree: Tree, contract: Contract) -> Iterator[Found]:
    """Everything that is found, the kind of serving first."""
    kind = contract.serving.kind
    if not contract.says("serving.kind"):
        found = discover_service.find_kind(tree)
        if found is not None:
            kind = ServingKind(str(found.value))
            yield found
    yield from discover_service.find_service(tree, SERVING_KINDS[kind])
    yield from discover_files.find_files(tree)


def _with_kind(contract: Contract, kind: ServingKind) -> Contract:
    """The contract with what a kind brings, but for what the file says."""
    facts = SERVING_KINDS[kind]
    serving = replace(contract.serving, kind=kind)
    if not contract.says("serving.port"):
        serving = replace(serving, port=facts.port)
    if not contract.says("serving.routes"):
        serving = replace(serving, routes=facts.routes)
    if not contract.says("serving.payload"):
        serving = replace(serving, payload=facts.payload)
    return replace(contract, serving=serving)


def _with(node: Any, path: list[str], value: object) -> Any:  # noqa: ANN401  any dataclass of a contract
    """A dataclass with one value inside it changed."""
    name, *rest = path
    return replace(node, **{name: _with(getattr(node, name), rest, value) if rest else value})


def _written(value: object) -> str:
    """A value as the contract file would have it."""
    if isinstance(value, Command):
        return json.dumps(list(value.words))
    return json.dumps(list(value) if isinstance(value, tuple) else value)
