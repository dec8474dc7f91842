"""Whether a check was hard, and whether it tells strong submissions from weak ones."""

import random
from statistics import correlation

import pytest

from audition.domain.grade import Outcome
from audition.domain.item_analysis import ENOUGH, analyse_items, credits_of
from audition.domain.scorecard import Scorecard


def _cohort(size: int) -> list[dict[str, float]]:
    """Submissions of growing strength: one item follows it, one is chance, one is turned round, one is for all."""
    chance = random.Random(5)
    return [
        {
            "follows": float(n > size / 2),
            "also": float(n > size / 3),
            "late": float(n > size / 1.5),
            "chance": float(chance.random() > 0.5),
            "turned": float(n < size / 2),
            "given": 1.0,
        }
        for n in range(size)
    ]


def test_an_item_is_as_hard_as_its_points_are_rare() -> None:
    found = {item.item: item for item in analyse_items(_cohort(40))}
    assert found["given"].mean == 1.0
    assert found["follows"].mean < found["also"].mean
    assert all(item.counted == 40 for item in found.values())


def test_an_item_tells_apart_as_it_goes_with_the_rest_without_itself() -> None:
    rows = _cohort(40)
    found = {item.item: item.discrimination for item in analyse_items(rows)}
    rest = [(sum(row.values()) - row["follows"]) / 5 for row in rows]
    assert found["follows"] == pytest.approx(correlation([row["follows"] for row in rows], rest))
    assert (found["turned"] or 0) < 0 < (found["also"] or 0)


def test_what_everybody_has_tells_nobody_apart() -> None:
    assert {item.item: item.discrimination for item in analyse_items(_cohort(40))}["given"] is None


def test_too_few_submissions_say_nothing_about_it() -> None:
    assert all(item.discrimination is None for item in analyse_items(_cohort(ENOUGH - 1)))
    assert any(item.discrimination is not None for item in analyse_items(_cohort(ENOUGH)))
    assert analyse_items([]) == ()


def test_what_did_not_count_is_in_no_share() -> None:
    outcomes = {"a": Outcome.PASSED, "b": Outcome.PARTIAL, "c": Outcome.FAILED, "d": Outcome.NOT_ASSESSED}
    shares = credits_of(Scorecard(run_id="run_1", dimensions={}, outcomes=outcomes))
    assert shares == {"a": 1.0, "b": 0.5, "c": 0.0}
    one, _, _ = analyse_items([shares])
    assert (one.counted, one.mean) == (1, 1.0)
