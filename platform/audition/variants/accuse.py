"""Whose copy a leaked table is, and how sure that is."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from audition.domain.variant import MarkKind, Sign, Suspect, Trace
from audition.variants import codes
from audition.variants.draws import Flags, Floats
from audition.variants.layout import Layout, on_grid
from audition.variants.match import NOBODY, Matched, match
from audition.variants.table import Table, numbers_of
from audition.variants.write import canary_rows, form_of, pseudonyms

#: Fewer rows that are ours, and it is another table.
_LEAST_ROWS = 10
_TINY = 1e-9
#: Bits of a pseudonym that chance would have to meet; its decimal form has fewer than its hexadecimal one.
_NAME_VALUES = 9e11
_MOST_SUSPECTS = 20
#: Kinds of signs that are looked at: each is a chance to accuse, so each counts.
_KINDS = len(MarkKind)


@dataclass(frozen=True, slots=True)
class _Seen:
    """Places of the code that a leak shows."""

    places: Flags
    """(places,): which."""
    values: Flags
    """(places,): what stands there."""
    weight: Floats
    """(places,): what each counts."""

    def only(self, places: Flags) -> "_Seen":
        """Some of them."""
        return _Seen(self.places & places, self.values, self.weight)


def trace(layout: Layout, leak: Table, false_accusation: float | None = None) -> Trace:
    """Say which copies a leaked table was made of.

    Args:
        layout: Of the challenge's table.
        leak: What was found.
        false_accusation: Most that the probability may be that anybody is accused who is no source; that of the
            challenge when None.
    """
    found = match(layout, leak)
    names = tuple(layout.table.names[place] for place in sorted(found.columns))
    recognised = int((found.rows != NOBODY).sum())
    if not names or recognised < _LEAST_ROWS:
        step = "Is it of this challenge and version, and have its columns their names?"
        said = f"{recognised} of {len(leak):,} rows are rows of {layout.spec.file}. {step}"
        return Trace(rows=len(leak), recognised=recognised, columns=names, refusals=(said,))
    limit = layout.spec.false_accusation if false_accusation is None else false_accusation
    suspects = _suspects(layout, found)
    accused = [suspect for suspect in suspects if suspect.probability <= limit]
    others = suspects[len(accused) :]
    return Trace(
        rows=len(leak),
        recognised=recognised,
        columns=names,
        rounded=tuple(layout.table.names[place] for place in sorted(found.rounded)),
        accused=tuple(accused[:_MOST_SUSPECTS]),
        next_best=others[0] if others else None,
    )


def _suspects(layout: Layout, found: Matched) -> list[Suspect]:
    """Every copy, the surest first."""
    numbers = range(1, layout.spec.copies + 1)
    signs: dict[int, list[Sign]] = {number: [] for number in numbers}
    for number, sign in (
        *_code_signs(layout, found),
        *_name_signs(layout, found),
        *_canary_signs(layout, found),
    ):
        signs[number].append(sign)
    suspects = [
        Suspect(
            number=number,
            probability=min(1.0, _KINDS * min((sign.probability for sign in signs[number]), default=1.0)),
            signs=tuple(signs[number]),
        )
        for number in numbers
    ]
    return sorted(suspects, key=lambda suspect: (suspect.probability, -_height(suspect)))


def _height(suspect: Suspect) -> float:
    return max((sign.score for sign in suspect.signs), default=0.0)


def _code_signs(layout: Layout, found: Matched) -> Iterator[tuple[int, Sign]]:
    """What the code says of each copy: by its rows, by its numbers, and by both."""
    seen = _seen(layout, found)
    is_row = np.arange(len(layout.bias)) < len(layout.pool)
    own = {number: codes.bits(layout.key, number, layout.bias) for number in range(1, layout.spec.copies + 1)}
    kinds = ((MarkKind.ROWS, is_row), (MarkKind.VALUES, ~is_row), (MarkKind.BOTH, np.ones_like(is_row)))
    for kind, wanted in kinds:
        part = seen.only(wanted)
        places = part.places
        if not places.any():
            continue
        values, bias, weight = part.values[places], layout.bias[places], part.weight[places]
        scores = np.array([codes.score(bits[places], values, bias, weight) for bits in own.values()])
        tails = np.exp(codes.log_tail(scores, values, bias, weight))
        spread = float(np.sqrt(np.sum(weight**2)))
        for number, score, tail in zip(own, scores, tails, strict=True):
            yield (
                number,
                Sign(
                    kind=kind,
                    places=int(places.sum()),
                    score=round(float(score) / spread, 2),
                    probability=min(1.0, float(tail) * layout.spec.copies),
                ),
            )


def _seen(layout: Layout, found: Matched) -> _Seen:
    """Rows that are there or not, and digits of numbers that are left."""
    count = len(layout.table)
    is_there = np.zeros(count, dtype=bool)
    is_there[found.rows[found.rows != NOBODY]] = True
    rows = len(layout.pool)
    places, values = np.zeros(len(layout.bias), dtype=bool), np.zeros(len(layout.bias), dtype=bool)
    weight = np.ones(len(layout.bias))
    places[:rows], values[:rows] = True, is_there[layout.pool]
    kept = float(is_there[layout.common & layout.alone].mean())
    weight[:rows] = np.where(values[:rows], 1.0, _absence(kept, layout.bias[:rows]))
    _see_values(layout, found, places[rows:], values[rows:])
    return _Seen(places, values, weight)


def _absence(kept: float, bias: Floats) -> Floats:
    """What a missing row counts, against one that is there: little, where most rows are missing anyway.

    Mean over variance of a source's score, as for a row that is there; `kept` is the share of rows that are there.
    """
    return np.asarray(np.minimum(1.0, kept * bias / np.maximum(1 - kept * bias, _TINY)))


def _see_values(layout: Layout, found: Matched, places: Flags, values: Flags) -> None:
    """Read the lowest digits; one whose number says something else beyond it was changed, and says nothing."""
    where = np.full(len(layout.table), NOBODY, dtype=np.int64)
    known = found.rows != NOBODY
    where[found.rows[known]] = np.flatnonzero(known)
    for name, step in layout.spec.marks.items():
        place = layout.table.names.index(name)
        if place not in found.columns or place in found.rounded:
            continue
        grid = on_grid(numbers_of(found.columns[place]), step)
        mine = np.flatnonzero((layout.marked_columns == place) & (where[layout.marked_rows] != NOBODY))
        digits = grid[where[layout.marked_rows[mine]]]
        sound = np.floor(digits / 2) == layout.pairs[mine]
        places[mine[sound]] = True
        values[mine[sound]] = digits[sound] % 2 == 1


def _name_signs(layout: Layout, found: Matched) -> Iterator[tuple[int, Sign]]:
    """Pseudonyms of a copy that stand in the leak."""
    for name in layout.spec.pseudonyms:
        place = layout.table.names.index(name)
        if place not in found.columns:
            continue
        texts = set(found.columns[place].tolist())
        column = layout.table.columns[place]
        form, count = form_of(column), len(set(column.tolist())) + layout.spec.canaries
        chance = min(1.0, len(texts) * count * layout.spec.copies / _NAME_VALUES)
        for number in range(1, layout.spec.copies + 1):
            hits = sum(text in texts for text in pseudonyms(layout.key, number, name, form, count))
            if hits:
                # Each further one is one more chance that did not happen; more than three say nothing new.
                sign = Sign(
                    kind=MarkKind.PSEUDONYMS,
                    places=len(texts),
                    score=float(hits),
                    probability=chance ** min(hits, 3),
                )
                yield number, sign


def _canary_signs(layout: Layout, found: Matched) -> Iterator[tuple[int, Sign]]:
    """Rows of the leak that one copy alone has. No probability is stated: they are told, and accuse nobody alone."""
    left = [place for place in layout.plain_columns if place in found.columns and place not in found.rounded]
    if len(left) * 2 < len(layout.plain_columns) or not layout.spec.canaries:
        return
    unknown = np.flatnonzero(found.rows == NOBODY)
    rows = {tuple(_plain(found.columns[place][row]) for place in left) for row in unknown.tolist()}
    if not rows:
        return
    for number in range(1, layout.spec.copies + 1):
        copy = canary_rows(layout, number)
        hits = sum(
            tuple(_plain(copy.columns[place][row]) for place in left) in rows for row in range(len(copy))
        )
        if hits:
            yield number, Sign(kind=MarkKind.CANARIES, places=len(rows), score=float(hits), probability=1.0)


def _plain(text: object) -> str:
    """A number without its form, another text as it is."""
    try:
        return repr(float(str(text)))
    except ValueError:
        return str(text)
