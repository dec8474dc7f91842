"""What can be said of a submission before anything of it ran: the static graders over the tools' reports."""

from dataclasses import replace

from audition.domain.grade import GradeStatus
from audition.domain.tools import StaticResult
from audition.grading.alert_rules import read_rule_files, rules_of
from audition.grading.runner import load_graders, run_graders
from audition.grading.static.stage import run_tools
from audition.grading.static.tools import Kit
from audition.grading.workspace import Need, Workspace

_STATIC_NEEDS = frozenset({Need.SUBMISSION, Need.TOOLS})


def look(workspace: Workspace, kit: Kit) -> StaticResult:
    """Run the tools, then the graders that need nothing but files and tools.

    A grader that fails is left out here; it fails again where its grade counts, and a person will look at it.
    """
    paths = [entry.path for entry in workspace.evidence.inventory.entries]
    monitoring = workspace.evidence.inventory.contract.monitoring
    reports = run_tools(workspace.submission, paths, kit, monitoring)
    reports = replace(reports, rules=rules_of(read_rule_files(workspace.submission, monitoring.rules)))
    chosen = [g for g in load_graders(workspace.manifest.graders) if g.needs and g.needs <= _STATIC_NEEDS]
    grades = run_graders(chosen, replace(workspace, tools=reports))
    return StaticResult(
        reports=reports, grades=tuple(grade for grade in grades if grade.status != GradeStatus.ERRORED)
    )
