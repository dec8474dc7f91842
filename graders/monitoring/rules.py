"""Prometheus rule files: what is in them, and what is wrong with each rule."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from audition.domain.grade import Evidence
from audition.grading import Workspace
from audition.grading.alert_rules import DURATION, RuleEntry, read_rule_files
from audition.grading.yaml_files import at, table
from graders.monitoring.promql import Expression, read_expression

_METRIC = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
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
    files = read_rule_files(workspace.submission, workspace.evidence.inventory.contract.monitoring.rules)
    rules: list[Rule] = []
    left = _MOST_TEXT
    for entry in files.entries:
        rules.append(_rule(entry, left))
        left -= rules[-1].expression.characters
    return Rules(tuple(rules), files.broken)


def _rule(entry: RuleEntry, left: int) -> Rule:
    value = entry.value
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
        evidence=Evidence(summary="", file=entry.file, line=entry.line),
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
        if duration is not None and not DURATION.fullmatch(str(duration)):
            yield f"{key} is no duration such as 5m"
    if record is not None and at(value, "for") is not None:
        yield "a record cannot wait"
    for key in ("labels", "annotations"):
        names = at(value, key)
        if names is not None and not (
            isinstance(names, dict) and all(_LABEL.fullmatch(str(n)) for n in names)
        ):
            yield f"{key} have to be names with texts"
