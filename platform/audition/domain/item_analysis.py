"""How hard each check or item of a rubric was for a cohort, and whether it tells strong submissions from weak ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean

from audition.domain.grade import Outcome
from audition.domain.scorecard import Scorecard

#: Submissions from which on a correlation is said at all: with 20 its interval of 95 % still reaches 0.44 to each side
#: of none. Source: R. A. Fisher, "On the probable error of a coefficient of correlation", 1921: 1.96 / sqrt(n - 3),
#: 0.475 on the scale of its transform.
ENOUGH = 20
#: Below it an item hardly tells submissions apart.
#: Source: R. L. Ebel and D. A. Frisbie, "Essentials of educational measurement", 5th edition, 1991.
LEAST_DISCRIMINATION = 0.2
#: What lists keep of a check is its outcome; so a part of its points is taken for half of them.
_CREDIT = {Outcome.PASSED: 1.0, Outcome.PARTIAL: 0.5, Outcome.FAILED: 0.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemStatistics:
    """One check, or one item of a rubric, over a cohort."""

    item: str
    counted: int
    """Submissions in which it counted."""
    mean: float
    """Mean share of its points, in [0, 1]: the lower, the harder."""
    discrimination: float | None
    """Correlation with the mean share of all other items, in [-1, 1]; None with fewer than `ENOUGH` submissions, and
    where all are equal."""


def credits_of(card: Scorecard) -> dict[str, float]:
    """The share that each check earned, in [0, 1], of those that counted."""
    return {check: _CREDIT[outcome] for check, outcome in card.outcomes.items() if outcome in _CREDIT}


def analyse_items(rows: Sequence[Mapping[str, float]]) -> tuple[ItemStatistics, ...]:
    """The statistics of each item, by name.

    Args:
        rows: Of each submission, item to the share that it earned, in [0, 1]; without what did not count.
    """
    names = sorted({name for row in rows for name in row})
    totals = [sum(row.values()) for row in rows]
    return tuple(_item(name, rows, totals) for name in names)


def _item(name: str, rows: Sequence[Mapping[str, float]], totals: Sequence[float]) -> ItemStatistics:
    counted = [(row, total) for row, total in zip(rows, totals, strict=True) if name in row]
    shares = [row[name] for row, _ in counted]
    # The item itself is taken out of what it is compared with: it would agree with itself.
    pairs = [(row[name], (total - row[name]) / (len(row) - 1)) for row, total in counted if len(row) > 1]
    return ItemStatistics(
        item=name,
        counted=len(counted),
        mean=fmean(shares),
        discrimination=_correlation(pairs) if len(pairs) >= ENOUGH else None,
    )


def _correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Pearson's; None where either side does not vary."""
    mean_x, mean_y = fmean(x for x, _ in pairs), fmean(y for _, y in pairs)
    shared = sum((x - mean_x) * (y - mean_y) for x, y in pairs)
    spread = sqrt(sum((x - mean_x) ** 2 for x, _ in pairs) * sum((y - mean_y) ** 2 for _, y in pairs))
    # What is left of equal numbers is rounding.
    return max(-1.0, min(1.0, shared / spread)) if spread > 1e-12 else None  # noqa: PLR2004
