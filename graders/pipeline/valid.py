"""Checks on whether a pipeline can run at all: two of our readings must agree before it costs anything (G1)."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from audition.domain.grade import Evidence
from audition.domain.tools import BOUNDS, Severity, ToolReports
from audition.grading import Result, Workspace, check, failed, not_applicable, partial, passed
from graders.pipeline.flow import NO_PIPELINE
from graders.pipeline.jobs import Pipeline, pipelines
from graders.tool_findings import reports_of, with_limits

TOOLS = ("actionlint", "act", "schema-workflow", "schema-gitlab")
_CLASSES = 3.0
_AGREED = 2
#: Actionlint's kinds, by what is wrong. Labels of runners and retired actions change after it was made: no error.
#: Source: its documentation of checks.
_KINDS = {
    "events": "trigger",
    "job-needs": "needs",
    "expression": "expression",
    "syntax-check": "syntax",
    "matrix": "syntax",
    "id": "syntax",
    "workflow-call": "syntax",
    "permissions": "syntax",
    "yaml": "syntax",
}
_UNTRUSTED = "potentially untrusted"
"""Actionlint says this of script injection, which is about safety, not about form."""
#: Ranges of the five fields. Source: crontab(5).
_FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
#: Digits of a number that can be in any range.
_MOST_DIGITS = 3
_PART = re.compile(r"^(?:\*|\d+(?:-\d+)?|[a-z]{3}(?:-[a-z]{3})?)(?:/\d+)?$", re.IGNORECASE)


@check(
    "pipeline.present",
    "Has a pipeline",
    points=2,
    why="Steps that only a person knows are not repeated.",
    fix="Add .github/workflows/*.yml or .gitlab-ci.yml.",
)
def present(workspace: Workspace) -> Result:
    """There is a file of GitHub Actions or GitLab CI with a job in it."""
    found = pipelines(workspace)
    if not found:
        return failed("There is no pipeline of GitHub Actions or GitLab CI.")
    with_jobs = [pipeline for pipeline in found if pipeline.jobs]
    if not with_jobs:
        first = found[0]
        evidence = Evidence(summary=first.error or "no jobs", file=first.file, line=first.error_line)
        return failed(f"{first.file} has no job that can be read.", evidence)
    jobs = sum(len(pipeline.jobs) for pipeline in with_jobs)
    return passed(f"{_names(with_jobs)}: {jobs} job{'s' if jobs > 1 else ''}.")


def _names(found: list[Pipeline]) -> str:
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"{found[0].file}{more}"


@check(
    "pipeline.valid",
    "The pipeline is valid",
    points=2,
    why="A pipeline that its host refuses runs never, and says so to nobody.",
    fix="Run actionlint, or GitLab's CI lint, and mend what it names.",
)
def sound(workspace: Workspace) -> Result:
    """1 - classes of error / 3; a class counts when two readings agree on it (catalogue G1)."""
    found = pipelines(workspace)
    if not found:
        return not_applicable(NO_PIPELINE)
    reports = reports_of(workspace, TOOLS)
    if isinstance(reports, Result):
        return reports
    seen = _seen(found, reports)
    agreed = {name: places for name, places in seen.items() if len({who for who, _ in places}) >= _AGREED}
    alone = sorted(set(seen) - set(agreed))
    note = f"One tool alone: {', '.join(alone)}." if alone else ""
    result = _judge(agreed)
    return with_limits(_noted(result, note), reports, TOOLS)


def _noted(result: Result, note: str) -> Result:
    return replace(result, note=note)


def _judge(agreed: dict[str, list[tuple[str, Evidence]]]) -> Result:
    if not agreed:
        return passed("The pipeline's form is valid, and its jobs fit together.")
    evidence = tuple(places[0][1] for _, places in sorted(agreed.items()))
    plural = "s" if len(agreed) > 1 else ""
    sentence = f"The pipeline has {len(agreed)} kind{plural} of error: {', '.join(sorted(agreed))}."
    share = 1 - len(agreed) / _CLASSES
    return partial(share, sentence, *evidence) if share > 0 else failed(sentence, *evidence)


def _seen(found: tuple[Pipeline, ...], reports: ToolReports) -> dict[str, list[tuple[str, Evidence]]]:
    """Classes of error, with who saw each."""
    seen: dict[str, list[tuple[str, Evidence]]] = defaultdict(list)
    for name, who, evidence in [*_of_tools(reports), *_own(found)]:
        seen[name].append((who, evidence))
    # A file that cannot be parsed is one error, by whatever name each tool calls it.
    if "expression" in seen and "syntax" in seen:
        seen["syntax"] += seen.pop("expression")
    return dict(seen)


def _of_tools(reports: ToolReports) -> Iterator[tuple[str, str, Evidence]]:
    for tool, finding in reports.findings((*TOOLS, BOUNDS)):
        evidence = Evidence(summary=f"{finding.message} ({tool})", file=finding.file, line=finding.line)
        if tool == "actionlint":
            if finding.rule in _KINDS and _UNTRUSTED not in finding.message:
                yield _KINDS[finding.rule], tool, evidence
        elif finding.severity == Severity.ERROR:
            yield "syntax", tool, evidence


def _own(found: tuple[Pipeline, ...]) -> Iterator[tuple[str, str, Evidence]]:
    for pipeline in found:
        ours = f"our reading of {pipeline.host}"
        if pipeline.error:
            summary = f"cannot be read: {pipeline.error}"
            yield "syntax", ours, Evidence(summary=summary, file=pipeline.file, line=pipeline.error_line)
        for job, need in pipeline.unknown_needs:
            line = pipeline.jobs[job].line if job in pipeline.jobs else None
            evidence = Evidence(
                summary=f"{job[:40]} needs {need[:40]}, which is not there", file=pipeline.file, line=line
            )
            yield "needs", ours, evidence
            if pipeline.host == "gitlab":  # No linter of ours knows GitLab's graph; names are plain enough.
                yield "needs", "GitLab's own rule", evidence
        if pipeline.has_cycle():
            yield "needs", ours, Evidence(summary="jobs wait for each other", file=pipeline.file)
        for cron in pipeline.crons:
            if not is_cron(cron):
                yield "trigger", ours, Evidence(summary=f"{cron[:40]!r} is no schedule", file=pipeline.file)


def is_cron(text: str) -> bool:
    """Whether five fields are in their ranges."""
    fields = text.split()
    return len(fields) == len(_FIELDS) and all(
        _is_field(field, low, high) for field, (low, high) in zip(fields, _FIELDS, strict=True)
    )


def _is_field(field: str, low: int, high: int) -> bool:
    for part in field.split(","):
        if not _PART.match(part):
            return False
        numbers = re.findall(r"\d+", part.partition("/")[0])
        if any(len(number) > _MOST_DIGITS or not low <= int(number) <= high for number in numbers):
            return False
    return True
