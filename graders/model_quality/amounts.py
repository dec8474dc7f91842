"""Metrics of amounts and forecasts: sums of errors over rows."""

from collections.abc import Sequence

import numpy as np

from graders.model_quality.statistic import Array, Integers, Sums, divide, mean, ratio


def mae(truth: Array, prediction: Array) -> Sums:
    """Mean absolute error."""
    return mean(np.abs(truth - prediction))


def rmse(truth: Array, prediction: Array) -> Sums:
    """Root of the mean squared error."""
    return _root((truth - prediction) ** 2)


def rmsle(truth: Array, prediction: Array) -> Sums:
    """The same of logarithms of one more.

    Raises:
        ValueError: An amount is -1 or less.
    """
    if min(truth.min(), prediction.min()) <= -1:
        msg = "RMSLE needs amounts above -1; set output.minimum to 0."
        raise ValueError(msg)
    return _root((np.log1p(truth) - np.log1p(prediction)) ** 2)


def r2(truth: Array, prediction: Array) -> Sums:
    """Share of the answers' variance that is explained; NaN when they are all equal."""
    # Centred first: the difference of two large sums of squares would lose digits.
    centred = truth - truth.mean()
    parts = np.stack([(truth - prediction) ** 2, centred, centred**2, np.ones_like(truth)], axis=1)

    def combine(sums: Array) -> Array:
        spread = sums[:, 2] - sums[:, 1] ** 2 / sums[:, 3]
        # What cancellation leaves of answers that are all equal is no spread.
        spread[spread <= 1e-12 * sums[:, 2]] = 0
        return 1 - divide(sums[:, 0], spread)

    return Sums(parts=parts, combine=combine)


def mape(truth: Array, prediction: Array) -> Sums:
    """Mean absolute error as a share of the answer.

    Raises:
        ValueError: An answer is 0.
    """
    if not truth.all():
        msg = "MAPE needs answers other than 0; choose sMAPE or WAPE."
        raise ValueError(msg)
    return mean(np.abs((truth - prediction) / truth))


def smape(truth: Array, prediction: Array) -> Sums:
    """Mean absolute error as a share of the mean of answer and prediction, in [0, 2]."""
    size = np.abs(truth) + np.abs(prediction)
    error = 2 * np.abs(truth - prediction)
    return mean(np.divide(error, size, out=np.zeros_like(size), where=size > 0))


def wape(truth: Array, prediction: Array) -> Sums:
    """Sum of absolute errors over sum of absolute answers."""
    return Sums(parts=np.stack([np.abs(truth - prediction), np.abs(truth)], axis=1), combine=ratio)


def pinball(truth: Array, prediction: Array, quantile: float) -> Sums:
    """Mean loss of a quantile: too low costs `quantile` a unit, too high one less that."""
    return mean(_pinball(truth, prediction, quantile))


def weighted_interval_score(truth: Array, predictions: Array, quantiles: Sequence[float]) -> Sums:
    """Twice the mean pinball loss over quantiles; with one median it is the absolute error.

    Args:
        truth: (rows,).
        predictions: (rows, quantiles).
        quantiles: In (0, 1), one a column.
    """
    losses = [_pinball(truth, column, q) for column, q in zip(predictions.T, quantiles, strict=True)]
    return mean(2 * np.mean(losses, axis=0))


def mase(truth: Array, prediction: Array, scale: Array) -> Sums:
    """Mean absolute error in units of the naive forecast's error in the series' past.

    Args:
        truth: (rows,).
        prediction: (rows,).
        scale: (rows,), more than 0: mean absolute error of the naive forecast.
    """
    return mean(np.abs(truth - prediction) / _positive(scale))


def rmsse(truth: Array, prediction: Array, scale: Array, series: Integers) -> Sums:
    """Root of the mean squared error in such units, for each series; then the mean over series.

    Args:
        truth: (rows,).
        prediction: (rows,).
        scale: (rows,), more than 0: mean squared error of the naive forecast.
        series: (rows,), from 0 without gaps.
    """
    errors = np.bincount(series, (truth - prediction) ** 2 / _positive(scale))
    return mean(np.sqrt(errors / np.bincount(series)))


def _pinball(truth: Array, prediction: Array, quantile: float) -> Array:
    error = truth - prediction
    return np.maximum(quantile * error, (quantile - 1) * error)


def _root(squares: Array) -> Sums:
    sums = mean(squares)
    return Sums(parts=sums.parts, combine=lambda s: np.sqrt(ratio(s)))


def _positive(scale: Array) -> Array:
    if scale.min() <= 0:
        msg = "answers.scale_column holds values that are not above 0."
        raise ValueError(msg)
    return scale
