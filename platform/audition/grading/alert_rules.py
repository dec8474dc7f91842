"""Read Prometheus rule files: where each rule is, and the rules as data for whoever evaluates them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audition.domain.alerting import MAX_EXPRESSION, MAX_NAME, MAX_RULES, AlertRule
from audition.domain.grade import Evidence
from audition.grading.tree import Tree
from audition.grading.yaml_files import Document, at, items, read_yaml, table

#: Source: Prometheus' configuration reference, <duration>.
DURATION = re.compile(
    r"(?=\d)(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?|0"
)
_UNIT_SECONDS = (365 * 86_400.0, 7 * 86_400.0, 86_400.0, 3600.0, 60.0, 1.0, 0.001)
_MOST_FILES = 20
_MOST_RULES = 200
_MOST_LABELS = 20
_TEMPLATE = "{{"


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """A rule where it stands."""

    value: Any
    """Plain values; YAML has no narrower type."""
    group: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class RuleFiles:
    """What is in the rule files of a submission."""

    entries: tuple[RuleEntry, ...] = ()
    broken: tuple[Evidence, ...] = ()
    """Files and groups that cannot be read."""


def read_rule_files(root: Path, paths: Iterable[str]) -> RuleFiles:
    """Read rule files, plain or inside objects of the Prometheus operator.

    Args:
        root: The submission.
        paths: Of the files, in it.
    """
    tree = Tree(root)
    entries: list[RuleEntry] = []
    broken: list[Evidence] = []
    for path in list(paths)[:_MOST_FILES]:
        text = tree.text(path)
        if text is None:
            broken.append(Evidence(summary="cannot be read as text", file=path))
            continue
        file = read_yaml(text)
        if file.error:
            broken.append(Evidence(summary=f"is no YAML: {file.error}", file=path, line=file.line))
        for document in file.documents:
            _read_document(document, entries, broken)
    return RuleFiles(tuple(entries[:_MOST_RULES]), tuple(broken))


def _read_document(document: Document, entries: list[RuleEntry], broken: list[Evidence]) -> None:
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
            if len(entries) >= _MOST_RULES:
                return
            line = document.line(*where, "rules", index)
            entries.append(RuleEntry(rule, str(name), document.file, line))


def rules_of(files: RuleFiles) -> tuple[AlertRule, ...]:
    """The rules that can be given to a server: those of a plain form, in order, up to `MAX_RULES`."""
    found = (rule for entry in files.entries if (rule := _rule(entry)))
    return tuple(rule for rule, _ in zip(found, range(MAX_RULES), strict=False))


def _rule(entry: RuleEntry) -> AlertRule | None:
    alert, record = at(entry.value, "alert"), at(entry.value, "record")
    name, expression = alert if alert is not None else record, at(entry.value, "expr")
    times = [seconds_of(at(entry.value, key)) for key in ("for", "keep_firing_for")]
    texts = isinstance(name, str) and isinstance(expression, str | int | float)
    if not texts or (alert is None) == (record is None) or None in times:
        return None
    if not str(name).isprintable() or len(str(name)) > MAX_NAME or len(str(expression)) > MAX_EXPRESSION:
        return None
    return AlertRule(
        name=str(name),
        expression=str(expression),
        is_alert=alert is not None,
        for_seconds=times[0] or 0.0,
        keep_firing_seconds=times[1] or 0.0,
        labels=dict(_plain(table(entry.value, "labels"))),
        group=entry.group[:MAX_NAME],
        file=entry.file,
        line=entry.line,
    )


def _plain(labels: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in list(labels.items())[:_MOST_LABELS]:
        text = str(value)
        if _TEMPLATE not in text and max(len(name), len(text)) <= MAX_NAME and text.isprintable():
            yield name, text


def seconds_of(duration: object) -> float | None:
    """A duration such as 1h30m; 0 for nothing, None for what is none."""
    if duration is None:
        return 0.0
    match = DURATION.fullmatch(str(duration)[:MAX_NAME])
    if match is None:
        return None
    return sum(int(part) * unit for part, unit in zip(match.groups(), _UNIT_SECONDS, strict=True) if part)
