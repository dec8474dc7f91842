"""Does the model hold when rows are as production brings them: cells empty, categories new, numbers in another unit?

The program predicts a second time, with such rows among the others (`audition.domain.extra_rows`). What it says of them
is compared with what it says, in the same run, of the rows that they were made of. Shown to reviewers; it counts only
where the author gives points (`[detail.points]`). Sentences for candidates name no column.
"""

from collections.abc import Iterator, Mapping

from audition.domain import metrics
from audition.domain.extra_rows import RowKind
from audition.domain.grade import Curve, Outcome
from audition.domain.run import Stage, Verdict
from audition.grading import Result, Workspace, failed, not_applicable, passed
from audition.grading.versions import content_version
from graders import repeated
from graders.model_robustness.names import BY_KIND, RUNS
from graders.repeated import Repeated, why_not
from graders.shown import About, Looked, Shown

_ABOUT = {
    RUNS: About(
        title="Answers for every row that production brings",
        why="One row that nobody expected must not cost all the others their answer.",
        fix="Predict a table with empty cells, new categories and odd numbers at home, before you ship.",
    ),
    BY_KIND[RowKind.MISSING]: About(
        title="Holds when cells are empty",
        why="Upstream systems fail in part: a field that was always there is empty for a day.",
        fix="Impute inside the model's own pipeline, and train with cells that were emptied at random.",
    ),
    BY_KIND[RowKind.UNSEEN]: About(
        title="Holds when a category is new",
        why="The business invents categories faster than models are trained.",
        fix="Encode unknown categories as such instead of failing or guessing the first one.",
    ),
    BY_KIND[RowKind.UNIT]: About(
        title="Holds when a number is in another unit",
        why="Somebody upstream changes cents to euros, and nobody tells the model.",
        fix="Clip numbers to the range of the training data, or use features that do not depend on units.",
    ),
}
_NO_ANSWER = "The program failed on the table with such rows, so none of them got an answer."


def _runs(workspace: Workspace, both: Repeated | None) -> Result:
    """Whether it ends well and answers for every row."""
    tried = next((s for s in workspace.evidence.stages if s.stage == Stage.REPEAT), None)
    if tried is not None and tried.verdict != Verdict.ACCEPTED:
        return failed(f"It fails on a table that has such rows. {tried.message}".strip())
    if both is None:
        return not_applicable(why_not(workspace) or "There were no predictions to look at.")
    share = both.predicted / both.asked
    if both.predicted == both.asked:
        return passed("Every row got an answer, whatever was wrong with it.")
    sentence = f"{both.asked - both.predicted:,} of {both.asked:,} rows got no usable answer the second time."
    outcome = Outcome.PARTIAL if share > 0 else Outcome.FAILED
    return Result(outcome=outcome, share=share, sentence=sentence)


def _looked_at(workspace: Workspace) -> Looked:
    both = repeated.repeated(workspace)
    results, curves = _held(workspace, both)
    otherwise = why_not(workspace) or "There were no predictions to look at."
    return Looked(results={RUNS: _runs(workspace, both), **results}, curves=curves, otherwise=otherwise)


def _held(workspace: Workspace, both: Repeated | None) -> tuple[Mapping[str, Result], tuple[Curve, ...]]:
    if both is None:
        is_broken = workspace.evidence.verdict_of(Stage.REPEAT) != Verdict.ACCEPTED
        return dict.fromkeys(_tried(workspace), failed(_NO_ANSWER)) if is_broken else {}, ()
    # Loads numpy, for which those who only ask what this grader needs should not wait.
    from graders.model_robustness.look import look  # noqa: PLC0415

    return look(workspace.manifest, both)


def _tried(workspace: Workspace) -> Iterator[str]:
    """Checks of the kinds of rows that the challenge has."""
    spec = workspace.manifest.extra_rows
    yield from (BY_KIND[corruption.kind] for corruption in (spec.corruptions if spec else ()))


grader = Shown(
    name="model-robustness",
    version=content_version("1", __file__, metrics.__file__),
    checks=_ABOUT,
    look=_looked_at,
    late_imports=("graders.model_robustness.look",),
)
