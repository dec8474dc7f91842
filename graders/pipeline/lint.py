"""What security tools say of a pipeline, merged by defect (catalogue G2)."""

from audition.domain.tools import ToolFinding
from audition.grading import Result, Workspace, check, not_applicable
from graders.pipeline.flow import NO_PIPELINE
from graders.pipeline.jobs import pipelines
from graders.tool_findings import WEIGHTS, by_weight, merge, reports_of, with_limits

TOOLS = ("zizmor", "checkov")
#: Different names for one defect.
_SAME = {
    "CKV_GHA_2": "template-injection",
    "CKV2_GHA_1": "excessive-permissions",
    "CKV_GHA_1": "insecure-commands",
    "CKV_GHA_3": "template-injection",
}
#: Tags of official actions are what every guide shows. Source: the design's grader catalogue, G2.
_LIGHT = {"unpinned-uses": 0.3, "artipacked": 0.2, "anonymous-definition": 0.0, "concurrency-limits": 0.0}
_PREFIXES = ("CKV_GHA", "CKV2_GHA", "CKV_GITLABCI", "CKV2_GITLABCI")


@check(
    "pipeline.safe",
    "The pipeline gives strangers no way in",
    points=2,
    why="A pipeline holds the keys to production; a title of a pull request must not run as a command there.",
    fix="Pass event data through the environment, give each job the least permissions, pin actions by commit.",
)
def safe(workspace: Workspace) -> Result:
    """exp(-sum of weights / 4) over the defects that zizmor and checkov name."""
    found = pipelines(workspace)
    if not found:
        return not_applicable(NO_PIPELINE)
    reports = reports_of(workspace, TOOLS)
    if isinstance(reports, Result):
        return reports
    files = {pipeline.file for pipeline in found}
    ours = [(tool, f) for tool, f in reports.findings(TOOLS) if tool == "zizmor" or _is_ours(f, files)]
    faults = [fault for fault in merge(ours, _classify) if fault.weight > 0]
    result = by_weight(faults, 4.0, "zizmor and checkov find no way in.", "The pipeline can be misused")
    return with_limits(result, reports, TOOLS)


def _is_ours(finding: ToolFinding, files: set[str]) -> bool:
    return finding.rule.startswith(_PREFIXES) and finding.file in files


def _classify(_tool: str, finding: ToolFinding) -> tuple[str, float] | None:
    name = _SAME.get(finding.rule, finding.rule)
    return name, _LIGHT.get(name, WEIGHTS[finding.severity])
