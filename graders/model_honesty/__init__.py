"""Signs that predictions were not made by a model: evidence for reviewers, never points and never a verdict.

Each sign has an honest explanation too. Notes hold numbers to judge by; whoever reads them decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from audition.domain.grade import Dimension, Finding, Grade, GradeStatus
from audition.domain.traces import Traces
from audition.grading import Check, Need, Result, Workspace, not_applicable
from audition.grading.versions import content_version, sources_of
from graders import columns, model_quality, models, repeated
from graders.model_honesty.names import AGAIN, CONSTANT, COPIES, FINGERPRINT, NUDGED, ORDER, SINGLE, TOO_GOOD
from graders.received import SOURCES, usable
from graders.repeated import why_not

_TITLES = {
    CONSTANT: "Predictions differ between rows",
    ORDER: "Predictions do not follow ids or the order of rows",
    SINGLE: "Predictions are more than one column",
    TOO_GOOD: "The metric is within what can be reached",
    FINGERPRINT: "Fingerprint of the predictions",
    COPIES: "Equal rows get equal predictions",
    AGAIN: "The same rows get the same predictions again",
    NUDGED: "Nearly equal rows get nearly equal predictions",
}
_WHY = {
    CONSTANT: "A model that says the same of everybody has learned nothing about anybody.",
    ORDER: "Ids and the order of rows are gone in production; what was learned from them is worth nothing there.",
    SINGLE: "A column that says nearly all by itself is often one that is only known afterwards.",
    TOO_GOOD: "A result beyond what is possible is a sign that answers leaked.",
    FINGERPRINT: "Two models that were made independently never agree in the last digits.",
    COPIES: "Two people with the same facts must get the same answer, whatever their numbers in the file are.",
    AGAIN: "An answer that depends on chance, on other rows or on their order cannot be explained to anybody.",
    NUDGED: "What a model learned holds for neighbours too; what a table remembers does not.",
}
_FIX = {
    CONSTANT: "Look at whether features reach the model, and whether a default replaces its output.",
    ORDER: "Leave ids and row numbers out of the features, and shuffle rows before training.",
    SINGLE: "Ask of the strongest column whether it is known at the moment of the prediction.",
    TOO_GOOD: "Look for columns that were made from the answer, and for rows that are in both sets.",
    COPIES: "Leave ids and row numbers out of the features; predict each row by itself.",
    AGAIN: "Fix seeds, switch off dropout, and compute statistics from the training data, not from the rows at hand.",
    NUDGED: "Look for exact matches and rounding in the features, and for a model that is far too deep.",
    FINGERPRINT: "There is nothing to mend: reviewers compare it between candidates of the same challenge.",
}


#: What needs a second prediction.
_TWICE = (COPIES, AGAIN, NUDGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelHonesty:
    """Looks for signs that predictions were not made by a model."""

    name: str = "model-honesty"
    version: str = content_version(
        "1",
        __file__,
        *sources_of(model_quality, columns, models),
        *repeated.SOURCES,
        *SOURCES,
    )
    dimension: Dimension = Dimension.MODEL_QUALITY
    needs: frozenset[Need] = frozenset({Need.OUTPUTS, Need.ANSWERS})
    late_imports: tuple[str, ...] = ("graders.model_honesty.signs", "graders.model_honesty.twice")
    """What it loads only when it grades."""

    def grade(self, workspace: Workspace) -> Grade:
        """Look, if there are predictions to look at."""
        results, traces = _looked_at(workspace)
        return Grade(
            grader=self.name,
            version=self.version,
            dimension=self.dimension,
            status=GradeStatus.OK,
            findings=tuple(_finding(check, results, workspace) for check in _TITLES),
            traces=traces,
        )


def _finding(check: str, results: Mapping[str, Result], workspace: Workspace) -> Finding:
    result = results.get(check) or not_applicable("There were no predictions to look at.")
    return Check(check, _TITLES[check], 0.0, _WHY[check], _FIX[check], lambda _: result)(workspace)


def _looked_at(workspace: Workspace) -> tuple[Mapping[str, Result], Traces | None]:
    found = usable(workspace)
    if found is None:
        return {}, None
    # Loads numpy, for which those who only ask what this grader needs should not wait.
    from graders.model_honesty.signs import look  # noqa: PLC0415
    from graders.model_honesty.twice import compare_times  # noqa: PLC0415

    results, traces = look(workspace, found.answers, found.predictions.values)
    both = repeated.repeated(workspace)
    if both is None:
        return {**results, **dict.fromkeys(_TWICE, not_applicable(why_not(workspace)))}, traces
    return {**results, **compare_times(workspace.manifest, both)}, traces


grader = ModelHonesty()
