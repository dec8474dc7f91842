"""Where the model is weak: the metric on parts of the hidden rows, declared ones and the worst that can be found.

Whoever looks at many parts finds a bad one by chance. So every interval here is as wide as the number of parts that
were looked at asks for (Bonferroni), and a part is called weaker only when all of that lies on the wrong side.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audition.domain.metrics import Direction, Interval, MetricFacts
from graders.cells import number
from graders.model_quality.intervals import Design, normal, resample
from graders.model_quality.rows import Rows
from graders.model_quality.statistic import Array, Statistic
from graders.model_quality.table import measure_of

Mask = NDArray[np.bool_]

LEAST_ROWS = 30
"""Parts with fewer rows are not looked at: an interval of theirs would say nothing."""
MOST_PARTS = 1500
"""Most parts that are tried in a search, the largest first; fewer where there are more than 33,000 rows."""
WORST = 5
_MOST_LEVELS = 8
_BINS = 4
_ROUNDS = 200
_SEED = 20_240_502
#: Rows times parts that are tried in a search, and at once.
_MOST_CELLS, _BLOCK = 50_000_000, 2_000_000
#: Two parts that share more of their rows than this are one finding.
_MOST_OVERLAP = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the rows, in words and as a mask."""

    name: str
    column: str
    mask: Mask

    @property
    def rows(self) -> int:
        """How many."""
        return int(self.mask.sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The metric on a part."""

    part: Part
    value: float
    low: float
    high: float
    is_weaker: bool
    """Whether the whole interval is worse than the value on all rows."""

    @property
    def words(self) -> str:
        """For reviewers."""
        weaker = ", clearly weaker" if self.is_weaker else ""
        ends = f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"
        return f"{self.part.name}: {ends} on {self.part.rows:,} rows{weaker}"


#: What a candidate of the search is made of: one part, or two of different columns.
_Members = tuple[Part] | tuple[Part, Part]


def levels(column: str, values: Sequence[str]) -> list[Part]:
    """The parts by one column: quarters of a column of numbers, else its values, the rare ones together.

    Args:
        column: Its name.
        values: One a row; empty where missing.
    """
    cells = np.array(values, dtype=object)
    missing = cells == ""
    found = [Part(name=f"{column} missing", column=column, mask=missing)] if missing.any() else []
    as_numbers = np.array([number(value) for value in values])
    is_number = ~missing
    if len(set(values)) > _MOST_LEVELS and np.isfinite(as_numbers[is_number]).all():
        return found + _quarters(column, as_numbers, is_number)
    names, counts = np.unique(cells[is_number].astype(str), return_counts=True)
    ordered = names[np.argsort(-counts, kind="stable")].tolist()
    kept, rest = ordered[:_MOST_LEVELS], ordered[_MOST_LEVELS:]
    parts = [Part(name=f"{column} = {name}", column=column, mask=cells == name) for name in kept]
    if rest:
        parts.append(Part(name=f"{column} = other", column=column, mask=np.isin(cells.astype(str), rest)))
    return found + parts


def _quarters(column: str, values: Array, there: Mask) -> list[Part]:
    edges = np.unique(np.quantile(values[there], np.arange(1, _BINS) / _BINS))
    place = np.searchsorted(edges, values, side="left")
    ends = ["", *(f"{edge:.4g}" for edge in edges), ""]
    found = []
    for at, (low, high) in enumerate(itertools.pairwise(ends)):
        words = (
            f"{low} < {column}"
            if not high
            else f"{column} ≤ {high}"
            if not low
            else f"{low} < {column} ≤ {high}"
        )
        found.append(Part(name=words, column=column, mask=there & (place == at)))
    return found


def parts_of(columns: Mapping[str, Mapping[str, str]], ids: Sequence[str]) -> list[Part]:
    """The parts by each column that have enough rows."""
    found = (part for name, column in columns.items() for part in levels(name, [column[i] for i in ids]))
    return [part for part in found if LEAST_ROWS <= part.rows < len(ids)]


def measure_parts(rows: Rows, parts: Sequence[Part], looked_at: int = 0) -> list[Measured]:
    """The metric on each part, with intervals for all of them together; parts where it has no value are left out.

    Args:
        rows: All rows.
        parts: Which.
        looked_at: How many parts these were chosen from; 0 when they are all.
    """
    whole = measure_of(rows).value
    level = 1 - (1 - rows.spec.confidence) / max(1, looked_at, len(parts))
    is_higher = rows.spec.direction == Direction.HIGHER
    found = []
    for part in parts:
        try:
            statistic = measure_of(rows.only(part.mask))
            value, (low, high) = statistic.value, ends(statistic, level)
        except ValueError:  # E.g. one class only: there is nothing to measure.
            continue
        low, high = _within(rows.spec.facts, low, high)
        if np.isfinite([value, low, high]).all():
            is_weaker = high < whole if is_higher else low > whole
            found.append(Measured(part=part, value=value, low=low, high=high, is_weaker=bool(is_weaker)))
    return sorted(found, key=lambda one: one.value if is_higher else -one.value)


def _within(facts: MetricFacts, low: float, high: float) -> tuple[float, float]:
    least = -np.inf if facts.low is None else facts.low
    most = np.inf if facts.high is None else facts.high
    return float(max(low, least)), float(min(high, most))


def ends(statistic: Statistic, level: float) -> tuple[float, float]:
    """An interval at any level: in closed form, else normal with the bootstrap's error, as tails need no rounds so."""
    if statistic.closed is not None:
        return statistic.closed.ends(level)
    values = resample(statistic, _ROUNDS, np.random.default_rng(_SEED), Design())
    error = float(np.nanstd(values, ddof=1))
    half = normal(level) * error
    return statistic.value - half, statistic.value + half


def worst(rows: Rows, parts: Sequence[Part]) -> tuple[list[Measured], int]:
    """The worst parts among single columns and pairs of columns, and how many were looked at.

    Only for metrics that can be taken of any part at once; for others there is nothing.
    """
    if not parts or rows.spec.facts.interval in {Interval.CLUSTER, Interval.JACKKNIFE}:
        return [], 0
    candidates = _candidates(parts, len(rows.ids))
    values = _values(measure_of(rows), candidates)
    turn = 1.0 if rows.spec.direction == Direction.HIGHER else -1.0
    order = np.argsort(np.where(np.isfinite(values), turn * values, np.inf), kind="stable")
    chosen: list[Part] = []
    for place in order.tolist():
        if len(chosen) == WORST or not np.isfinite(values[place]):
            break
        part = _joined(candidates[place])
        if all(_overlap(part, other) <= _MOST_OVERLAP for other in chosen):
            chosen.append(part)
    return measure_parts(rows, chosen, len(candidates)), len(candidates)


def _candidates(parts: Sequence[Part], rows: int) -> list[_Members]:
    """Single parts and pairs of different columns, the largest pairs first; only who they are made of is kept."""
    pairs = []
    for a, b in itertools.combinations(parts, 2):
        if a.column != b.column and (size := int(np.count_nonzero(a.mask & b.mask))) >= LEAST_ROWS:
            pairs.append((-size, f"{a.name} {b.name}", (a, b)))
    pairs.sort(key=lambda pair: pair[:2])
    singles: list[_Members] = [(part,) for part in parts]
    return [*singles, *(members for *_, members in pairs)][: min(MOST_PARTS, max(1, _MOST_CELLS // rows))]


def _joined(members: _Members) -> Part:
    if len(members) == 1:
        return members[0]
    a, b = members
    return Part(name=f"{a.name} and {b.name}", column=f"{a.column}, {b.column}", mask=a.mask & b.mask)


def _values(statistic: Statistic, candidates: Sequence[_Members]) -> Array:
    """The metric on each part, some at a time to bound memory."""
    evaluate = statistic.evaluator(None, statistic.rows)
    size = max(1, _BLOCK // max(1, statistic.rows))
    blocks = (candidates[start : start + size] for start in range(0, len(candidates), size))
    return np.concatenate(
        [evaluate(np.array([_joined(m).mask for m in block], dtype=np.float64)) for block in blocks]
    )


def _overlap(one: Part, other: Part) -> float:
    both = int((one.mask & other.mask).sum())
    return both / max(1, one.rows + other.rows - both)
