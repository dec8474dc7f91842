"""Differences of texts: the shortest ones, in order, whatever the texts are, and never much work."""

import random

import pytest

from audition.domain.difference import MOST_EDITS, MOST_LINES, Change, Difference, Line, difference


def side(found: Difference, without: Change) -> list[str]:
    return [line.text for line in found.lines if line.change != without]


def most_kept(one: list[str], other: list[str]) -> int:
    """Length of the longest common subsequence, by the table that everybody knows."""
    row = [0] * (len(other) + 1)
    for a in one:
        before = row[:]
        for n, b in enumerate(other):
            row[n + 1] = before[n] + 1 if a == b else max(before[n + 1], row[n])
    return row[-1]


def test_both_texts_can_be_read_from_it_and_nothing_shorter_exists() -> None:
    draw = random.Random(7)
    for _ in range(400):
        one, other = ([draw.choice("abcd") for _ in range(draw.randint(0, 12))] for _ in range(2))
        found = difference("\n".join(one), "\n".join(other))
        assert (side(found, Change.ADDED), side(found, Change.REMOVED)) == (one, other)
        assert sum(line.change == Change.SAME for line in found.lines) == most_kept(one, other)
        assert found.is_whole
        assert found.is_paired


def test_lines_have_the_numbers_of_their_own_text() -> None:
    assert difference("a\nb\nc", "a\nc\nd").lines == (
        Line(change=Change.SAME, text="a", old=1, new=1),
        Line(change=Change.REMOVED, text="b", old=2, new=None),
        Line(change=Change.SAME, text="c", old=3, new=2),
        Line(change=Change.ADDED, text="d", old=None, new=3),
    )


def test_what_differs_is_shown_with_three_lines_around() -> None:
    text = [str(n) for n in range(40)]
    changed = [*text[:5], "new", *text[6:30], *text[31:]]
    hunks = difference("\n".join(text), "\n".join(changed)).hunks
    assert [[line.text for line in hunk] for hunk in hunks] == [
        ["2", "3", "4", "5", "new", "6", "7", "8"],
        ["27", "28", "29", "30", "31", "32", "33"],
    ]
    assert difference("a\nb", "a\nb").hunks == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\n".join(map(str, range(MOST_LINES))), "\n".join(f"-{n}" for n in range(MOST_LINES))),
        ("a\n" * MOST_LINES, "a\nb\n" * (MOST_LINES // 2)),
    ],
)
def test_texts_that_share_too_little_follow_each_other(one: str, other: str) -> None:
    found = difference(one, other)
    assert not found.is_paired
    assert side(found, Change.ADDED) == one.splitlines()
    assert side(found, Change.REMOVED) == other.splitlines()


def test_as_many_edits_as_may_be_are_found() -> None:
    assert difference("a\n" * 700, "a\n" * (700 - MOST_EDITS)).is_paired
    assert difference("", "a\n" * (MOST_EDITS + 1)).is_paired is False


def test_a_longer_text_is_cut_and_that_is_said() -> None:
    found = difference("a\n" * (MOST_LINES + 5), "a\n" * MOST_LINES)
    assert not found.is_whole
    assert len(found.lines) == MOST_LINES
