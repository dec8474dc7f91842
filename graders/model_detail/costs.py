"""What decisions cost, and what groups of people get from them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from audition.domain.challenge import DetailSpec
from graders.model_detail.slices import Part
from graders.model_quality.decisions import outcomes
from graders.model_quality.intervals import Estimate, estimate, wilson
from graders.model_quality.statistic import Array, mean

_LEAST_OF_KIND = 10
"""Rates over fewer rows are not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Cost per row of the decisions at a threshold."""

    cost: Estimate
    constant: float
    """Of the better of always yes and always no."""
    best: float
    """At the best threshold there is on these rows, known only afterwards."""
    best_threshold: float

    @property
    def saved(self) -> float:
        """Share of the constant's cost that is saved, in [0, 1]."""
        return min(1.0, max(0.0, 1 - self.cost.value / self.constant)) if self.constant else 0.0


def cost_of(  # noqa: PLR0913  data, costs, and how the interval is made
    truth: Array,
    probability: Array,
    threshold: float,
    detail: DetailSpec,
    *,
    rounds: int,
    confidence: float,
    seed: int,
) -> Cost:
    """What the decisions cost.

    Args:
        truth: (rows,), 0 or 1.
        probability: (rows,).
        threshold: From here on the decision is yes.
        detail: Has both costs.
        rounds: Of the bootstrap.
        confidence: Of the interval, in (0, 1).
        seed: Of the bootstrap.
    """
    false_alarm, miss = detail.false_alarm_cost, detail.miss_cost
    kinds = outcomes(truth, probability, threshold)
    each = kinds[:, 1] * false_alarm + kinds[:, 2] * miss
    share = float(truth.mean())
    best, best_threshold = _best(truth, probability, detail)
    statistic = mean(each, strata=truth.astype(np.int64))
    return Cost(
        cost=estimate(statistic, rounds=rounds, confidence=confidence, seed=seed),
        constant=min(false_alarm * (1 - share), miss * share),
        best=best,
        best_threshold=best_threshold,
    )


def _best(truth: Array, probability: Array, detail: DetailSpec) -> tuple[float, float]:
    """The least cost per row over all thresholds between two predictions, and that threshold."""
    order = np.argsort(-probability, kind="stable")
    ordered, true = probability[order], truth[order]
    ends = np.flatnonzero(np.r_[ordered[1:] != ordered[:-1], True])
    alarms, hits = np.cumsum(1 - true)[ends], np.cumsum(true)[ends]
    costs = np.r_[
        truth.sum() * detail.miss_cost,
        alarms * detail.false_alarm_cost + (truth.sum() - hits) * detail.miss_cost,
    ]
    thresholds = np.r_[np.inf, ordered[ends]]
    at = int(np.argmin(costs))
    return float(costs[at]) / truth.size, float(thresholds[at])


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A rate of one group, with its interval."""

    group: str
    value: float
    low: float
    high: float


def rates(
    truth: Array, probability: Array, threshold: float, parts: list[Part], confidence: float
) -> Mapping[str, list[Rate]]:
    """For each group how often the decision is yes, of all, of those whose answer is 1, and of those whose is 0.

    Source: demographic parity; equal opportunity and equalised odds as in Hardt, Price and Srebro, 2016.
    """
    is_yes = probability >= threshold
    kinds = {
        "yes of all": np.ones_like(truth, dtype=bool),
        "yes of answers 1": truth == 1,
        "yes of answers 0": truth == 0,
    }
    found: dict[str, list[Rate]] = {}
    for kind, counted in kinds.items():
        found[kind] = []
        for part in parts:
            trials = int((part.mask & counted).sum())
            if trials >= _LEAST_OF_KIND:
                yes = int((part.mask & counted & is_yes).sum())
                low, high = wilson(yes, trials, confidence)
                found[kind].append(Rate(group=part.name, value=yes / trials, low=low, high=high))
    return found


def gap(found: list[Rate]) -> tuple[float, float, float] | None:
    """Largest difference between two groups, with its interval; None with fewer than two groups.

    Source: Newcombe, 1998, method 10 (differences of Wilson intervals).
    """
    if len(found) < 2:  # noqa: PLR2004  a difference needs two
        return None
    top, bottom = max(found, key=lambda r: r.value), min(found, key=lambda r: r.value)
    size = top.value - bottom.value
    below = ((top.value - top.low) ** 2 + (bottom.high - bottom.value) ** 2) ** 0.5
    above = ((top.high - top.value) ** 2 + (bottom.value - bottom.low) ** 2) ** 0.5
    return size, max(-1.0, size - below), min(1.0, size + above)
