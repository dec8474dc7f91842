"""Where the repository asks linters to look away: evidence for people, worth no points either way."""

from collections import Counter
from dataclasses import replace

from audition.domain.grade import Evidence
from audition.grading import Result, Workspace, check, informative, not_assessed, passed
from graders.tool_findings import NO_STAGE


@check(
    "code.suppressions.counted",
    "Places where linters are asked to look away",
    points=0,
    why="A suppression with a reason is good practice; without one it hides something.",
    fix="Write the reason behind each suppression; our linters ignore them either way.",
)
def looked_away(workspace: Workspace) -> Result:
    """How many there are, and where (catalogue L3)."""
    if workspace.tools is None:
        return not_assessed(NO_STAGE)
    found = workspace.tools.suppressions
    if not found:
        return passed("Nothing asks a linter to look away.")
    counts = Counter(suppression.tool for suppression in found)
    words = ", ".join(f"{tool} {count}" for tool, count in sorted(counts.items()))
    evidence = (
        Evidence(summary=f"for {s.tool}", file=s.file, line=s.line, excerpt=s.excerpt[:160]) for s in found
    )
    result = informative(
        f"{len(found)} places ask a linter to look away; none of them had an effect.", *evidence
    )
    left_out = " ".join(workspace.tools.left_out[:5])
    return replace(result, note=f"By tool: {words}. {left_out}".strip())
