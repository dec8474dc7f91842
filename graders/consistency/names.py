"""Names of metrics: those that rules and panels look at, and those that the live page shows."""

import json
from collections.abc import Iterator

from audition.grading import Workspace
from audition.grading.tree import Tree
from graders.monitoring.names import is_external
from graders.monitoring.promql import read_query
from graders.monitoring.rules import find_rules

_MOST_BOARDS = 10
_MOST_QUERIES = 200
_MOST_DEPTH = 12


def live_names(workspace: Workspace) -> frozenset[str]:
    """Names of the series on the live page; empty when there was none."""
    exposition = workspace.service.exposition if workspace.service else None
    return frozenset(exposition.names) if exposition else frozenset()


def wanted_names(workspace: Workspace) -> dict[str, str]:
    """Names of the service's own metrics that rules and panels look at, with the file that does."""
    rules = find_rules(workspace)
    found: dict[str, str] = {}
    for rule in rules.rules:
        for name in rule.expression.metrics:
            found.setdefault(name, rule.evidence.file)
    for file, query in _queries(workspace):
        for name in read_query(query).metrics:
            found.setdefault(name, file)
    return {
        name: file for name, file in found.items() if name not in rules.recorded and not is_external(name)
    }


def _queries(workspace: Workspace) -> Iterator[tuple[str, str]]:
    """Expressions of the dashboards that the contract names or that were found."""
    tree = Tree(workspace.submission)
    for path in workspace.evidence.inventory.contract.monitoring.dashboards[:_MOST_BOARDS]:
        text = tree.text(path)
        try:
            board = json.loads(text.content) if text else None
        except (ValueError, RecursionError):
            continue
        for number, query in enumerate(_expressions(board, 0)):
            if number >= _MOST_QUERIES:
                break
            yield path, query


def _expressions(value: object, depth: int) -> Iterator[str]:
    """Every `expr` in a dashboard."""
    if depth > _MOST_DEPTH:
        return
    if isinstance(value, dict):
        if isinstance(value.get("expr"), str):
            yield value["expr"]
        for below in value.values():
            yield from _expressions(below, depth + 1)
    elif isinstance(value, list):
        for below in value:
            yield from _expressions(below, depth + 1)
