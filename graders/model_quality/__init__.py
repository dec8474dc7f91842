"""How good is the model on data that it has never seen? The challenge's metric, with its uncertainty."""

from dataclasses import dataclass

import numpy as np

from audition.domain.challenge import Direction
from audition.domain.grade import (
    Curve,
    Dimension,
    Finding,
    Grade,
    GradeStatus,
    Metric,
    Outcome,
)
from audition.domain.run import Stage, Verdict
from audition.grading import Need, Workspace
from audition.grading.versions import content_version
from graders import bounded, predictions
from graders.model_quality.anchors import place, score_of
from graders.model_quality.metrics import LABELS, Array, Estimate, estimate, roc_curve
from graders.predictions import Predictions, read_answers, read_predictions

_POINTS = 10.0
#: Fixed, so that equal evidence gives an equal interval; its value means nothing.
_SEED = 20_240_501
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
    version: str = content_version("1", __file__, predictions.__file__, bounded.__file__)
    dimension: Dimension = Dimension.MODEL_QUALITY
    needs: frozenset[Need] = frozenset({Need.OUTPUTS, Need.ANSWERS})

    def grade(self, workspace: Workspace) -> Grade:
        """Measure, map to a score, and draw the curve."""
        spec = workspace.manifest.answers
        answers = read_answers(workspace.answers / spec.file, spec.id_column, spec.answer_column)
        path = workspace.output()
        if path is None:
            is_consequence = workspace.evidence.verdict_of(Stage.PREDICT) != Verdict.ACCEPTED
            cause = "Predict did not end well, so there" if is_consequence else "There"
            return self._nothing(f"{cause} were no predictions to measure.")
        found = read_predictions(path, workspace.manifest.output, frozenset(answers))
        if not found.is_usable:
            return self._nothing(f"The predictions could not be measured. {found.summary()}")
        return self._measured(workspace, answers, found)

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

    def _measured(self, workspace: Workspace, answers: dict[str, float], found: Predictions) -> Grade:
        ids = sorted(answers)
        truth = np.array([answers[i] for i in ids])
        prediction = np.array([found.values[i] for i in ids])
        metric = _metric(workspace, truth, prediction)
        where = place(metric.value, workspace.manifest.metric.anchors)
        sentence = (
            f"{LABELS[metric.name]} is {metric.value:.3f} on {metric.rows:,} hidden rows"
            f" ({metric.confidence:.0%} interval {metric.low:.3f} to {metric.high:.3f}), {where}."
        )
        outcome = Outcome.PASSED if metric.score >= _GOOD else Outcome.PARTIAL
        return Grade(
            grader=self.name,
            version=self.version,
            dimension=self.dimension,
            status=GradeStatus.OK,
            findings=(_finding(outcome, metric.score, sentence),),
            metrics=(metric,),
            curves=_curves(truth, prediction),
        )


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


def _metric(workspace: Workspace, truth: Array, prediction: Array) -> Metric:
    spec = workspace.manifest.metric
    found: Estimate = estimate(
        spec.name,
        truth,
        prediction,
        rounds=spec.bootstrap_rounds,
        confidence=spec.confidence,
        seed=_SEED,
    )
    ends = sorted(score_of(end, spec.anchors) for end in (found.low, found.high))
    return Metric(
        name=spec.name,
        value=found.value,
        low=found.low,
        high=found.high,
        confidence=spec.confidence,
        method=found.method,
        rows=int(truth.size),
        is_higher_better=spec.direction == Direction.HIGHER,
        score=score_of(found.value, spec.anchors),
        score_low=ends[0],
        score_high=ends[1],
    )


def _curves(truth: Array, prediction: Array) -> tuple[Curve, ...]:
    if set(np.unique(truth)) != {0.0, 1.0}:
        return ()
    false_rate, true_rate = roc_curve(truth, prediction)
    return (
        Curve(
            kind="roc",
            x=tuple(np.round(false_rate, 5).tolist()),
            y=tuple(np.round(true_rate, 5).tolist()),
            x_label="False positive rate",
            y_label="True positive rate",
        ),
    )


grader = ModelQuality()
