"""Measure predictions against answers: the metric with its interval, and the curve."""

from collections.abc import Mapping

import numpy as np

from audition.domain.challenge import Manifest
from audition.domain.grade import Curve, Metric
from audition.domain.metrics import Direction, Form, Interval
from audition.grading import ChallengeFaultError
from graders.answers import Answers
from graders.cells import Value
from graders.model_quality.anchors import score_of
from graders.model_quality.intervals import Design, Estimate, estimate
from graders.model_quality.ranked import roc_curve
from graders.model_quality.rows import Rows
from graders.model_quality.table import measure_of

#: Fixed, so that equal evidence gives an equal interval; its value means nothing.
_SEED = 20_240_501
_BY_SCORE = frozenset({Form.NUMBER, Form.PROBABILITY})


def measure(
    manifest: Manifest, answers: Answers, predictions: Mapping[str, Value]
) -> tuple[Metric, tuple[Curve, ...]]:
    """Measure predictions.

    Args:
        manifest: Names the metric, and what it needs to know.
        answers: Truth by id.
        predictions: By the same ids.

    Raises:
        KeyError: Unknown metric.
        ValueError: The answers are not what the metric needs; the author's fault.
    """
    rows = Rows.of(manifest, answers, predictions)
    return _metric(rows), _curves(rows)


def _metric(rows: Rows) -> Metric:
    spec = rows.spec
    # What is one number for each group is drawn by group already.
    is_grouped = spec.facts.interval == Interval.CLUSTER
    try:
        found: Estimate = estimate(
            measure_of(rows),
            rounds=spec.bootstrap_rounds,
            confidence=spec.confidence,
            seed=_SEED,
            design=Design(words="group ") if is_grouped else rows.design(),
        )
    except ValueError as error:
        if spec.own is None:
            raise
        # That the author's function has no value for what a candidate may predict is the author's to mend.
        raise ChallengeFaultError(str(error)) from error
    ends = sorted(score_of(end, spec.anchors) for end in (found.low, found.high))
    return Metric(
        name=spec.name,
        value=found.value,
        low=found.low,
        high=found.high,
        confidence=spec.confidence,
        method=found.method,
        rows=len(rows.ids),
        is_higher_better=spec.direction == Direction.HIGHER,
        score=score_of(found.value, spec.anchors),
        score_low=ends[0],
        score_high=ends[1],
    )


def _curves(rows: Rows) -> tuple[Curve, ...]:
    if rows.spec.facts.form not in _BY_SCORE:
        return ()
    truth = rows.truth()
    if set(np.unique(truth)) != {0.0, 1.0}:
        return ()
    false_rate, true_rate = roc_curve(truth, rows.prediction())
    return (
        Curve(
            kind="roc",
            x=tuple(np.round(false_rate, 5).tolist()),
            y=tuple(np.round(true_rate, 5).tolist()),
            x_label="False positive rate",
            y_label="True positive rate",
        ),
    )
