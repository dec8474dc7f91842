"""Beyond the one number: where the model is weak, whether its probabilities are right, what its decisions cost.

Shown to reviewers; it counts only where the author gives points (`[detail.points]`). Sentences for candidates hold no
name and no value of a part of the hidden rows: those stand in the notes for reviewers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from audition.domain.grade import Curve, Dimension, Finding, Grade, GradeStatus, Outcome
from audition.grading import Need, Result, Workspace, not_applicable
from audition.grading.checks import Check
from audition.grading.versions import content_version, sources_of
from graders import columns, model_quality, models
from graders.model_detail.names import CALIBRATION, COMPARE, COST, GROUPS, RESOURCES, SLICES, WORST
from graders.received import SOURCES, usable


@dataclass(frozen=True, slots=True, kw_only=True)
class _About:
    title: str
    why: str
    fix: str


_ABOUT: dict[str, _About] = {
    COMPARE: _About(
        title="Beside the challenge's own models",
        why="On the same rows a difference shows that two separate intervals would hide.",
        fix="Compare with the baseline of the brief on your own validation data, row by row.",
    ),
    SLICES: _About(
        title="Good for all kinds of rows",
        why="A mean hides who pays for it: a model may be good on most rows and useless on those that matter.",
        fix="Measure on parts of your validation data; look for features that mean other things there.",
    ),
    WORST: _About(
        title="The weakest parts that could be found",
        why="Where a model is weakest is where production will notice first.",
        fix="Search your validation data for weak parts, by one column and by two together.",
    ),
    GROUPS: _About(
        title="Groups of people are served alike",
        why="A difference between groups may be unlawful, and is somebody's wrong decision in any case.",
        fix="Compare rates and errors between groups before you ship, and say in the model card what you found.",
    ),
    CALIBRATION: _About(
        title="Probabilities mean what they say",
        why="Prices, limits and thresholds are computed from probabilities as if they were frequencies.",
        fix="Draw a reliability curve on validation data; calibrate with isotonic or Platt scaling on held-out rows.",
    ),
    RESOURCES: _About(
        title="What predicting costs",
        why="A batch of a million rows is paid for by the processor second, and has to fit into memory.",
        fix="Load the model once, predict all rows together, and read only the columns that it needs.",
    ),
    COST: _About(
        title="Decisions are worth more than always saying the same",
        why="What the business pays for are decisions; their two kinds of mistakes cost differently.",
        fix="Choose the threshold by the costs in the brief, on held-out rows.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDetail:
    """Looks at predictions from more sides than one."""

    name: str = "model-detail"
    version: str = content_version(
        "1",
        __file__,
        *sources_of(model_quality, columns, models),
        *SOURCES,
    )
    dimension: Dimension = Dimension.MODEL_QUALITY
    needs: frozenset[Need] = frozenset({Need.OUTPUTS, Need.ANSWERS})
    late_imports: tuple[str, ...] = ("graders.model_detail.look",)
    """What it loads only when it grades."""

    def grade(self, workspace: Workspace) -> Grade:
        """Look, if there are predictions to look at."""
        results, curves = _looked_at(workspace)
        points = workspace.manifest.detail.points
        return Grade(
            grader=self.name,
            version=self.version,
            dimension=self.dimension,
            status=GradeStatus.OK,
            findings=tuple(
                _finding(check, about, results, points.get(check, 0.0), workspace)
                for check, about in _ABOUT.items()
            ),
            curves=curves,
        )


def _looked_at(workspace: Workspace) -> tuple[Mapping[str, Result], tuple[Curve, ...]]:
    found = usable(workspace)
    if found is None:
        return {}, ()
    # Loads numpy, for which those who only ask what this grader needs should not wait.
    from graders.model_detail.look import look  # noqa: PLC0415

    return look(workspace, found.answers, found.predictions.values)


def _finding(
    check: str, about: _About, results: Mapping[str, Result], points: float, workspace: Workspace
) -> Finding:
    result = results.get(check) or not_applicable("There were no predictions to look at.")
    is_counted = result.outcome in {Outcome.PASSED, Outcome.PARTIAL, Outcome.FAILED}
    if is_counted and not points:
        result = Result(outcome=Outcome.INFORMATIVE, share=0.0, sentence=result.sentence, note=result.note)
    return Check(check, about.title, points, about.why, about.fix, lambda _: result)(workspace)


grader = ModelDetail()
