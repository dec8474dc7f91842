"""The static stage itself: copy, run every tool, bring it together."""

import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from audition.domain.monitoring import Monitoring
from audition.domain.tools import (
    BOUNDS,
    Severity,
    Suppression,
    ToolFinding,
    ToolReport,
    ToolReports,
    ToolStatus,
)
from audition.grading.static.gather import FOLDERS, Gathered, Kind, gather
from audition.grading.static.parse import clean, finding
from audition.grading.static.process import Ended, run
from audition.grading.static.tools import TOOLS, Kit, Tool
from audition.grading.yaml_files import VERSION

_AT_ONCE = 3
_MAX_FINDINGS = 300
_ORDER = list(Severity)


def run_tools(
    submission: Path, paths: Iterable[str], kit: Kit, monitoring: Monitoring | None = None
) -> ToolReports:
    """Have every tool look at a submission.

    Args:
        submission: The unpacked files.
        paths: Their paths, as the inventory has them.
        kit: The tools.
        monitoring: What the contract says of rule files and their tests; None when nothing is known.
    """
    said = monitoring or Monitoring()
    named = {Kind.RULES: said.rules, Kind.RULE_TESTS: said.rule_tests}
    with tempfile.TemporaryDirectory(prefix="static-") as scratch:
        gathered = gather(submission, paths, Path(scratch, "files"), named)
        home = Path(scratch, "home")
        home.mkdir()
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            reports = list(pool.map(lambda tool: _report(tool, kit, gathered, home), TOOLS))
    reports += _bounds(gathered)
    return ToolReports(
        reports=tuple(_marked(report, gathered.suppressions) for report in reports),
        suppressions=tuple(gathered.suppressions),
        left_out=tuple(gathered.left_out),
    )


def _bounds(gathered: Gathered) -> list[ToolReport]:
    """What was kept from every tool, as a report; none when nothing was."""
    found = [
        finding("bounds", Severity.ERROR, f"no tool is given this file: {trouble}", path)
        for path, trouble in gathered.unbounded.items()
    ]
    return (
        [ToolReport(tool=BOUNDS, version=VERSION, status=ToolStatus.OK, findings=tuple(found))]
        if found
        else []
    )


def _report(tool: Tool, kit: Kit, gathered: Gathered, home: Path) -> ToolReport:
    files = [path for kind in tool.kinds for path in gathered.files.get(kind, [])]
    version = kit.versions.get(tool.name, "")
    if not files:
        return ToolReport(tool=tool.name, version=version, status=ToolStatus.NOT_APPLICABLE)
    environment = {
        "PATH": f"{kit.home}/bin:/usr/bin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "NO_COLOR": "1",
        "DOCKER_HOST": "unix:///nowhere",
        "XDG_CONFIG_HOME": kit.own("config"),
        **tool.environment,
    }
    argv = tool.argv(kit, [f"./{path}" for path in files])
    cwd = gathered.root / FOLDERS[tool.kinds[0]]
    try:
        ended = start(tool, argv, cwd, environment)
    except OSError as error:
        detail = f"cannot be started: {error.strerror}"
        return ToolReport(tool=tool.name, version=version, status=ToolStatus.CRASHED, detail=detail)
    return _in_submission(_judge(tool, version, ended), cwd)


def start(tool: Tool, argv: list[str], cwd: Path, environment: Mapping[str, str]) -> Ended:
    """Run one tool to its end."""
    return run(argv, cwd=cwd, environment=environment, caps=tool.caps)


def _in_submission(report: ToolReport, cwd: Path) -> ToolReport:
    """Paths as the candidate knows them, where a tool printed the whole one of our copy."""
    ours = f"{cwd}/".lstrip("/")
    found = (replace(f, file=f.file.removeprefix(ours)) for f in report.findings)
    return replace(report, findings=tuple(found))


def _judge(tool: Tool, version: str, ended: Ended) -> ToolReport:
    """What a tool's end means."""
    report = ToolReport(tool=tool.name, version=version, status=ToolStatus.OK, seconds=ended.seconds)
    if ended.is_late:
        detail = f"took longer than {tool.caps.seconds:.0f} s"
        return replace(report, status=ToolStatus.TIMED_OUT, detail=detail)
    if ended.stopped_for or ended.code not in tool.codes:
        why = f"reached its cap on {ended.stopped_for}" if ended.stopped_for else f"ended with {ended.code}"
        detail = clean(f"{why}: {ended.said[-600:]}", 800)
        return replace(report, status=ToolStatus.CRASHED, detail=detail)
    try:
        parsed = tool.parse(ended)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        detail = clean(
            f"its report cannot be read ({type(error).__name__}: {error}): {ended.said[-400:]}", 800
        )
        return replace(report, status=ToolStatus.CRASHED, detail=detail)
    worst = sorted(parsed.findings, key=lambda f: (_ORDER.index(f.severity), f.file, f.line or 0, f.rule))
    return replace(
        report,
        findings=tuple(worst[:_MAX_FINDINGS]),
        passed=parsed.passed,
        is_truncated=len(worst) > _MAX_FINDINGS,
    )


def _marked(report: ToolReport, suppressions: list[Suppression]) -> ToolReport:
    """Mark the findings that the repository asks its tool not to make."""
    places = {(s.file, s.line) for s in suppressions if s.tool == report.tool and s.line}
    whole = {s.file for s in suppressions if s.tool == report.tool and " global " in s.excerpt}
    if not places and not whole:
        return report

    def is_asked(finding: ToolFinding) -> bool:
        lines = (finding.line, (finding.line or 0) - 1)
        return finding.file in whole or any((finding.file, line) in places for line in lines)

    marked = (replace(f, is_suppressed=True) if is_asked(f) else f for f in report.findings)
    return replace(report, findings=tuple(marked))
