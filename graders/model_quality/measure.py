"""Measure predictions against answers: the metric with its interval, and the curve."""

from collections.abc import Mapping

import numpy as np

from audition.domain.challenge import Direction, MetricSpec
from audition.domain.grade import Curve, Metric
from graders.model_quality.anchors import score_of
from graders.model_quality.metrics import Array, Estimate, estimate, roc_curve

#: Fixed, so that equal evidence gives an equal interval; its value means nothing.
_SEED = 20_240_501


def measure(
    spec: MetricSpec, answers: Mapping[str, float], predictions: Mapping[str, float]
) -> tuple[Metric, tuple[Curve, ...]]:
    """Measure predictions.

    Args:
        spec: The challenge's metric.
        answers: Truth by id.
        predictions: By the same ids.
    """
    ids = sorted(answers)
    truth = np.array([answers[i] for i in ids])
    prediction = np.array([predictions[i] for i in ids])
    return _metric(spec, truth, prediction), _curves(truth, prediction)


def _metric(spec: MetricSpec, truth: Array, prediction: Array) -> Metric:
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
