"""Panels: who is wanted, who disagrees, what counts; and how far reviewers agree."""

import random
from dataclasses import replace

import pytest

from audition.domain.agreement import agreement, weighted_kappa
from audition.domain.review import Mark, Panel, PanelState, Review
from tests import factories as make

RUBRIC = make.make_rubric()
THREE_LEVELS, OTHER, TWO_LEVELS = RUBRIC


def _panel(*levels: tuple[int, int, int], unsigned: int = 0) -> Panel:
    """Reviewers who gave these levels to the three items; the last `unsigned` have not signed."""
    reviews, marks = list[Review](), list[Mark]()
    for seat, given in enumerate(levels, 1):
        is_signed = seat <= len(levels) - unsigned
        signed_at = make.NOW if is_signed else None
        reviews.append(make.make_review(id=f"rev_{seat}", seat=seat, signed_at=signed_at))
        for item, level in zip(RUBRIC, given, strict=True):
            marks.append(make.make_mark(review_id=f"rev_{seat}", item=item.id, level=level))
    return Panel(rubric=RUBRIC, reviews=tuple(reviews), marks=tuple(marks))


def test_two_are_wanted_and_no_third_where_they_agree() -> None:
    assert (_panel().state, _panel().open_seat) == (PanelState.UNMARKED, 1)
    one = _panel((1, 1, 1))
    assert (one.state, one.open_seat, one.share) == (PanelState.UNDER_WAY, 2, None)
    half_done = _panel((1, 1, 1), (1, 1, 1), unsigned=1)
    assert (half_done.state, half_done.open_seat) == (PanelState.UNDER_WAY, None)
    both = _panel((1, 1, 1), (2, 1, 1))
    assert (both.state, both.open_seat, both.disputed) == (PanelState.COMPLETE, None, ())


@pytest.mark.parametrize(
    ("other", "disputed"),
    [
        ((1, 0, 0), ()),
        ((2, 0, 0), ("validation",)),
        ((0, 0, 1), ("limits",)),
        ((2, 2, 1), ("validation", "image", "limits")),
    ],
)
def test_far_apart_is_two_of_three_levels_or_any_of_two(
    other: tuple[int, int, int], disputed: tuple[str, ...]
) -> None:
    panel = _panel((0, 0, 0), other)
    assert panel.disputed == disputed
    assert panel.open_seat == (3 if disputed else None)
    assert panel.state == (PanelState.DISPUTED if disputed else PanelState.COMPLETE)


def test_of_two_the_mean_counts_and_of_three_the_median() -> None:
    two = _panel((1, 1, 0), (2, 1, 0))
    assert [two.points(item) for item in RUBRIC] == [3.0, 2.0, 0.0]
    assert two.share == pytest.approx(5 / 12)
    waits = _panel((0, 1, 0), (2, 1, 0), (2, 2, 0), unsigned=1)
    assert (waits.state, waits.open_seat, waits.points(THREE_LEVELS)) == (PanelState.DISPUTED, None, None)
    three = _panel((0, 1, 0), (2, 1, 0), (2, 2, 1))
    assert (three.state, three.open_seat) == (PanelState.COMPLETE, None)
    assert [three.points(item) for item in RUBRIC] == [4.0, 2.0, 0.0]


def test_a_level_that_the_rubric_does_not_have_gives_nothing() -> None:
    panel = _panel((1, 1, 1), (1, 1, 1))
    odd = tuple(replace(m, level=9) if m.item == "image" else m for m in panel.marks)
    assert replace(panel, marks=odd).points(OTHER) is None
    assert replace(panel, marks=odd).share is None
    assert replace(panel, marks=odd).points(TWO_LEVELS) == 4.0


def test_kappa_is_1_for_the_same_0_for_chance_and_undefined_without_variety() -> None:
    same = [(level, level) for level in (0, 1, 2, 2, 0)]
    assert weighted_kappa(same, 3) == pytest.approx(1.0)
    assert weighted_kappa([(0, 2), (2, 0)], 3) == pytest.approx(-1.0)
    assert weighted_kappa([(1, 1)] * 9, 3) is None
    assert weighted_kappa([(0, 1)], 3) is None
    chance = random.Random(1)
    drawn = [(chance.randrange(3), chance.randrange(3)) for _ in range(20_000)]
    assert weighted_kappa(drawn, 3) == pytest.approx(0.0, abs=0.02)


def test_kappa_is_the_number_of_a_worked_example() -> None:
    # Levels of both together: 0 four times, 1 three, 2 one, of 8. Expected: 2 * (4*3*1 + 4*1*4 + 3*1*1) / 64.
    pairs = [(0, 0), (1, 1), (0, 1), (0, 2)]
    assert weighted_kappa(pairs, 3) == pytest.approx(1 - (5 / 4) / (62 / 64))
    assert weighted_kappa([(b, a) for a, b in pairs], 3) == weighted_kappa(pairs, 3)
    found = agreement("image", pairs, 3)
    assert (found.pairs, found.same) == (4, 2)
