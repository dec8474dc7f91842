"""What becomes of single columns: pseudonyms, dates, numbers, levels, texts."""

from itertools import pairwise

import numpy as np
import pytest

from audition.anonymize import dates, numeric
from audition.anonymize.coding import code_table
from audition.anonymize.columns import Frame, Levels, Numbers, levels, numbers
from audition.anonymize.detectors import DETECTORS, digits_of, iban_rest, luhn_sum, scrubber
from audition.anonymize.partition import partition
from audition.anonymize.policy import ColumnRule, Per, Role, TablePolicy, Transform
from audition.domain.errors import InvalidError
from tests.unit.anonymize.samples import KEY, OTHER_KEY, sizes_of


def coded(column: Levels, **rule: object) -> list[str | None]:
    """One column by one rule, as texts."""
    rules = {"a": ColumnRule(role=Role.FEATURE, **rule)}  # type: ignore[arg-type]
    out = code_table({"a": column}, TablePolicy(file="t.csv", columns=rules), KEY).columns["a"]
    return out.texts() if isinstance(out, Levels) else [f"{value:g}" for value in out.values]


def test_pseudonyms_join_tables_and_cannot_be_made_without_the_key() -> None:
    texts = ("7", "8")
    ours = KEY.pseudonyms("customer", texts, "c-", 16)
    assert ours == KEY.pseudonyms("customer", ("7", "8"), "c-", 16)
    assert not set(ours) & set(KEY.pseudonyms("order", texts, "c-", 16))
    assert not set(ours) & set(OTHER_KEY.pseudonyms("customer", texts, "c-", 16))
    assert all(len(name) == 18 and name.startswith("c-") for name in ours)


def test_a_key_is_never_shown() -> None:
    assert KEY.secret.decode() not in repr(KEY) + KEY.id + KEY.signature(b"x")
    assert KEY.id != OTHER_KEY.id


def test_levels_are_folded_when_they_are_rare_or_named() -> None:
    column = levels(["a"] * 5 + ["b", None])
    assert coded(column, transform=Transform.LEVELS, least_count=2) == ["a"] * 5 + ["other", None]
    assert coded(column, transform=Transform.LEVELS, fold={"a": "x", "b": "x"}) == ["x"] * 6 + [None]
    with pytest.raises(InvalidError) as caught:
        coded(column, transform=Transform.LEVELS, fold={"a": "x"})
    assert caught.value.problems == ("line 7: 'b'",)


def test_codes_of_levels_follow_the_key_and_not_the_alphabet() -> None:
    column = levels([f"level {n}" for n in range(9)])
    found = coded(column, transform=Transform.LEVELS, code="L")
    assert sorted(map(str, found)) == [f"L{n}" for n in range(1, 10)]
    assert found != sorted(map(str, found))


def test_bands_have_names_of_their_own() -> None:
    column = levels(["17", "18", "39.5", "40", None])
    assert coded(column, transform=Transform.BAND, starts=(18, 40)) == [
        "under-18",
        "18-40",
        "18-40",
        "40-plus",
        None,
    ]


def test_what_is_kept_keeps_its_leading_zeros() -> None:
    assert coded(levels(["007", "12"]), transform=Transform.KEEP) == ["007", "12"]
    assert coded(levels(["7", "12.5"]), transform=Transform.KEEP) == ["7", "12.5"]


def test_a_value_that_is_no_number_is_told_with_its_line() -> None:
    with pytest.raises(InvalidError) as caught:
        coded(levels(["1", "x"]), transform=Transform.ROUND, round_to=5.0)
    assert str(caught.value).startswith("t.csv: a: 1 distinct values are not a number")
    assert caught.value.problems == ("line 3: 'x'",)


def test_ends_are_coded_and_halves_rounded_upwards() -> None:
    column = levels(["-3", "2.5", "7.4", "99"])
    rule = {"transform": Transform.ROUND, "bottom": 0.0, "top": 10.0, "round_to": 5.0}
    assert coded(column, **rule) == ["0", "5", "5", "10"]


def test_a_release_offset_is_whole_weeks_and_keeps_intervals() -> None:
    days = levels(["2024-01-01", "2024-01-31", None])
    first, then, nothing = coded(days, transform=Transform.SHIFT, per=Per.RELEASE)
    moved = [np.datetime64(str(first)), np.datetime64(str(then))]
    assert (moved[0] - np.datetime64("2024-01-01")).astype(int) % 7 == 0
    assert moved[0] != np.datetime64("2024-01-01")
    assert moved[1] - moved[0] == np.timedelta64(30, "D")
    assert nothing is None


def test_an_entity_has_one_offset_and_entities_have_different_ones() -> None:
    rules = {
        "who": ColumnRule(role=Role.IDENTIFIER, transform=Transform.PSEUDONYM, domain="p"),
        "at": ColumnRule(role=Role.DATE, transform=Transform.SHIFT, per=Per.ENTITY),
    }
    who = [f"p{n // 2}" for n in range(40)]
    frame: Frame = {
        "who": levels(who),
        "at": levels(["2024-03-01T10:00:00", "2024-03-08T11:30:00"] * 20),
    }
    table = TablePolicy(file="t.csv", columns=rules, entity="who")
    moved = code_table(frame, table, KEY).columns["at"]
    assert isinstance(moved, Levels)
    at = [np.datetime64(str(text)) for text in moved.texts()]
    assert {b - a for a, b in zip(at[::2], at[1::2], strict=True)} == {np.timedelta64(7 * 24 * 60 + 90, "m")}
    assert len(set(at[::2])) > 10


def test_what_is_no_date_is_told_with_its_line() -> None:
    with pytest.raises(InvalidError) as caught:
        dates.shift(levels(["2024-01-01", "soon"]), np.array(7), "t.csv: at")
    assert caught.value.problems == ("line 3: 'soon'",)


def test_swapped_ranks_move_within_reach_and_keep_the_distribution() -> None:
    random = np.random.default_rng(3)
    column = Numbers(np.concatenate([random.normal(size=1000), [np.nan] * 5]))
    swapped = numeric.rank_swap(column, 0.05, random)
    assert sorted(swapped.values[:1000]) == sorted(column.values[:1000])
    assert np.isnan(swapped.values[1000:]).all()
    place = {value: rank for rank, value in enumerate(sorted(column.values[:1000]))}
    moves = [abs(place[a] - place[b]) for a, b in zip(column.values[:1000], swapped.values, strict=False)]
    assert max(moves) <= 50
    assert np.mean(np.array(moves) > 0) > 0.9


def test_microaggregation_gives_everybody_company_and_keeps_means() -> None:
    random = np.random.default_rng(4)
    first, then = (Numbers(random.normal(size=203)) for _ in range(2))
    then.values[:9] = np.nan
    groups = numeric.group_alike([first, then], 5)
    assert sizes_of(groups)[0] >= 5
    assert sizes_of(groups)[-1] < 10
    means = numeric.group_means(first, groups, 0)
    assert means.values.mean() == pytest.approx(first.values.mean())
    assert len(set(groups[:9]) & set(groups[9:])) == 0


def test_partitions_have_k_people_and_stop_only_where_no_cut_is_left() -> None:
    random = np.random.default_rng(5)
    points = random.integers(0, 12, (400, 3))
    counts = random.integers(1, 4, 400)
    blocks = random.integers(0, 2, 400)
    groups = partition(points, counts, 7, blocks)
    for group in range(groups.max() + 1):
        rows = np.flatnonzero(groups == group)
        assert counts[rows].sum() >= 7
        assert len(set(blocks[rows])) == 1
        for column in points[rows].T:
            below = [counts[rows][column <= value].sum() for value in sorted(set(column))[:-1]]
            assert not any(7 <= low <= counts[rows].sum() - 7 for low in below)


PLANTED = {
    "email": ["ada.l@firm.example", "x_1+y@mail.co.uk"],
    "url": ["https://shop.example/a?id=7", "www.firm.example/x"],
    "iban": ["DE89370400440532013000", "GB82 WEST 1234 5698 7654 32"],
    "card": ["4111 1111 1111 1111", "5500005555555559"],
    "ip": ["192.168.10.4", "2001:db8::8a2e:370:7334"],
    "phone": ["+49 30 901820", "(020) 7946 0958", "030/9018-2020"],
}


@pytest.mark.parametrize("kind", PLANTED)
def test_planted_things_are_found_and_get_the_same_surrogate_everywhere(kind: str) -> None:
    for thing in PLANTED[kind]:
        scrub = scrubber(KEY)
        once = scrub.scrub(f"Before {thing}, after.")
        assert thing not in once
        assert scrub.found == {kind: 1}
        assert once.startswith("Before ")
        assert once.endswith(", after.")
        surrogate = once.removeprefix("Before ").removesuffix(", after.")
        assert scrub.scrub(f"{thing}!") == f"{surrogate}!"
        assert scrubber(OTHER_KEY).scrub(thing) != surrogate


@pytest.mark.parametrize(
    "text",
    [
        "order 4111111111111112 of 2024-05-31",
        "DE89370400440532013001",
        "version 1.2.3 at 10:30, 3.14159265 or 1999",
        "a@b, 256.300.1.1 and 12345678",
        "31.05.2024 10:00",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert scrubber(KEY).scrub(text) == text


def test_surrogates_have_the_form_and_belong_to_nobody() -> None:
    for number in (0, 1, 10**30 + 7):
        assert luhn_sum(DETECTORS["card"].surrogate(number)) == 0
        assert iban_rest(DETECTORS["iban"].surrogate(number)) == 1
        assert len(digits_of(DETECTORS["phone"].surrogate(number))) == 12
        assert DETECTORS["ip"].surrogate(number).startswith("198.1")


def test_checksums_notice_every_changed_digit() -> None:
    valid = "4111111111111111"
    for place in range(16):
        for digit in "0123456789":
            changed = valid[:place] + digit + valid[place + 1 :]
            assert (luhn_sum(changed) == 0) == (changed == valid)


def test_ranks_rise_with_values() -> None:
    places = numeric.ranks(np.array([1.0, 2.0, np.nan, 9.0]), numbers([1, 2, 9, None]).values)
    assert places[2] == 0
    assert all(a < b for a, b in pairwise(places[[0, 1, 3]]))
