"""Checks on what the code exposes and on dashboards that show it; whether the numbers are true is measured."""

import json
import re
from collections.abc import Iterator
from typing import Any

from audition.domain.grade import Dimension, Evidence
from audition.grading import Result, Workspace, check, failed, not_applicable, partial, passed
from audition.grading.tree import Text, Tree
from audition.grading.yaml_files import at, items
from graders.monitoring.alerts import known_series
from graders.monitoring.names import Exposed, exposed_metrics, is_external
from graders.monitoring.promql import Expression, read_query
from graders.monitoring.rules import find_rules

_KEY = "monitoring.dashboards"
_MOST_PANELS = 100
_MOST_TEXT = 20_000
_MOST_DEPTH = 5
_STATUS = re.compile(r"status|code|outcome|result", re.IGNORECASE)


@check(
    "monitoring.metrics.defined",
    "The code has metrics for traffic, errors, latency and the model",
    points=2,
    why="What is not counted cannot be watched: neither the service nor the model in it.",
    fix="Count requests by status, time them in a histogram, record the predictions, name the model's version.",
)
def defined(workspace: Workspace) -> Result:
    """Five things that the code should define (catalogue E2 and E5, static half)."""
    metrics = exposed_metrics(workspace.submission)
    if not metrics:
        if workspace.manifest.weights.get(Dimension.OBSERVABILITY, 0) > 0:
            return failed("The code defines no metrics.")
        return not_applicable("The code defines no metrics, and the challenge asks for none.")
    there = {
        "requests": any(m.kind == "Counter" and _speaks(m, "request", "prediction", "call") for m in metrics),
        "errors": any(
            _speaks(m, "error", "exception", "fail") or any(map(_STATUS.search, m.labels)) for m in metrics
        ),
        "latency": any(
            m.kind in {"Histogram", "Summary"} and _speaks(m, "second", "duration", "latency")
            for m in metrics
        ),
        "predictions": any(
            m.kind != "Counter" and _speaks(m, "prediction", "score", "probab", "drift") for m in metrics
        ),
        "the model's version": any(
            _speaks(m, "model_info", "version", "build_info") or m.kind == "Info" for m in metrics
        ),
    }
    missing = [name for name, is_there in there.items() if not is_there]
    if not missing:
        return passed(
            f"The code defines {len(metrics)} metrics: requests, errors, latency, predictions, version."
        )
    sentence = f"The code defines {len(metrics)} metrics, but none for {', '.join(missing)}."
    share = 1 - len(missing) / len(there)
    evidence = [metric.evidence for metric in metrics]
    return partial(share, sentence, *evidence) if share > 0 else failed(sentence, *evidence)


def _speaks(metric: Exposed, *words: str) -> bool:
    text = f"{metric.name} {metric.help}".lower()
    return any(word in text for word in words)


@check(
    "monitoring.dashboards.queries",
    "Dashboards show metrics that the service has",
    points=1,
    why="An empty panel is found on the day it is needed.",
    fix="Let every panel's query parse and use the names that your code gives to its metrics.",
)
def dashboards(workspace: Workspace) -> Result:
    """Share of the panels' queries that parse and whose metrics are in the code."""
    inventory = workspace.evidence.inventory
    paths = inventory.contract.monitoring.dashboards
    if not paths:
        if workspace.manifest.weights.get(Dimension.OBSERVABILITY, 0) > 0:
            return failed("There is no dashboard.")
        return not_applicable("There is no dashboard, and the challenge asks for none.")
    tree = Tree(workspace.submission)
    known = known_series(workspace, find_rules(workspace))
    total, wrong = 0, list[Evidence]()
    for path in paths:
        queries = list(_queries(tree.text(path)))
        total += max(1, len(queries))
        if not queries:
            wrong.append(Evidence(summary="has no panel with a query", file=path))
        for title, query in queries:
            trouble = _trouble(query, known)
            if trouble:
                wrong.append(Evidence(summary=f"{title[:80]}: {trouble}", file=path, excerpt=query.text))
    share = (1 - len(wrong) / total) * inventory.credit(_KEY)
    found = next((f" {d.sentence}" for d in inventory.discovered if d.key == _KEY), "")
    if not wrong:
        sentence = f"All {total} queries parse and look at metrics that the code exposes.{found}"
        return passed(sentence) if share >= 1 else partial(share, sentence)
    sentence = f"{len(wrong)} of {total} queries would show nothing.{found}"
    return partial(share, sentence, *wrong) if share > 0 else failed(sentence, *wrong)


def _trouble(query: Expression, known: frozenset[str]) -> str:
    """Why a query would show nothing; empty when it would show something."""
    if query.error:
        return f"its query does not parse: {query.error}"
    unknown = sorted(name for name in query.metrics if name not in known and not is_external(name))
    return f"no code exposes {', '.join(unknown)[:200]}" if unknown else ""


def _queries(text: Text | None) -> Iterator[tuple[str, Expression]]:
    """Title and query of every panel that asks Prometheus."""
    try:
        board = json.loads(text.content) if text else None
    except (ValueError, RecursionError):
        return
    left = _MOST_TEXT
    panels = _panels(at(board, "dashboard") or board, _MOST_DEPTH)
    for _, panel in zip(range(_MOST_PANELS), panels, strict=False):
        for target in items(panel, "targets"):
            query = at(target, "expr")
            if isinstance(query, str) and query.strip() and len(query) <= left:
                left -= len(query)
                yield str(at(panel, "title") or "a panel"), read_query(query)


def _panels(board: Any, depth: int) -> Iterator[Any]:  # noqa: ANN401  whatever JSON can hold
    """Panels, those in rows included."""
    for panel in items(board, "panels"):
        yield panel
        if depth:
            yield from _panels(panel, depth - 1)
