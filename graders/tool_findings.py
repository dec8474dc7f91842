"""Read what linters said: findings that count once however many tools make them, and tools that did not answer."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from math import exp

from audition.domain.grade import Evidence
from audition.domain.tools import Severity, ToolFinding, ToolReports
from audition.grading import Result, Workspace, failed, not_assessed, partial, passed

#: What one finding costs. Source: the design's grader catalogue, A2.
WEIGHTS = {Severity.ERROR: 1.0, Severity.WARNING: 0.4, Severity.INFO: 0.1}
NO_STAGE = "No linters ran: this challenge has no static stage, or it did not finish."
_LEAST_SHARE = 0.05
_MOST_SHARE = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One defect, whoever found it."""

    name: str
    """The class of the defect: each counts once."""
    weight: float
    tool: str
    finding: ToolFinding

    def evidence(self) -> Evidence:
        """Where it is, with the rule that names it."""
        summary = f"{self.finding.message} ({self.tool} {self.finding.rule})"
        return Evidence(summary=summary, file=self.finding.file, line=self.finding.line)


def reports_of(workspace: Workspace, tools: Iterable[str]) -> ToolReports | Result:
    """What tools said, or why that cannot be known: a tool that failed is our limit."""
    if workspace.tools is None:
        return not_assessed(NO_STAGE)
    names = list(tools)
    if all(workspace.tools.of(name) is None for name in names):
        return not_assessed(NO_STAGE)
    missing = workspace.tools.missing(names)
    if len(missing) == len(names):
        return not_assessed(f"{_names(r.tool for r in missing)} did not finish. That is our limit.")
    return workspace.tools


def merge(
    found: Iterable[tuple[str, ToolFinding]], classify: Callable[[str, ToolFinding], tuple[str, float] | None]
) -> list[Fault]:
    """Defects by class, each once with its greatest weight, the weightiest first.

    Args:
        found: Findings with their tools.
        classify: Class and weight of a finding; None for one that does not count here.
    """
    faults: dict[str, Fault] = {}
    for tool, finding in found:
        judged = classify(tool, finding)
        if judged is None:
            continue
        name, weight = judged
        if name not in faults or faults[name].weight < weight:
            faults[name] = Fault(name=name, weight=weight, tool=tool, finding=finding)
    return sorted(faults.values(), key=lambda fault: (-fault.weight, fault.finding.file, fault.name))


def by_weight(faults: list[Fault], scale: float, clean: str, faulty: str) -> Result:
    """A result of exp(-sum of weights / scale).

    Args:
        faults: What counts.
        scale: The sum at which 37 % is left.
        clean: The sentence when there are none.
        faulty: The sentence when there are; it is followed by how many and the worst.
    """
    if not faults:
        return passed(clean)
    share = exp(-sum(fault.weight for fault in faults) / scale)
    count = f"{len(faults)} kind{'s' if len(faults) > 1 else ''} of defect"
    sentence = f"{faulty}: {count}, first of all {_first_words(faults[0])}."
    evidence = tuple(fault.evidence() for fault in faults)
    if share < _LEAST_SHARE:
        return failed(sentence, *evidence)
    return partial(min(share, _MOST_SHARE), sentence, *evidence)


def _first_words(fault: Fault) -> str:
    text = fault.finding.message.rstrip(".")
    return f"“{text[:120]}”"


def with_limits(result: Result, reports: ToolReports, tools: Iterable[str]) -> Result:
    """Add to the reviewer's note what could not be asked, and what was asked to look away."""
    names = list(tools)
    notes = [f"{r.tool} did not finish ({r.detail[:200]})." for r in reports.missing(names)]
    hidden = [f for _, f in reports.findings(names) if f.is_suppressed]
    if hidden:
        rules = ", ".join(sorted({f.rule for f in hidden}))[:300]
        notes.append(
            f"{len(hidden)} findings that the repository suppresses were counted all the same: {rules}."
        )
    versions = ", ".join(f"{r.tool} {r.version}" for r in reports.reports if r.tool in names and r.version)
    notes.append(f"Tools: {versions}.")
    return replace(result, note=" ".join([result.note, *notes]).strip())


def _names(tools: Iterable[str]) -> str:
    return ", ".join(tools)
