"""Signs that predictions were not made by a model: evidence for reviewers, never points and never a verdict.

Each sign has an honest explanation too. Notes hold numbers to judge by; whoever reads them decides.
"""

from audition.domain import metrics, traces
from audition.grading import Workspace, not_applicable
from audition.grading.versions import content_version
from graders import repeated
from graders.model_honesty.names import AGAIN, CONSTANT, COPIES, FINGERPRINT, NUDGED, ORDER, SINGLE, TOO_GOOD
from graders.received import usable
from graders.repeated import why_not
from graders.shown import About, Looked, Shown

_ABOUT = {
    CONSTANT: About(
        title="Predictions differ between rows",
        why="A model that says the same of everybody has learned nothing about anybody.",
        fix="Look at whether features reach the model, and whether a default replaces its output.",
    ),
    ORDER: About(
        title="Predictions do not follow ids or the order of rows",
        why="Ids and the order of rows are gone in production; what was learned from them is worth nothing there.",
        fix="Leave ids and row numbers out of the features, and shuffle rows before training.",
    ),
    SINGLE: About(
        title="Predictions are more than one column",
        why="A column that says nearly all by itself is often one that is only known afterwards.",
        fix="Ask of the strongest column whether it is known at the moment of the prediction.",
    ),
    TOO_GOOD: About(
        title="The metric is within what can be reached",
        why="A result beyond what is possible is a sign that answers leaked.",
        fix="Look for columns that were made from the answer, and for rows that are in both sets.",
    ),
    FINGERPRINT: About(
        title="Fingerprint of the predictions",
        why="Two models that were made independently never agree in the last digits.",
        fix="There is nothing to mend: reviewers compare it between candidates of the same challenge.",
    ),
    COPIES: About(
        title="Equal rows get equal predictions",
        why="Two people with the same facts must get the same answer, whatever their numbers in the file are.",
        fix="Leave ids and row numbers out of the features; predict each row by itself.",
    ),
    AGAIN: About(
        title="The same rows get the same predictions again",
        why="An answer that depends on chance, on other rows or on their order cannot be explained to anybody.",
        fix="Fix seeds, switch off dropout, and compute statistics from the training data, not from the rows at hand.",
    ),
    NUDGED: About(
        title="Nearly equal rows get nearly equal predictions",
        why="What a model learned holds for neighbours too; what a table remembers does not.",
        fix="Look for exact matches and rounding in the features, and for a model that is far too deep.",
    ),
}
#: What needs a second prediction.
_TWICE = (COPIES, AGAIN, NUDGED)


def _looked_at(workspace: Workspace) -> Looked:
    found = usable(workspace)
    if found is None:
        return Looked(results={})
    # Loads numpy, for which those who only ask what this grader needs should not wait.
    from graders.model_honesty.signs import look  # noqa: PLC0415
    from graders.model_honesty.twice import compare_times  # noqa: PLC0415

    results, left = look(workspace, found.answers, found.predictions.values)
    both = repeated.repeated(workspace)
    if both is None:
        again = dict.fromkeys(_TWICE, not_applicable(why_not(workspace)))
        return Looked(results={**results, **again}, traces=left)
    return Looked(results={**results, **compare_times(workspace.manifest, both)}, traces=left)


grader = Shown(
    name="model-honesty",
    version=content_version("1", __file__, metrics.__file__, traces.__file__),
    checks=_ABOUT,
    look=_looked_at,
    late_imports=("graders.model_honesty.signs", "graders.model_honesty.twice"),
)
