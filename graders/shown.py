"""Graders of predictions that show: what they see counts only where the author gives points (`[detail.points]`)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from audition.domain.grade import COUNTED_OUTCOMES, Curve, Dimension, Finding, Grade, GradeStatus, Outcome
from audition.domain.traces import Traces
from audition.grading import Need, Result, Workspace, not_applicable
from audition.grading.checks import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is said of a check before it is made."""

    title: str
    why: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What was seen; a check without a result is told not to apply."""

    results: Mapping[str, Result]
    curves: tuple[Curve, ...] = ()
    traces: Traces | None = None
    otherwise: str = "There were no predictions to look at."
    """Why a check does not apply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A grader that looks at predictions beside the answers."""

    name: str
    version: str
    checks: Mapping[str, About]
    """By id, in the order in which they are told."""
    look: Callable[[Workspace], Looked]
    late_imports: tuple[str, ...]
    """What it loads only when it grades."""
    dimension: Dimension = Dimension.MODEL_QUALITY
    needs: frozenset[Need] = frozenset({Need.OUTPUTS, Need.ANSWERS})

    def grade(self, workspace: Workspace) -> Grade:
        """Look, and tell each check."""
        seen, points = self.look(workspace), workspace.manifest.detail.points
        return Grade(
            grader=self.name,
            version=self.version,
            dimension=self.dimension,
            status=GradeStatus.OK,
            findings=tuple(
                _finding(check, about, seen, points.get(check, 0.0), workspace)
                for check, about in self.checks.items()
            ),
            curves=seen.curves,
            traces=seen.traces,
        )


def _finding(check: str, about: About, seen: Looked, points: float, workspace: Workspace) -> Finding:
    result = seen.results.get(check) or not_applicable(seen.otherwise)
    if result.outcome in COUNTED_OUTCOMES and not points:
        result = Result(outcome=Outcome.INFORMATIVE, share=0.0, sentence=result.sentence, note=result.note)
    return Check(check, about.title, points, about.why, about.fix, lambda _: result)(workspace)
