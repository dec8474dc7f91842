"""What is different between two texts, line by line, with bounded work: both may be hostile.

Theory of operation. The shortest edit script is found by going along diagonals, as Myers describes. Its work grows
with the length times the number of edits, so the edits are bounded: beyond `MOST_EDITS` the texts share so little that
lines beside each other say nothing, and all of one stands for all of the other. Lines are compared as numbers, and what
both texts begin and end with is set aside first.
Source: E. W. Myers, "An O(ND) difference algorithm and its variations", 1986.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

#: Lines of each text that are compared.
MOST_LINES = 2000
#: Lines that are in one text alone, both together.
MOST_EDITS = 600
#: Lines shown around what differs.
CONTEXT = 3


class Change(StrEnum):
    """What a line is."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a difference."""

    change: Change
    text: str
    old: int | None
    """Its number in the first text, from 1; None where it is only in the second, likewise `new`."""
    new: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How one text becomes another."""

    lines: tuple[Line, ...]
    """All of them, in order."""
    is_whole: bool = True
    """Whether the texts were compared to their ends."""
    is_paired: bool = True
    """Whether lines were compared; else they share too little, and one text follows the other."""

    @property
    def hunks(self) -> tuple[tuple[Line, ...], ...]:
        """What differs, with `CONTEXT` lines around."""
        near = [False] * len(self.lines)
        for place, line in enumerate(self.lines):
            if line.change != Change.SAME:
                for other in range(max(0, place - CONTEXT), min(len(near), place + CONTEXT + 1)):
                    near[other] = True
        hunks: list[list[Line]] = []
        for place, line in enumerate(self.lines):
            if near[place]:
                if place == 0 or not near[place - 1]:
                    hunks.append([])
                hunks[-1].append(line)
        return tuple(map(tuple, hunks))


def difference(old: str, new: str) -> Difference:
    """Compare two texts; the first `MOST_LINES` lines of each."""
    before, after = old.splitlines(), new.splitlines()
    is_whole = max(len(before), len(after)) <= MOST_LINES
    before, after = before[:MOST_LINES], after[:MOST_LINES]
    head = _shared(before, after)
    tail = _shared(before[head:][::-1], after[head:][::-1])
    middle = before[head : len(before) - tail], after[head : len(after) - tail]
    kept = _pairs(*_numbered(*middle))
    pairs = [(n, n) for n in range(head)]
    pairs += [(head + a, head + b) for a, b in kept or ()]
    pairs += [(len(before) - n, len(after) - n) for n in range(tail, 0, -1)]
    return Difference(lines=tuple(_told(before, after, pairs)), is_whole=is_whole, is_paired=kept is not None)


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """With how many equal lines both begin."""
    for place, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return place
    return min(len(one), len(other))


def _numbered(one: Sequence[str], other: Sequence[str]) -> tuple[list[int], list[int]]:
    numbers: dict[str, int] = {}
    first, second = ([numbers.setdefault(line, len(numbers)) for line in text] for text in (one, other))
    return first, second


def _pairs(old: list[int], new: list[int]) -> list[tuple[int, int]] | None:
    """Places of lines that stay, in order; None when more than `MOST_EDITS` do not."""
    furthest: dict[int, int] = {1: 0}
    trace: list[dict[int, int]] = []
    for edits in range(min(MOST_EDITS, len(old) + len(new)) + 1):
        trace.append(dict(furthest))
        for diagonal in range(-edits, edits + 1, 2):
            place = _entered(furthest, diagonal, edits)
            while (
                place < len(old) and 0 <= place - diagonal < len(new) and old[place] == new[place - diagonal]
            ):
                place += 1
            furthest[diagonal] = place
            if place >= len(old) and place - diagonal >= len(new):
                return _walked_back(trace, len(old), len(new))
    return None


def _entered(furthest: dict[int, int], diagonal: int, edits: int) -> int:
    """Where a diagonal is entered with one more edit."""
    if _is_added(furthest, diagonal, edits):
        return furthest[diagonal + 1]
    return furthest[diagonal - 1] + 1


def _is_added(furthest: dict[int, int], diagonal: int, edits: int) -> bool:
    """Whether that edit adds a line, because the diagonal above is further; else it removes one."""
    if diagonal == -edits:
        return True
    return diagonal != edits and furthest[diagonal - 1] < furthest[diagonal + 1]


def _walked_back(trace: list[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for edits in range(len(trace) - 1, -1, -1):
        diagonal = x - y
        start = _entered(trace[edits], diagonal, edits)
        while x > start and y > start - diagonal:
            x, y = x - 1, y - 1
            found.append((x, y))
        if edits and _is_added(trace[edits], diagonal, edits):
            x, y = start, start - diagonal - 1
        elif edits:
            x, y = start - 1, start - diagonal
    return found[::-1]


def _told(before: list[str], after: list[str], pairs: Sequence[tuple[int, int]]) -> list[Line]:
    lines: list[Line] = []
    x = y = 0
    for a, b in [*pairs, (len(before), len(after))]:
        lines += [Line(change=Change.REMOVED, text=before[n], old=n + 1, new=None) for n in range(x, a)]
        lines += [Line(change=Change.ADDED, text=after[n], old=None, new=n + 1) for n in range(y, b)]
        if a < len(before):
            lines.append(Line(change=Change.SAME, text=before[a], old=a + 1, new=b + 1))
        x, y = a + 1, b + 1
    return lines
