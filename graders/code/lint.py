"""Faults of Python code and shell scripts that linters find: errors and traps, never style."""

from math import exp

from audition.domain.tools import Severity, ToolFinding, ToolReports
from audition.grading import Result, Workspace, check, failed, not_applicable, partial, passed
from graders.tool_findings import WEIGHTS, Fault, by_weight, merge, reports_of, with_limits

TOOLS = ("ruff", "bandit")
#: Less code than this counts as this much: one slip in a short script is no rate.
_LEAST_KLOC = 0.5
_SCALE = 5.0
_MAX_BYTES = 256 << 10
_MAX_FILES = 300
#: Notices that say only that a module is there or that a program is started without a shell, asserts, random numbers
#: that guard nothing, and listening on every address, as a container has to. Source: Bandit's own descriptions.
_NOTICES = frozenset({"B101", "B104", "B311", "B403", "B404", "B603", "parse"})
#: Loading one's own model is the task; what is in the file is judged by the model's own check.
_OWN_MODEL = frozenset({"B301"})
#: Different names for one defect.
_SAME = {"B110": "E722", "B112": "E722", "S110": "E722", "B307": "PLW0123"}


@check(
    "code.lint.sound",
    "The code is free of errors that linters find",
    points=2,
    why="A name that is not there or an exception that is swallowed shows first in production.",
    fix="Run ruff check --select F,E7,E9,B,PLE and bandit, and mend what they name.",
)
def sound(workspace: Workspace) -> Result:
    """exp(-weighted defects per thousand lines / 5), style left out (catalogue J3)."""
    lines = _lines(workspace)
    if not lines:
        return not_applicable("There is no Python code.")
    reports = reports_of(workspace, TOOLS)
    if isinstance(reports, Result):
        return reports
    faults = _faults(reports)
    result = _rate(faults, lines)
    return with_limits(result, reports, TOOLS)


def _rate(faults: list[Fault], lines: int) -> Result:
    if not faults:
        return passed(f"ruff and bandit find no error in {lines:,} lines.")
    rate = sum(fault.weight for fault in faults) / max(lines / 1000, _LEAST_KLOC)
    share = exp(-rate / _SCALE)
    plural = "s" if len(faults) > 1 else ""
    sentence = f"ruff and bandit find {len(faults)} defect{plural} in {lines:,} lines."
    evidence = tuple(fault.evidence() for fault in faults)
    return failed(sentence, *evidence) if share < 0.05 else partial(min(share, 0.99), sentence, *evidence)  # noqa: PLR2004  as good as none


def _faults(reports: ToolReports) -> list[Fault]:
    """Defects by place: two tools that name one line mean one defect."""
    return merge(reports.findings(TOOLS), _classify)


def _classify(tool: str, finding: ToolFinding) -> tuple[str, float] | None:
    if finding.rule in _NOTICES | _OWN_MODEL:
        return None
    # Passwords are counted once, by the check of secrets.
    if finding.rule in {"B105", "B106", "B107"}:
        return None
    weight = WEIGHTS[finding.severity]
    if tool == "bandit" and finding.subject == "confidence low":
        weight = WEIGHTS[Severity.INFO]
    rule = _SAME.get(finding.rule, finding.rule)
    return f"{finding.file}:{finding.subject if tool == 'ruff' else ''}:{finding.line}:{rule}", weight


def _lines(workspace: Workspace) -> int:
    """Lines of Python that are not blank."""
    total = 0
    for path in sorted(workspace.submission.rglob("*.py"))[:_MAX_FILES]:
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= _MAX_BYTES:
            total += sum(1 for line in path.read_bytes().splitlines() if line.strip())
    return total


@check(
    "code.lint.scripts",
    "Shell scripts stop when something fails",
    points=0.5,
    why="A script that goes on after a failure starts a service that cannot work.",
    fix="Run shellcheck on your scripts: quote variables, and say what happens when cd fails.",
)
def scripts(workspace: Workspace) -> Result:
    """exp(-sum of weights / 3) over ShellCheck's rules, each once."""
    reports = reports_of(workspace, ["shellcheck"])
    if isinstance(reports, Result):
        return reports
    report = reports.of("shellcheck")
    if report is None or report.status == "not_applicable":
        return not_applicable("There are no shell scripts.")
    faults = merge(reports.findings(["shellcheck"]), lambda _tool, f: (f.rule, WEIGHTS[f.severity]))
    result = by_weight(faults, 3.0, "ShellCheck finds nothing.", "ShellCheck finds defects")
    return with_limits(result, reports, ["shellcheck"])
