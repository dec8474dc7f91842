"""What is left of the quality when rows go wrong, one result a kind of trouble."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from audition.domain.challenge import Manifest
from audition.domain.extra_rows import Corruption, RowKind
from audition.domain.grade import Curve, Outcome
from audition.domain.metrics import Direction
from audition.grading import Result, not_applicable, not_assessed
from graders.model_detail.compare import Difference, difference
from graders.model_quality.anchors import score_of
from graders.model_quality.rows import Rows
from graders.model_robustness.names import BY_KIND
from graders.repeated import Repeated

_GOOD = 0.9
_WORDS = {
    RowKind.MISSING: "With empty cells",
    RowKind.UNSEEN: "With a category that nobody has seen",
    RowKind.UNIT: "With a number in another unit",
}
_SHORT = {
    RowKind.MISSING: "empty cells",
    RowKind.UNSEEN: "unseen category",
    RowKind.UNIT: "other unit",
}
_MOST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """How a corruption was borne."""

    corruption: Corruption
    difference: Difference
    share: float
    """Score that is left, as a share of the score on the same rows before, in [0, 1]."""
    rows: int
    covered: float
    """Share of rows that got an answer."""

    def note(self, label: str) -> str:
        """For reviewers."""
        found = self.difference
        word = "better" if found.value > 0 else "worse"
        return (
            f"{self.corruption.kind.value} {', '.join(self.corruption.columns)}: {label} {found.other:.4f} before,"
            f" after that {word} by {abs(found.value):.4f} ({found.low:+.4f} to {found.high:+.4f}; more is better), on"
            f" {self.rows} rows"
            f"{'' if self.covered >= 1 else f', {self.covered:.0%} of which got an answer'}."
        )

    def drawn(self, label: str) -> Curve:
        """The difference as a dot with its interval: low, value, high, and how many rows."""
        found, size = self.difference, float(self.rows)
        return Curve(
            kind="robust",
            x=(found.low, found.value, found.high),
            y=(size, size, size),
            x_label=f"{label}, better (+) or worse (\N{MINUS SIGN}) than before",
            y_label=f"{_SHORT[self.corruption.kind]}: {', '.join(self.corruption.columns)}"[:_MOST_NAME],
        )


def look(manifest: Manifest, both: Repeated) -> tuple[Mapping[str, Result], tuple[Curve, ...]]:
    """Look at every kind that the challenge has, and draw what was lost, the worst first."""
    spec, label = manifest.extra_rows, manifest.metric.facts.label
    tried = [(c, _held(manifest, both, c, n)) for n, c in enumerate(spec.corruptions if spec else ())]
    held = sorted((one for _, one in tried if one is not None), key=lambda one: one.difference.value)
    results = {
        check: _kind([one for corruption, one in tried if corruption.kind == kind], kind, label)
        for kind, check in BY_KIND.items()
    }
    return results, tuple(one.drawn(label) for one in held)


def _kind(tried: Sequence[_Held | None], kind: RowKind, label: str) -> Result:
    if not tried:
        return not_applicable("The challenge tries no such rows.")
    found = [held for held in tried if held is not None]
    if not found:
        return not_assessed("The metric says too little about so few rows.")
    share = fmean(held.share * held.covered for held in found)
    sentence = (
        f"{_WORDS[kind]} the predictions are not clearly worse."
        if share >= 1
        else f"{_WORDS[kind]} {share:.0%} of the score is left, at the end of the interval that speaks for the model."
    )
    outcome = Outcome.PASSED if share >= _GOOD else Outcome.PARTIAL if share > 0 else Outcome.FAILED
    note = " ".join(held.note(label) for held in found)
    return Result(outcome=outcome, share=share, sentence=sentence, note=note)


def _held(manifest: Manifest, both: Repeated, corruption: Corruption, place: int) -> _Held | None:
    """How one corruption was borne; None where the metric cannot tell, or the rows were worth nothing before."""
    extra = both.of(corruption.kind, place)
    known = {row.of for row in extra}
    every = Rows.of(manifest, both.answers, {row.of: both.extra[row.id] for row in extra})
    rows = every.only(np.array([identifier in known for identifier in every.ids]))
    try:
        found = difference(rows, "rows before", both.again) if extra else None
    except ValueError:  # E.g. answers of one class only, in so few rows.
        return None
    if found is None:
        return None
    before = score_of(found.other, manifest.metric.anchors)
    if not before:
        return None
    sign = 1 if manifest.metric.direction == Direction.HIGHER else -1
    best = score_of(found.other + sign * found.high, manifest.metric.anchors)
    return _Held(
        corruption=corruption,
        difference=found,
        share=min(1.0, best / before),
        rows=len(extra),
        covered=both.covered(corruption.kind, place),
    )
