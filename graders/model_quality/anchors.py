"""Map a metric value to a score between the anchors that the challenge declares."""

from collections.abc import Sequence
from itertools import pairwise

from audition.domain.challenge import Anchor


def score_of(value: float, anchors: Sequence[Anchor]) -> float:
    """The score of a value on the broken line through the anchors, level beyond its ends, in [0, 1].

    Args:
        value: Metric value.
        anchors: At least two, with distinct values; in either direction.
    """
    line = sorted(anchors, key=lambda anchor: anchor.value)
    if value <= line[0].value:
        return line[0].score
    for left, right in pairwise(line):
        if value <= right.value:
            share = (value - left.value) / (right.value - left.value)
            return left.score + share * (right.score - left.score)
    return line[-1].score


def place(value: float, anchors: Sequence[Anchor]) -> str:
    """Where a value lies, in words: "between baseline and reference"."""
    line = sorted(anchors, key=lambda anchor: anchor.score)
    is_rising = line[-1].value > line[0].value
    below = [a for a in line if (value >= a.value if is_rising else value <= a.value)]
    above = [a for a in line if a not in below]
    if not below:
        return f"below the {line[0].name}"
    if not above:
        return f"at or beyond the {line[-1].name}"
    return f"between the {below[-1].name} and the {above[0].name}"
