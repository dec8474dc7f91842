"""What promtool says of rules and of their tests, beside what we read ourselves."""

from collections.abc import Iterable
from dataclasses import replace

from audition.domain.grade import Evidence
from audition.domain.tools import NEWER, Severity, ToolFinding, ToolStatus
from audition.grading import Result, Workspace
from graders.monitoring.rules import Rule, Rules
from graders.tool_findings import with_limits

RULES, TESTS = "promtool-rules", "promtool-tests"
_MOST_SHOWN = 160


def faults_of(workspace: Workspace, tool: str) -> tuple[ToolFinding, ...]:
    """Its errors; none when it did not run. What only a newer version knows is none."""
    found = workspace.tools.findings([tool]) if workspace.tools else ()
    return tuple(item for _, item in found if item.severity == Severity.ERROR)


def did_run(workspace: Workspace, tool: str) -> bool:
    """Whether it had files and came to its end."""
    report = workspace.tools.of(tool) if workspace.tools else None
    return report is not None and report.status == ToolStatus.OK


def further_faults(workspace: Workspace, found: Rules) -> list[Evidence]:
    """What promtool refuses and our own reading does not, once for each rule, and for each file beyond its rules."""
    seen = {(rule.evidence.file, rule.name) for rule in found.rules if rule.errors}
    files = {file for file, _ in seen} | {item.file for item in found.broken}
    named = {(rule.evidence.file, rule.name): rule for rule in found.rules}
    more: dict[tuple[str, str], Evidence] = {}
    for fault in faults_of(workspace, RULES):
        place = (fault.file, fault.subject)
        if place in seen or (not fault.subject and fault.file in files):
            continue
        more.setdefault(place, _evidence(fault, named.get(place)))
    return list(more.values())


def _evidence(fault: ToolFinding, rule: Rule | None) -> Evidence:
    words = f"{fault.message[:_MOST_SHOWN]} (promtool)"
    if rule is not None:
        return rule.says(words)
    return Evidence(summary=words, file=fault.file, line=fault.line)


def noted(result: Result, workspace: Workspace, tool: str) -> Result:
    """Add for reviewers which promtool it was, and what is newer than it."""
    if workspace.tools is None or workspace.tools.of(tool) is None:
        return replace(result, note=f"{result.note} promtool did not run.".strip())
    unknown = _newer(item for _, item in workspace.tools.findings([tool]))
    result = replace(result, note=f"{result.note} {unknown}".strip())
    return with_limits(result, workspace.tools, [tool])


def _newer(findings: Iterable[ToolFinding]) -> str:
    unknown = sorted({item.message[:_MOST_SHOWN] for item in findings if item.rule == NEWER})
    return f"Too new for our promtool, which is our limit: {'; '.join(unknown[:5])}." if unknown else ""
