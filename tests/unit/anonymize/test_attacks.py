"""Attacks find what is there to be found, and nothing where nothing is; the gate names what causes it."""

from dataclasses import replace

import numpy as np
import pytest

from audition.anonymize import attacks
from audition.anonymize.assess import assess, make_trial
from audition.anonymize.columns import Frame, Numbers, classes_of, levels, numbers
from audition.anonymize.gate import judge, sentence
from audition.anonymize.intervals import beyond_control, wilson
from audition.anonymize.linkage import blame, link
from audition.anonymize.measures import measure_classes
from audition.anonymize.policy import ColumnRule, Gate, Role, TablePolicy, Transform
from audition.anonymize.release import Making, make_release
from audition.anonymize.space import space
from tests.unit.anonymize.samples import KEY, open_gate, people, people_policy, released_as_they_are

ROWS = 3000


def made_of(table: TablePolicy, gate: Gate) -> tuple[Frame, Making]:
    return people(ROWS), Making(table, gate, KEY)


@pytest.fixture(scope="module")
def careless() -> tuple[Frame, Making]:
    return made_of(released_as_they_are(people(1)), open_gate())


@pytest.fixture(scope="module")
def careful() -> tuple[Frame, Making]:
    table = replace(people_policy(), group_inside_classes=True)
    return made_of(table, open_gate(k=5))


def test_wilson_intervals_are_those_of_the_tables() -> None:
    rate = wilson(1, 10)
    assert (rate.low, rate.high) == (pytest.approx(0.0179, abs=1e-4), pytest.approx(0.4042, abs=1e-4))
    assert wilson(0, 0).high == 1.0


def test_what_works_on_the_control_as_well_is_no_risk() -> None:
    same = beyond_control(wilson(90, 100), wilson(90, 100))
    assert same.value == 0
    assert same.low == 0
    sure = beyond_control(wilson(100, 100), wilson(10, 100))
    assert sure.value == 1
    assert sure.low > 0.9
    half = beyond_control(wilson(550, 1000), wilson(100, 1000))
    assert half.value == pytest.approx(0.5)
    assert half.low < 0.5 < half.high


def test_a_raw_copy_fails_every_attack(careless: tuple[Frame, Making]) -> None:
    source, making = careless
    found = assess(source, make_release(source, making), making)
    assert found.singling_out.risk.low > 0.5
    assert found.linkability.low > 0.3
    assert found.inference["income"].low > 0.3
    assert found.membership.low > 0.95
    assert found.linkages[-1].certain.value > 0.8
    assert found.linkages[0].expected.value < found.linkages[-1].expected.value
    assert found.linked.expected.value > 0.8


def test_whole_rows_in_groups_of_five_withstand_them(careful: tuple[Frame, Making]) -> None:
    source, making = careful
    made = make_release(source, making)
    found = assess(source, made, making)
    whole = [name for name in made.frame if name != "back"]
    assert measure_classes(classes_of(made.frame, whole), 5).k >= 5
    assert found.singling_out.risk.value < 0.05
    assert found.linkages[-1].certain.value < 0.25
    assert found.membership.auc < 0.7


def test_people_are_on_one_side_of_a_trial_only() -> None:
    frame = people(ROWS)
    frame["who"] = levels(f"p{n // 3}" for n in range(ROWS))
    rule = ColumnRule(role=Role.IDENTIFIER, transform=Transform.PSEUDONYM, domain="p")
    table = replace(people_policy(who=rule), entity="who")
    trial = make_trial(frame, Making(table, open_gate(k=3), KEY), np.random.default_rng(1))
    assert len(trial.inside) + len(trial.outside) == ROWS
    assert not {int(n) // 3 for n in trial.inside} & {int(n) // 3 for n in trial.outside}
    assert "who" not in trial.known


def test_a_large_table_is_tried_on_a_sample() -> None:
    making = Making(people_policy(), replace(open_gate(k=3), rows=600), KEY)
    trial = make_trial(people(ROWS), making, np.random.default_rng(1))
    assert len(trial.inside) + len(trial.outside) == pytest.approx(600, abs=1)


def small_trial(rows: int = 400) -> attacks.Trial:
    """Released as known, but the released half only; the secret of each person is noise."""
    random = np.random.default_rng(8)
    known: Frame = {
        "a": numbers(random.normal(size=rows).tolist()),
        "b": levels(random.choice(["x", "y"], rows).tolist()),
        "secret": levels([f"s{n}" for n in random.integers(0, 50, rows)]),
    }
    inside = np.arange(rows // 2)
    released = {name: column.take(inside) for name, column in known.items()}
    outside = np.arange(rows // 2, rows)
    return attacks.Trial(
        released=released, axes=space(known, released), known=known, inside=inside, outside=outside
    )


def test_a_secret_is_learned_about_people_in_the_release_only() -> None:
    risks = attacks.inference(small_trial(), 200, np.random.default_rng(2))
    assert risks["secret"].attack.value == 1.0
    assert risks["secret"].control.value < 0.1


def test_noise_of_its_own_tells_nothing() -> None:
    trial = small_trial()
    mixed = np.random.default_rng(3).permutation(200)
    other = {name: column.take(mixed) for name, column in trial.known.items()}
    shuffled = {**trial.released, "secret": trial.released["secret"].take(mixed)}
    axes = space({name: trial.known[name] for name in other}, shuffled)
    risks = attacks.inference(replace(trial, released=shuffled, axes=axes), 200, np.random.default_rng(2))
    assert risks["secret"].low == 0


def test_linkage_counts_ties_as_choosing_among_them() -> None:
    known: Frame = {"a": levels(["x", "x", "y"]), "n": numbers([1, 2, 3])}
    axes = space(known, known)
    rows = np.arange(3)
    by_word = link(axes[:1], rows, rows, "a word")
    assert by_word.expected.value == pytest.approx(2 / 3)
    assert by_word.certain.value == pytest.approx(1 / 3)
    assert link(axes, rows, rows, "both").certain.value == 1.0
    assert blame(axes, rows, rows)[0] == ("n", pytest.approx(2 / 3))


def test_what_is_missing_on_both_sides_is_equal() -> None:
    axes = space({"n": numbers([1, None, 3])}, {"n": numbers([None, 3])})
    gaps = axes[0].gaps(axes[0].known, axes[0].released)
    assert gaps[1].tolist() == [0.0, 1.0]
    assert gaps[2][1] == 0.0
    assert gaps[0][0] == 1.0


def test_words_and_flags_meet_across_forms() -> None:
    axes = space({"f": levels(["1", "0"])}, {"f": Numbers(np.array([1.0, 0.0]))})
    assert axes[0].gaps(axes[0].known, axes[0].released).tolist() == [[0.0, 1.0], [1.0, 0.0]]


def test_the_gate_names_columns_and_what_would_help(careless: tuple[Frame, Making]) -> None:
    source, making = careless
    strict = replace(
        making.gate,
        k=3,
        singling_out=0.1,
        linkability=0.1,
        inference=0.1,
        membership=0.6,
        record_linkage=0.1,
        linked_share=0.1,
    )
    found = assess(source, make_release(source, making), making)
    broken = {v.measure: v for v in judge(found, strict, making.table) if not v.is_met}
    assert broken.keys() == {
        "k",
        "singling_out",
        "linkability",
        "inference",
        "membership",
        "record_linkage",
        "linked_share",
    }
    assert broken["record_linkage"].columns[0] == "income"
    assert "income: give it a transform" in sentence(broken["record_linkage"])
    assert (
        sentence(broken["k"])
        == "k is 1, below 3. Coarsen the quasi-identifiers, or allow more rows to be left out."
    )


def test_a_threshold_that_is_not_given_stops_nothing(careless: tuple[Frame, Making]) -> None:
    source, making = careless
    found = assess(source, make_release(source, making), making)
    assert {v.measure for v in judge(found, making.gate, making.table)} == {"k", "suppressed_share"}
