"""Beyond the one number: where the model is weak, whether its probabilities are right, what its decisions cost.

Shown to reviewers; it counts only where the author gives points (`[detail.points]`). Sentences for candidates hold no
name and no value of a part of the hidden rows: those stand in the notes for reviewers.
"""

from audition.domain import metrics
from audition.grading import Workspace
from audition.grading.versions import content_version
from graders.model_detail.names import CALIBRATION, COMPARE, COST, GROUPS, RESOURCES, SLICES, WORST
from graders.received import usable
from graders.shown import About, Looked, Shown

_ABOUT: dict[str, About] = {
    COMPARE: About(
        title="Beside the challenge's own models",
        why="On the same rows a difference shows that two separate intervals would hide.",
        fix="Compare with the baseline of the brief on your own validation data, row by row.",
    ),
    SLICES: About(
        title="Good for all kinds of rows",
        why="A mean hides who pays for it: a model may be good on most rows and useless on those that matter.",
        fix="Measure on parts of your validation data; look for features that mean other things there.",
    ),
    WORST: About(
        title="The weakest parts that could be found",
        why="Where a model is weakest is where production will notice first.",
        fix="Search your validation data for weak parts, by one column and by two together.",
    ),
    GROUPS: About(
        title="Groups of people are served alike",
        why="A difference between groups may be unlawful, and is somebody's wrong decision in any case.",
        fix="Compare rates and errors between groups before you ship, and say in the model card what you found.",
    ),
    CALIBRATION: About(
        title="Probabilities mean what they say",
        why="Prices, limits and thresholds are computed from probabilities as if they were frequencies.",
        fix="Draw a reliability curve on validation data; calibrate with isotonic or Platt scaling on held-out rows.",
    ),
    RESOURCES: About(
        title="What predicting costs",
        why="A batch of a million rows is paid for by the processor second, and has to fit into memory.",
        fix="Load the model once, predict all rows together, and read only the columns that it needs.",
    ),
    COST: About(
        title="Decisions are worth more than always saying the same",
        why="What the business pays for are decisions; their two kinds of mistakes cost differently.",
        fix="Choose the threshold by the costs in the brief, on held-out rows.",
    ),
}


def _looked_at(workspace: Workspace) -> Looked:
    found = usable(workspace)
    if found is None:
        return Looked(results={})
    # Loads numpy, for which those who only ask what this grader needs should not wait.
    from graders.model_detail.look import look  # noqa: PLC0415

    results, curves = look(workspace, found.answers, found.predictions.values)
    return Looked(results=results, curves=curves)


grader = Shown(
    name="model-detail",
    version=content_version("1", __file__, metrics.__file__),
    checks=_ABOUT,
    look=_looked_at,
    late_imports=("graders.model_detail.look",),
)
