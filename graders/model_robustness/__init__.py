"""Does the model hold when rows are as production brings them: cells empty, categories new, numbers in another unit?

The program predicts a second time, with such rows among the others (`audition.domain.extra_rows`). What it says of them
is compared with what it says, in the same run, of the rows that they were made of. Shown to reviewers; it counts only
where the author gives points (`[detail.points]`). Sentences for candidates name no column.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from audition.domain.extra_rows import RowKind
from audition.domain.grade import Dimension, Finding, Grade, GradeStatus, Outcome
from audition.domain.run import Stage, Verdict
from audition.grading import Need, Result, Workspace, failed, not_applicable, passed
from audition.grading.checks import Check
from audition.grading.versions import content_version, sources_of
from graders import model_detail, model_quality, repeated
from graders.model_robustness.names import BY_KIND, RUNS
from graders.received import SOURCES
from graders.repeated import Repeated, why_not

_TITLES = {
    RUNS: "Answers for every row that production brings",
    BY_KIND[RowKind.MISSING]: "Holds when cells are empty",
    BY_KIND[RowKind.UNSEEN]: "Holds when a category is new",
    BY_KIND[RowKind.UNIT]: "Holds when a number is in another unit",
}
_WHY = {
    RUNS: "One row that nobody expected must not cost all the others their answer.",
    BY_KIND[
        RowKind.MISSING
    ]: "Upstream systems fail in part: a field that was always there is empty for a day.",
    BY_KIND[RowKind.UNSEEN]: "The business invents categories faster than models are trained.",
    BY_KIND[RowKind.UNIT]: "Somebody upstream changes cents to euros, and nobody tells the model.",
}
_FIX = {
    RUNS: "Predict a table with empty cells, new categories and odd numbers at home, before you ship.",
    BY_KIND[
        RowKind.MISSING
    ]: "Impute inside the model's own pipeline, and train with cells that were emptied at random.",
    BY_KIND[
        RowKind.UNSEEN
    ]: "Encode unknown categories as such instead of failing or guessing the first one.",
    BY_KIND[
        RowKind.UNIT
    ]: "Clip numbers to the range of the training data, or use features that do not depend on units.",
}
_NO_ANSWER = "The program failed on the table with such rows, so none of them got an answer."


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRobustness:
    """Compares predictions of rows that went wrong with those of the rows that they were made of."""

    name: str = "model-robustness"
    version: str = content_version(
        "1",
        __file__,
        *sources_of(model_quality, model_detail),
        *repeated.SOURCES,
        *SOURCES,
    )
    dimension: Dimension = Dimension.MODEL_QUALITY
    needs: frozenset[Need] = frozenset({Need.OUTPUTS, Need.ANSWERS})
    late_imports: tuple[str, ...] = ("graders.model_robustness.look",)
    """What it loads only when it grades."""

    def grade(self, workspace: Workspace) -> Grade:
        """Look, if there was a second prediction."""
        both = repeated.repeated(workspace)
        results = {RUNS: _runs(workspace, both), **_looked_at(workspace, both)}
        points = workspace.manifest.detail.points
        return Grade(
            grader=self.name,
            version=self.version,
            dimension=self.dimension,
            status=GradeStatus.OK,
            findings=tuple(_finding(check, results, points.get(check, 0.0), workspace) for check in _TITLES),
        )


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


def _looked_at(workspace: Workspace, both: Repeated | None) -> Mapping[str, Result]:
    if both is None:
        is_broken = workspace.evidence.verdict_of(Stage.REPEAT) != Verdict.ACCEPTED
        return dict.fromkeys(_tried(workspace), failed(_NO_ANSWER)) if is_broken else {}
    # Loads numpy, for which those who only ask what this grader needs should not wait.
    from graders.model_robustness.look import look  # noqa: PLC0415

    return look(workspace.manifest, both)


def _tried(workspace: Workspace) -> Iterator[str]:
    """Checks of the kinds of rows that the challenge has."""
    spec = workspace.manifest.extra_rows
    yield from (BY_KIND[corruption.kind] for corruption in (spec.corruptions if spec else ()))


def _finding(check: str, results: Mapping[str, Result], points: float, workspace: Workspace) -> Finding:
    result = results.get(check) or not_applicable(
        why_not(workspace) or "There were no predictions to look at."
    )
    is_counted = result.outcome in {Outcome.PASSED, Outcome.PARTIAL, Outcome.FAILED}
    if is_counted and not points:
        result = Result(outcome=Outcome.INFORMATIVE, share=0.0, sentence=result.sentence, note=result.note)
    return Check(check, _TITLES[check], points, _WHY[check], _FIX[check], lambda _: result)(workspace)


grader = ModelRobustness()
