"""Is it better than the baseline, row by row? A difference on the same rows says more than two intervals do."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from audition.domain.metrics import Direction, Interval
from graders.cells import Value
from graders.model_quality.intervals import Design, percentile, resample
from graders.model_quality.rows import Rows
from graders.model_quality.table import measure_of

_SEED = 20_240_506
_MOST_ROUNDS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How much better predictions are than others on the same rows, in the metric's unit; above 0 is better."""

    name: str
    other: float
    """The metric of the others."""
    value: float
    low: float
    high: float

    @property
    def words(self) -> str:
        """For candidates."""
        if self.low > 0:
            return f"clearly better than the {self.name}"
        return (
            f"clearly worse than the {self.name}"
            if self.high < 0
            else f"not clearly other than the {self.name}"
        )

    @property
    def note(self) -> str:
        """For reviewers."""
        ends = f"{self.value:+.4f} ({self.low:+.4f} to {self.high:+.4f})"
        return f"Better than the {self.name} ({self.other:.4f}) by {ends}."


def difference(rows: Rows, name: str, others: Mapping[str, Value]) -> Difference | None:
    """Compare by a paired bootstrap: each round draws the same rows for both; None where rounds cannot be drawn.

    Args:
        rows: With the predictions that are judged.
        name: Of the others, e.g. "baseline".
        others: Predictions by the same ids.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 8 (paired data).
    """
    spec, facts = rows.spec, rows.spec.facts
    if facts.interval == Interval.JACKKNIFE:
        return None
    mine, theirs = measure_of(rows), measure_of(replace(rows, predictions=others))
    design = Design() if facts.interval == Interval.CLUSTER else rows.design()
    rounds = min(spec.bootstrap_rounds, _MOST_ROUNDS)
    drawn = [resample(each, rounds, np.random.default_rng(_SEED), design) for each in (mine, theirs)]
    sign = 1 if spec.direction == Direction.HIGHER else -1
    low, high = percentile(sign * (drawn[0] - drawn[1]), spec.confidence)
    return Difference(
        name=name, other=theirs.value, value=sign * (mine.value - theirs.value), low=low, high=high
    )
