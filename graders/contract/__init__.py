"""What the contract file leaves open, and what we assumed instead: for the candidate to declare next time."""

from audition.domain.contract import DISCOVERED_CREDIT
from audition.domain.grade import Dimension, Evidence
from audition.grading import CheckList, Need, Result, Workspace, check, informative, not_applicable
from audition.grading.versions import content_version


@check(
    "contract.assumed",
    "What we assumed about the submission",
    points=0,
    why="A value that was guessed may be the wrong one, and what depends on it earns less.",
    fix="Declare the values in audition.toml; `audition check` lists them before you upload.",
)
def assumed(workspace: Workspace) -> Result:
    """Every discovered value with its place."""
    discovered = workspace.evidence.inventory.discovered
    if not discovered:
        return not_applicable("Nothing had to be guessed.")
    evidence = [
        Evidence(summary=f"{d.key} = {d.value[:200]}, by {d.source}", file=d.file, line=d.line)
        for d in discovered
    ]
    sentence = (
        f"audition.toml leaves {len(discovered)} value(s) open that were found elsewhere."
        f" Checks that depend on one of them give {DISCOVERED_CREDIT:.0%} of their points."
    )
    return informative(sentence, *evidence)


grader = CheckList(
    name="contract",
    version=content_version("1", __file__),
    dimension=Dimension.CONSISTENCY,
    needs=frozenset({Need.SUBMISSION}),
    is_static=True,
    checks=(assumed,),
)
