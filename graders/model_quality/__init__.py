"""How good is the model on data that it has never seen? The challenge's metric, with its uncertainty."""

from dataclasses import dataclass

from audition.domain import metrics
from audition.domain.grade import Dimension, Finding, Grade, GradeStatus, Metric, Outcome
from audition.domain.run import Stage, Verdict
from audition.grading import Need, Workspace
from audition.grading.versions import content_version
from graders.model_quality.anchors import place
from graders.received import Received, received

_POINTS = 10.0
_CHECK = "model.metric.primary"
_TITLE = "Quality on hidden data"
_WHY = "It is what the model is for; the interval says how far chance could have moved the number."
_FIX = (
    "Compare with a cross-validation on the training data: if that is much better, look for leakage and"
    " overfitting; if it is as low, look at features and at the model family."
)
#: Above this a score is called good: the band in which Lighthouse calls a result "good".
_GOOD = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelQuality:
    """Grades the predictions against the hidden answers."""

    name: str = "model-quality"
    version: str = content_version("1", __file__, metrics.__file__)
    dimension: Dimension = Dimension.MODEL_QUALITY
    needs: frozenset[Need] = frozenset({Need.OUTPUTS, Need.ANSWERS})
    late_imports: tuple[str, ...] = ("graders.model_quality.measure",)
    """What it loads only when it grades; imported ahead by a container that waits to."""

    def grade(self, workspace: Workspace) -> Grade:
        """Measure, map to a score, and draw the curve."""
        found = received(workspace)
        if found is None:
            is_consequence = workspace.evidence.verdict_of(Stage.PREDICT) != Verdict.ACCEPTED
            cause = "Predict did not end well, so there" if is_consequence else "There"
            return self._nothing(f"{cause} were no predictions to measure.")
        if not found.predictions.is_usable:
            trouble = found.predictions.summary()
            return self._nothing(f"The predictions could not be measured. {trouble}")
        return self._measured(workspace, found)

    def _nothing(self, sentence: str) -> Grade:
        """The candidate's predictions cannot be used: that is worth nothing, and it counts."""
        finding = _finding(Outcome.FAILED, 0.0, sentence)
        return Grade(
            grader=self.name,
            version=self.version,
            dimension=self.dimension,
            status=GradeStatus.OK,
            findings=(finding,),
        )

    def _measured(self, workspace: Workspace, found: Received) -> Grade:
        # Loads numpy, for which those who only ask what this grader needs should not wait.
        from graders.model_quality.measure import measure  # noqa: PLC0415

        metric, curves = measure(workspace.manifest, found.answers, found.predictions.values)
        where = place(metric.value, workspace.manifest.metric.anchors)
        sentence = f"{_value(metric, workspace.manifest.metric.facts.label)}, {where}."
        outcome = Outcome.PASSED if metric.score >= _GOOD else Outcome.PARTIAL
        return Grade(
            grader=self.name,
            version=self.version,
            dimension=self.dimension,
            status=GradeStatus.OK,
            findings=(_finding(outcome, metric.score, sentence),),
            metrics=(metric,),
            curves=curves,
        )


def _value(metric: Metric, label: str) -> str:
    """The value with its interval, with as many digits as its size asks for."""
    value, low, high = (metrics.shown(number) for number in (metric.value, metric.low, metric.high))
    interval = f"{metric.confidence:.0%} interval {low} to {high}"
    return f"{label} is {value} on {metric.rows:,} hidden rows ({interval})"


def _finding(outcome: Outcome, share: float, sentence: str) -> Finding:
    return Finding(
        check=_CHECK,
        title=_TITLE,
        outcome=outcome if share > 0 else Outcome.FAILED,
        points=round(_POINTS * share, 6),
        max_points=_POINTS,
        sentence=sentence,
        why=_WHY,
        how_to_fix="" if outcome == Outcome.PASSED else _FIX,
    )


grader = ModelQuality()
