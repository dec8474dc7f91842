"""Signs that show when rows are predicted a second time, among others; see `audition.domain.extra_rows`.

Whoever answers from a table of ids gives copies another answer than the rows they copy. Whoever answers from a table of
rows gives a row whose numbers moved a little another answer. Whoever draws, or looks at the other rows, gives another
answer the second time. Each of these has honest explanations: notes have the numbers, and people decide.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite

import numpy as np

from audition.domain.challenge import Manifest
from audition.domain.extra_rows import RowKind
from audition.grading import Result, informative, not_applicable
from graders.cells import Value
from graders.model_honesty.names import AGAIN, COPIES, NUDGED
from graders.model_quality.rows import Rows
from graders.model_quality.table import measure_of
from graders.repeated import Repeated

#: Share of what predictions differ by between rows, below which two are the same: what adding in another order makes.
_SAME = 1e-6
#: Beyond this share of it a prediction is clearly another one.
_CLEARLY = 0.5
#: Share of rows beyond which what happens to them is a sign. Ours: a tree may put a few neighbours in other leaves.
_MOST = 0.2
_Pairs = Sequence[tuple[Value, Value]]


def compare_times(manifest: Manifest, both: Repeated) -> Mapping[str, Result]:
    """Look for every such sign."""
    spread = _spread(both.first.values())
    return {
        COPIES: _copies(_pairs(both, RowKind.COPY), spread),
        AGAIN: _again(manifest, both, spread),
        NUDGED: _nudged(manifest, both, spread),
    }


def _copies(pairs: _Pairs, spread: float) -> Result:
    if not pairs:
        return not_applicable("No row that stands twice got both predictions.")
    differ = [gap for one, other in pairs if (gap := moved(one, other, spread)) > _SAME]
    if not differ:
        return informative(
            f"All {len(pairs)} rows that stood twice in the table got the same prediction twice."
        )
    sentence = (
        f"{len(differ)} of {len(pairs)} rows that stood twice in the table got two different predictions."
    )
    return _noted(
        sentence, f"Median difference {np.median(differ):.3g} standard deviations of the predictions."
    )


def _again(manifest: Manifest, both: Repeated, spread: float) -> Result:
    pairs = [(value, both.again[i]) for i, value in both.first.items() if i in both.again]
    if not pairs:
        return not_applicable("No row got a prediction the second time.")
    differ = [gap for one, other in pairs if (gap := moved(one, other, spread)) > _SAME]
    if not differ:
        return informative("The same rows got the same predictions in another order and among other rows.")
    sentence = f"In another order and among other rows, {len(differ):,} of {len(pairs):,} rows got another prediction."
    first, again = (_metric(manifest, both, which, both.again) for which in (both.first, both.again))
    note = (
        f"Median difference {np.median(differ):.3g}, largest {max(differ):.3g} standard deviations of the predictions."
        f" {manifest.metric.facts.label} {first} the first time, {again} the second."
    )
    return _noted(sentence, note)


def _nudged(manifest: Manifest, both: Repeated, spread: float) -> Result:
    pairs = _pairs(both, RowKind.NUDGED)
    if not pairs:
        return not_applicable("The table has no numbers that could be moved a little.")
    gaps = [moved(one, other, spread) for one, other in pairs]
    far = sum(gap > _CLEARLY for gap in gaps)
    rows = both.of(RowKind.NUDGED)
    changed = {row.of: both.extra[row.id] for row in rows}
    before, after = (_metric(manifest, both, which, changed) for which in (both.again, changed))
    note = (
        f"{far} of {len(gaps)} moved by more than {_CLEARLY:g} standard deviations of the predictions; median"
        f" {np.median(gaps):.3g}. {manifest.metric.facts.label} on these rows: {before} before, {after} after."
    )
    if far > _MOST * len(gaps):
        sentence = "Many rows got a clearly different prediction when their numbers moved by very little."
        return _noted(sentence, note)
    return _noted("Predictions move little when numbers move very little.", note)


def _pairs(both: Repeated, kind: RowKind) -> _Pairs:
    """What was said of the hidden row and of the extra one, in the same run."""
    return [(both.again[row.of], both.extra[row.id]) for row in both.of(kind)]


def _metric(manifest: Manifest, both: Repeated, said: Mapping[str, Value], only: Iterable[str]) -> str:
    """The metric on some rows, for people; words where it has no value on them."""
    kept = set(only) & set(said)
    rows = Rows.of(manifest, both.answers, said)
    try:
        value = measure_of(rows.only(np.array([i in kept for i in rows.ids]))).value
    except ValueError:  # E.g. answers of one class only, in so few rows.
        return "no value"
    return f"{value:.4f}" if isfinite(value) else "no value"


def moved(one: Value, other: Value, spread: float) -> float:
    """How far apart two predictions are: in standard deviations of all, or 0 and 1 for words."""
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) / spread
    mine, theirs = _numbers(one), _numbers(other)
    if not mine or len(mine) != len(theirs):
        return float(one != other)
    return max(abs(a - b) for a, b in zip(mine, theirs, strict=True)) / spread


def _spread(values: Iterable[Value]) -> float:
    """Standard deviation of all numbers among predictions; 1 where they do not differ, or are words."""
    numbers = [number for value in values for number in _numbers(value)]
    return float(np.std(numbers)) or 1.0 if numbers else 1.0


def _numbers(value: Value) -> tuple[float, ...]:
    parts = value if isinstance(value, tuple) else (value,)
    return tuple(part for part in parts if isinstance(part, float))


def _noted(sentence: str, note: str) -> Result:
    result = informative(sentence)
    return Result(outcome=result.outcome, share=0.0, sentence=sentence, note=note)
