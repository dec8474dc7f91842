"""What reviewers may want to look at: signs of code that knows where it runs, and traces to compare (L1 to L3).

Nothing in here is worth points, and nothing in here accuses: each finding is a place and a fact.
"""

from dataclasses import dataclass, replace

from audition.domain.grade import Dimension, Grade
from audition.grading import CheckList, Need, Workspace
from audition.grading.versions import content_version
from graders.integrity import canaries, signs
from graders.integrity.traces import traces_of

_SIGNS = CheckList(
    name="integrity",
    version=content_version("1", __file__),
    dimension=Dimension.DEPLOYMENT,
    # With the kit it is no static grader: a first look without it would compare what everybody was given.
    needs=frozenset({Need.SUBMISSION, Need.KIT}),
    checks=(signs.environment, signs.caller, signs.answers, canaries.anothers),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Integrity:
    """The checks on signs, and the traces that services compare with those of other submissions."""

    name: str = _SIGNS.name
    version: str = _SIGNS.version
    dimension: Dimension = _SIGNS.dimension
    needs: frozenset[Need] = _SIGNS.needs

    def grade(self, workspace: Workspace) -> Grade:
        """Run every check and take the traces."""
        traces = traces_of(workspace.submission, workspace.kit, workspace.inputs)
        return replace(_SIGNS.grade(workspace), traces=traces)


grader = Integrity()
