"""Prometheus rule files: what is in them, and what is wrong with each rule."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from audition.domain.grade import Evidence
from audition.grading import Workspace
from audition.grading.tree import Tree
from audition.grading.yaml_files import Document, at, items, read_yaml, table
from graders.monitoring.promql import Expression, read_expression

_METRIC = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: Source: Prometheus' configuration reference, <duration>.
_DURATION = re.compile(r"(?=\d)(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?|0")
_MOST_FILES = 20
_MOST_RULES = 200
#: Expressions of all rules together: parsing is quadratic, and nobody needs more.
_MOST_TEXT = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One alert or recording rule."""

    name: str
    is_alert: bool
    expression: Expression
    errors: tuple[str, ...]
    has_for: bool
    labels: dict[str, Any]
    annotations: dict[str, Any]
    evidence: Evidence

    def says(self, words: str) -> Evidence:
        """Where it is, with what is to be said of it."""
        return Evidence(
            summary=f"{self.name[:80]}: {words}", file=self.evidence.file, line=self.evidence.line
        )


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules of a submission."""

    rules: tuple[Rule, ...] = ()
    broken: tuple[Evidence, ...] = ()
    """Files and groups that cannot be read."""

    @property
    def alerts(self) -> tuple[Rule, ...]:
        """Those that alert."""
        return tuple(rule for rule in self.rules if rule.is_alert)

    @property
    def recorded(self) -> frozenset[str]:
        """Names that recording rules make."""
        return frozenset(rule.name for rule in self.rules if not rule.is_alert)


def find_rules(workspace: Workspace) -> Rules:
    """Read the rule files that the contract names or that were found."""
    tree = Tree(workspace.submission)
    rules: list[Rule] = []
    broken: list[Evidence] = []
    for path in workspace.evidence.inventory.contract.monitoring.rules[:_MOST_FILES]:
        text = tree.text(path)
        if text is None:
            broken.append(Evidence(summary="cannot be read as text", file=path))
            continue
        file = read_yaml(text)
        if file.error:
            broken.append(Evidence(summary=f"is no YAML: {file.error}", file=path, line=file.line))
        for document in file.documents:
            _read_document(document, rules, broken)
    return Rules(tuple(rules), tuple(broken))


def _read_document(document: Document, rules: list[Rule], broken: list[Evidence]) -> None:
    """A rule file, or the same inside an object of the Prometheus operator."""
    prefix: tuple[str, ...] = ("spec",) if at(document.value, "kind") == "PrometheusRule" else ()
    names: set[str] = set()
    groups = items(document.value, *prefix, "groups")
    if not groups:
        broken.append(Evidence(summary="has no groups", file=document.file, line=document.line()))
    for number, group in enumerate(groups):
        where: tuple[str | int, ...] = (*prefix, "groups", number)
        name = at(group, "name")
        if not isinstance(name, str) or not name or name in names:
            words = "a group needs a name of its own"
            broken.append(Evidence(summary=words, file=document.file, line=document.line(*where)))
        names.add(str(name))
        for index, rule in enumerate(items(group, "rules")):
            if len(rules) >= _MOST_RULES:
                return
            left = _MOST_TEXT - sum(r.expression.characters for r in rules)
            rules.append(_rule(rule, document.file, document.line(*where, "rules", index), left))


def _rule(value: object, file: str, line: int, left: int) -> Rule:
    alert, record = at(value, "alert"), at(value, "record")
    text = str(at(value, "expr") if at(value, "expr") is not None else "")
    expression = (
        read_expression(text) if len(text) <= left else Expression("", error="there is too much of all")
    )
    return Rule(
        name=str(alert or record or "?"),
        is_alert=alert is not None,
        expression=expression,
        errors=tuple(_errors(value, expression)),
        has_for=at(value, "for") is not None,
        labels=table(value, "labels"),
        annotations=table(value, "annotations"),
        evidence=Evidence(summary="", file=file, line=line),
    )


def _errors(value: object, expression: Expression) -> Iterator[str]:
    alert, record = at(value, "alert"), at(value, "record")
    if (alert is None) == (record is None):
        yield "a rule is an alert or a record, and not both"
    if record is not None and not _METRIC.fullmatch(str(record)):
        yield "the name of a record has to be that of a metric"
    if at(value, "expr") is None:
        yield "it has no expr"
    elif expression.error:
        yield f"its expression does not parse: {expression.error}"
    for key in ("for", "keep_firing_for"):
        duration = at(value, key)
        if duration is not None and not _DURATION.fullmatch(str(duration)):
            yield f"{key} is no duration such as 5m"
    if record is not None and at(value, "for") is not None:
        yield "a record cannot wait"
    for key in ("labels", "annotations"):
        names = at(value, key)
        if names is not None and not (
            isinstance(names, dict) and all(_LABEL.fullmatch(str(n)) for n in names)
        ):
            yield f"{key} have to be names with texts"
