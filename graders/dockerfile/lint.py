"""What linters say of the Dockerfile beyond our own checks: merged by defect, so that one fault counts once."""

from audition.domain.tools import ToolFinding
from audition.grading import Result, Workspace, check, not_applicable
from graders.dockerfile.build import readable
from graders.tool_findings import WEIGHTS, by_weight, merge, reports_of, with_limits

TOOLS = ("hadolint", "checkov")
#: Defects that another check of this grader gives points for: they would count twice here.
ELSEWHERE = {
    "DL3006": "dockerfile.base.pinned",
    "DL3007": "dockerfile.base.pinned",
    "CKV_DOCKER_7": "dockerfile.base.pinned",
    "DL3002": "dockerfile.user.non-root",
    "DL3066": "dockerfile.user.non-root",
    "CKV_DOCKER_3": "dockerfile.user.non-root",
    "CKV_DOCKER_8": "dockerfile.user.non-root",
    "DL3055": "dockerfile.health.declared",
    "DL3057": "dockerfile.health.declared",
    "CKV_DOCKER_2": "dockerfile.health.declared",
    "DL3020": "dockerfile.copy-not-add",
    "CKV_DOCKER_4": "dockerfile.copy-not-add",
    "DL3064": "dockerfile.secrets.none",
    "DL3025": "dockerfile.command.exec-form",
    "DL4003": "dockerfile.command.single",
    "DL4004": "dockerfile.command.single",
    "DL3013": "dockerfile.dependencies.pinned",
    "DL1000": "dockerfile.present",
}
#: Different names for one defect.
_SAME = {
    "CKV_DOCKER_5": "DL3009",
    "CKV_DOCKER_9": "DL3027",
    "CKV_DOCKER_10": "DL3000",
    "CKV_DOCKER_6": "DL4000",
    "CKV2_DOCKER_1": "DL3004",
    "DL3010": "DL3010",
}
#: Rules that age badly or misfire. Source: the design's grader catalogue, A2.
_LIGHT = {"DL3008": 0.05, "DL3018": 0.05, "DL3016": 0.05, "DL3059": 0.05, "CKV_DOCKER_11": 0.05}


@check(
    "dockerfile.lint.clean",
    "Linters find nothing else",
    points=3,
    why="Each rule stands for images that failed in production for this reason.",
    fix="Run hadolint on the Dockerfile and mend what it names; suppressing a rule changes nothing here.",
)
def lint_clean(workspace: Workspace) -> Result:
    """exp(-sum of weights / 3) over defects that no other check counts (catalogue A2)."""
    recipe = readable(workspace)
    if recipe is None:
        return not_applicable("There is no readable Dockerfile.")
    reports = reports_of(workspace, TOOLS)
    if isinstance(reports, Result):
        return reports
    found = [(tool, f) for tool, f in reports.findings(TOOLS) if f.file == recipe.file and _is_ours(f.rule)]
    faults = merge(found, _classify)
    clean = f"hadolint and checkov find nothing in {recipe.file} that is not counted elsewhere."
    result = by_weight(faults, 3.0, clean, f"Linters find defects in {recipe.file}")
    return with_limits(result, reports, TOOLS)


def _is_ours(rule: str) -> bool:
    return rule.startswith(("DL", "SC", "CKV_DOCKER", "CKV2_DOCKER"))


def _classify(_tool: str, finding: ToolFinding) -> tuple[str, float] | None:
    if finding.rule in ELSEWHERE:
        return None
    weight = _LIGHT.get(finding.rule, WEIGHTS[finding.severity])
    return _SAME.get(finding.rule, finding.rule), weight
