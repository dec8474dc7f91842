"""How far chance moves a metric: closed forms where there are good ones, else a bootstrap."""

from dataclasses import dataclass
from math import exp, isfinite, log, sqrt
from statistics import NormalDist

import numpy as np

from graders.model_quality.statistic import Array, Closed, Integers, Ranked, Statistic

#: Bootstrap rounds are done in blocks of this many drawn rows, to bound memory at about 100 MB.
_BLOCK = 2_000_000
#: Beyond this share of rounds without a value an interval from the others would be a guess.
_MOST_WITHOUT_VALUE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A metric value with its interval."""

    value: float
    low: float
    high: float
    method: str

    @classmethod
    def of(cls, value: float, low: float, high: float, method: str) -> "Estimate":
        """Rounded to twelve digits: those after them depend on the order in which a processor adds."""
        value, low, high = (float(f"{number:.12g}") for number in (value, low, high))
        return cls(value=value, low=low, high=high, method=method)


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What is drawn: rows, groups, or runs of periods."""

    units: Integers | None = None
    """(rows,), group or period of each row from 0; None when rows are drawn one by one."""
    count: int = 0
    """How many groups or periods."""
    run: int = 1
    """Length of the runs in which periods are drawn, at least 1."""
    words: str = ""
    """What is drawn, for people, e.g. "by series"."""


def estimate(
    statistic: Statistic, *, rounds: int, confidence: float, seed: int, design: Design | None = None
) -> Estimate:
    """A metric with its interval.

    Args:
        statistic: The metric on its data.
        rounds: Of a bootstrap, at least 2.
        confidence: Coverage, in (0, 1).
        seed: Of the generator; equal seeds give equal intervals.
        design: What is drawn; None for rows.

    Raises:
        ValueError: The metric has no value on these rows, or in too many rounds.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    """
    value = statistic.value
    if not isfinite(value):
        msg = "The metric has no value on these answers and predictions."
        raise ValueError(msg)
    design = design or Design()
    if statistic.closed is not None and design.units is None:
        low, high = statistic.closed.ends(confidence)
        return Estimate.of(value, low, high, statistic.closed.method)
    values = resample(statistic, rounds, np.random.default_rng(seed), design)
    low, high = percentile(values, confidence)
    kind = design.words or ("stratified " if statistic.strata is not None else "")
    return Estimate.of(value, low, high, f"{kind}percentile bootstrap, {rounds} rounds, seed {seed}")


def percentile(values: Array, confidence: float) -> tuple[float, float]:
    """The ends that leave equal tails of the rounds outside.

    Raises:
        ValueError: Too many rounds have no value.
    """
    there = values[np.isfinite(values)]
    if there.size < (1 - _MOST_WITHOUT_VALUE) * values.size:
        msg = f"The metric has no value in {values.size - there.size} of {values.size} bootstrap rounds."
        raise ValueError(msg)
    tail = (1 - confidence) / 2
    low, high = np.quantile(there, [tail, 1 - tail])
    return float(low), float(high)


def resample(statistic: Statistic, rounds: int, generator: np.random.Generator, design: Design) -> Array:
    """Values of the metric in rounds of a bootstrap, float64 (rounds,)."""
    size = statistic.rows if design.units is None else design.count
    evaluate = statistic.evaluator(design.units, size)
    per_block = max(1, _BLOCK // max(1, size, statistic.rows))
    blocks = [min(per_block, rounds - done) for done in range(0, rounds, per_block)]
    if design.units is None and isinstance(statistic, Ranked):
        return np.concatenate([statistic.drawn(block, generator) for block in blocks])
    if design.units is None:
        strata = _members(statistic.strata, size)
        return np.concatenate([evaluate(_draw(strata, size, block, generator)) for block in blocks])
    return np.concatenate([evaluate(_draw_runs(size, design.run, block, generator)) for block in blocks])


def _members(strata: Integers | None, size: int) -> list[Integers]:
    if strata is None:
        return [np.arange(size)]
    return [np.flatnonzero(strata == kind) for kind in np.unique(strata)]


def _draw(strata: list[Integers], size: int, rounds: int, generator: np.random.Generator) -> Array:
    """How often each row is drawn, float64 (rounds, size); each stratum keeps its number of rows."""
    if len(strata) == 1:
        return _counts(generator.integers(size, size=(rounds, size)), size)
    counts = np.empty((rounds, size))
    for members in strata:
        drawn = generator.integers(members.size, size=(rounds, members.size))
        counts[:, members] = _counts(drawn, members.size)
    return counts


def _draw_runs(size: int, run: int, rounds: int, generator: np.random.Generator) -> Array:
    """Likewise for runs of neighbours on a circle, cut to `size` in all; runs of 1 are independent draws.

    Source: Politis and Romano, 1992 (circular block bootstrap).
    """
    runs = -(-size // run)
    starts = generator.integers(size, size=(rounds, runs))
    drawn = (starts[:, :, np.newaxis] + np.arange(run)).reshape(rounds, runs * run)[:, :size]
    return _counts(drawn % size, size)


def _counts(drawn: Integers, size: int) -> Array:
    rounds = drawn.shape[0]
    flat = (drawn + np.arange(rounds)[:, np.newaxis] * size).ravel()
    return np.bincount(flat, minlength=rounds * size).reshape(rounds, size).astype(np.float64)


def normal(confidence: float) -> float:
    """Half the width of a central normal interval, in standard deviations."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def wilson(successes: int, trials: int, confidence: float) -> tuple[float, float]:
    """Interval of a share.

    Source: Wilson, 1927; Brown, Cai and DasGupta, 2001.
    """
    z = normal(confidence)
    share, spread = successes / trials, z * z / trials
    centre = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * sqrt(share * (1 - share) / trials + spread / (4 * trials))
    # At the ends rounding would leave a share of 1 a hair outside.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    return low, 1.0 if successes == trials else min(1.0, centre + half)


def wilson_of(is_right: Array) -> Closed:
    """Wilson's interval for the share of ones in (rows,)."""
    successes, trials = int(is_right.sum()), int(is_right.size)
    return Closed(method="Wilson score interval", ends=lambda level: wilson(successes, trials, level))


def on_logit_scale(value: float, error: float, confidence: float) -> tuple[float, float]:
    """Interval of a share from its standard error; it stays within (0, 1) and leans away from the ends."""
    middle = log(value / (1 - value))
    half = normal(confidence) * error / (value * (1 - value))
    return 1 / (1 + exp(-(middle - half))), 1 / (1 + exp(-(middle + half)))
