"""Rows that drift: what an injection changes and what it leaves, when it can be seen, and when a slice may be used."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from audition.domain.drift_plan import DriftFamily, DriftKind, Injection, Pace, full_plan
from audition.domain.drift_traffic import DriftedRows
from audition.domain.errors import InvalidError
from graders.drift.injections import inject, resample_prior, swap_labels
from graders.drift.publish import calibrate, column_psi, exchangeability
from graders.drift.table import Table
from graders.drift.traffic import Slice, cells_of, doses_of, draw, drifted

ROWS = 4000


def make_table(seed: int, rows: int = ROWS) -> Table:
    random = np.random.default_rng(seed)
    income = random.lognormal(8, 0.5, size=rows)
    age = random.normal(40, 10, size=rows) + 3 * np.log(income)
    income[random.random(rows) < 0.05] = np.nan
    job = random.choice(["clerk", "cook", ""], size=rows, p=[0.6, 0.3, 0.1])
    return Table(numeric={"income": income, "age": age}, categorical={"job": job})


TABLE, REFERENCE = make_table(1), make_table(2, 6000)
LABELS = (np.random.default_rng(3).random(ROWS) < 0.2).astype(float)
HELD_OUT = Slice(table=TABLE, labels=LABELS)

SHIFT = Injection(kind=DriftKind.MEAN_SHIFT, column="income", amount=1.0)
SCALE = Injection(kind=DriftKind.SCALE, column="age", amount=2.0)
UNIT = Injection(kind=DriftKind.UNIT_ERROR, column="age", amount=100.0)
MISSING = Injection(kind=DriftKind.MISSING, column="job", amount=0.2)
CATEGORY = Injection(kind=DriftKind.CATEGORY, column="job", amount=0.1, level="astronaut")
PRIOR = Injection(kind=DriftKind.PRIOR, amount=0.7)
TIED = Injection(kind=DriftKind.CORRELATION, column="age", partner="income", amount=-0.9)


def changed(injection: Injection, dose: float = 1.0, seed: int = 5) -> Table:
    return inject(TABLE, injection, dose, np.random.default_rng(seed), reference=REFERENCE)


def columns_that_differ(before: Table, after: Table) -> set[str]:
    pairs = [(name, before.numeric[name], after.numeric[name]) for name in before.numeric]
    found = {name for name, old, new in pairs if not np.array_equal(old, new, equal_nan=True)}
    return found | {
        name for name in before.categorical if (before.categorical[name] != after.categorical[name]).any()
    }


@pytest.mark.parametrize("injection", [SHIFT, SCALE, UNIT, MISSING, CATEGORY, TIED], ids=lambda i: i.kind)
def test_an_injection_changes_its_own_column_only_and_not_the_rows_it_was_given(injection: Injection) -> None:
    before = make_table(1)
    assert columns_that_differ(TABLE, changed(injection)) == {injection.column}
    assert columns_that_differ(before, TABLE) == set()
    assert columns_that_differ(TABLE, changed(injection, dose=0.0)) == set()


def test_a_mean_shift_adds_standard_deviations_of_the_training_data() -> None:
    moved = changed(SHIFT, dose=0.5).numeric["income"] - TABLE.numeric["income"]
    spread = np.nanstd(REFERENCE.numeric["income"])
    assert moved[~np.isnan(moved)] == pytest.approx(0.5 * spread)


def test_scale_doubles_the_spread_and_keeps_the_mean() -> None:
    before, after = TABLE.numeric["age"], changed(SCALE).numeric["age"]
    assert after.std() == pytest.approx(2 * before.std())
    assert after.mean() == pytest.approx(before.mean(), abs=0.05 * before.std())


@pytest.mark.parametrize("injection", [SHIFT, SCALE, UNIT], ids=lambda i: i.kind)
def test_whole_numbers_stay_whole(injection: Injection) -> None:
    """A service that declares an integer would refuse 2.7 children, which is another thing than drift."""
    whole = Table(numeric={"children": np.arange(200) % 7 * 1.0}, categorical={})
    drift = replace(injection, column="children", amount=1.7)
    after = inject(whole, drift, 1.0, np.random.default_rng(1), reference=whole).numeric["children"]
    assert (after == np.round(after)).all()
    assert (after != whole.numeric["children"]).any()


def test_a_unit_error_multiplies() -> None:
    assert changed(UNIT).numeric["age"] == pytest.approx(100 * TABLE.numeric["age"])


@pytest.mark.parametrize("column", ["job", "income"])
def test_missing_adds_twenty_points_whatever_was_missing_before(column: str) -> None:
    after = changed(replace(MISSING, column=column))
    before = TABLE.is_missing(column)
    assert after.is_missing(column).mean() == pytest.approx(before.mean() + 0.2, abs=0.025)
    assert after.is_missing(column)[before].all()


def test_an_unseen_level_is_in_a_tenth_of_the_rows_in_full() -> None:
    values = changed(CATEGORY).categorical["job"]
    assert (values == "astronaut").mean() == pytest.approx(0.1, abs=0.02)
    assert set(values) == {"clerk", "cook", "", "astronaut"}


def test_tied_columns_keep_their_values_and_where_they_were_missing() -> None:
    after = changed(TIED)
    known = ~TABLE.is_missing("income")
    assert sorted(after.numeric["age"]) == sorted(TABLE.numeric["age"])
    ranks = stats.spearmanr(after.numeric["age"][known], after.numeric["income"][known])
    assert ranks.statistic == pytest.approx(-0.9, abs=0.05)


def test_the_class_mix_is_changed_by_drawing_and_not_by_writing() -> None:
    random = np.random.default_rng(6)
    rows = resample_prior(LABELS, PRIOR, 1.0, random, 5000)
    assert LABELS[rows].mean() == pytest.approx(0.7)
    assert LABELS[resample_prior(LABELS, PRIOR, 0.0, random, 5000)].mean() == pytest.approx(
        LABELS.mean(), abs=1e-3
    )
    assert not (np.diff(LABELS[rows]) >= 0).all()


def test_labels_are_swapped_for_feedback() -> None:
    swapped = swap_labels(
        LABELS, Injection(kind=DriftKind.LABEL_SWAP, amount=0.3), 1.0, np.random.default_rng(7)
    )
    assert (swapped != LABELS).mean() == pytest.approx(0.3, abs=0.03)
    assert set(swapped) == {0, 1}


@pytest.mark.parametrize(
    ("injection", "words"),
    [
        (replace(SHIFT, column="job"), "needs a numeric column; 'job'"),
        (replace(MISSING, column="height"), "'height' is none of the data"),
        (replace(CATEGORY, column="age"), "needs a column of categories"),
        (replace(CATEGORY, level="cook"), "the training data have it"),
        (replace(TIED, partner="job"), "needs a numeric column"),
        (Injection(kind=DriftKind.LABEL_SWAP), "no change of rows"),
    ],
)
def test_an_injection_that_does_not_fit_says_why(injection: Injection, words: str) -> None:
    with pytest.raises(InvalidError, match=words):
        changed(injection)


def test_a_slice_of_one_class_cannot_change_its_mix() -> None:
    with pytest.raises(InvalidError, match="one class"):
        resample_prior(np.ones(5), PRIOR, 1.0, np.random.default_rng(1), 3)


FAMILY = DriftFamily(primary=SHIFT, others=(SCALE, UNIT, MISSING, CATEGORY, PRIOR))


def made(injection: Injection, dose: float = 1.0, held_out: Slice = HELD_OUT) -> DriftedRows:
    return drifted(injection, dose, held_out, REFERENCE, np.random.default_rng(8))


def test_every_run_of_a_full_plan_finds_its_rows() -> None:
    plan = full_plan(FAMILY, Pace(), seed=9)
    wanted = {(run.kind, run.dose) for run in plan.runs if run.injection}
    assert {(injection.kind, dose) for injection, dose in doses_of(FAMILY)} == wanted


@pytest.mark.parametrize("injection", FAMILY.others[:-1], ids=lambda injection: injection.kind)
def test_of_drifted_rows_only_the_values_of_the_changed_column_are_kept(injection: Injection) -> None:
    found = made(injection)
    assert (len(found.values), found.rows) == (ROWS, ())
    before = cells_of(TABLE, injection.column, is_whole=False)
    assert 0 < sum(new != old for new, old in zip(found.values, before, strict=True)) <= ROWS


def test_a_change_of_the_class_mix_is_kept_as_numbers_of_rows() -> None:
    found = made(PRIOR)
    assert (len(found.rows), found.values) == (ROWS, ())
    assert LABELS[list(found.rows)].mean() == pytest.approx(0.7, abs=0.01)


def test_a_prior_drift_without_labels_is_refused() -> None:
    with pytest.raises(InvalidError, match="labels"):
        made(PRIOR, held_out=Slice(table=TABLE))


def test_what_is_missing_is_sent_as_nothing_and_whole_numbers_as_integers() -> None:
    table = Table(numeric={"n": np.array([1.0, np.nan, 3.0])}, categorical={"c": np.array(["x", "", "y"])})
    assert cells_of(table, "n", is_whole=True) == [1, None, 3]
    assert isinstance(cells_of(table, "n", is_whole=True)[0], int)
    assert cells_of(table, "c", is_whole=False) == ["x", None, "y"]


def test_rows_are_not_repeated_while_there_are_enough() -> None:
    random = np.random.default_rng(1)
    assert len(set(draw(4000, 3500, random).tolist())) == 3500
    assert draw(10, 3500, random).size == 3500
    with pytest.raises(InvalidError, match="no rows"):
        draw(0, 1, random)


LOST_INCOME = replace(MISSING, column="income")


@pytest.mark.parametrize("injection", [SHIFT, SCALE, UNIT, LOST_INCOME, CATEGORY], ids=lambda i: i.kind)
def test_every_injection_at_full_dose_can_be_seen_in_its_column(injection: Injection) -> None:
    found = calibrate(injection, HELD_OUT, REFERENCE, seed=1)
    assert found.column == injection.column
    assert found.is_visible, found


def test_a_drift_that_is_too_small_or_hidden_in_no_single_column_is_not_visible() -> None:
    assert not calibrate(replace(SHIFT, amount=0.05), HELD_OUT, REFERENCE, seed=1).is_visible
    assert not calibrate(TIED, HELD_OUT, REFERENCE, seed=1).is_visible
    # Twenty points more where a tenth is missing already: a smaller change than from none.
    assert 0.1 < calibrate(MISSING, HELD_OUT, REFERENCE, seed=1).psi < 0.25


def test_the_class_mix_shows_only_where_columns_tell_classes_apart() -> None:
    assert not calibrate(PRIOR, HELD_OUT, REFERENCE, seed=1).is_visible
    telling = np.where(TABLE.numeric["age"] > np.quantile(TABLE.numeric["age"], 0.8), 1.0, 0.0)
    found = calibrate(PRIOR, Slice(table=TABLE, labels=telling), REFERENCE, seed=1)
    assert (found.column, found.is_visible) == ("age", True)


def test_missing_values_count_in_psi() -> None:
    after = changed(replace(MISSING, column="income", amount=0.5))
    assert column_psi(REFERENCE, TABLE, "income") < 0.05
    assert column_psi(REFERENCE, after, "income") > 0.25


def test_a_random_slice_is_exchangeable_about_as_often_as_promised() -> None:
    """150 slices at 1 %: 1.5 expected at most; the bound is seven."""
    whole = make_table(11, 9000)
    refused = 0
    for seed in range(150):
        order = np.random.default_rng(seed).permutation(9000)
        found = exchangeability(whole.take(order[:6000]), whole.take(order[6000:]))
        refused += not found.is_exchangeable
    assert refused <= 7


@pytest.mark.parametrize("injection", [SHIFT, SCALE, MISSING, CATEGORY], ids=lambda i: i.kind)
def test_a_slice_that_drifted_is_not_exchangeable_and_the_column_is_named(injection: Injection) -> None:
    found = exchangeability(REFERENCE, changed(injection))
    assert not found.is_exchangeable
    assert repr(injection.column) in found.sentence()
    assert exchangeability(REFERENCE, TABLE).sentence().startswith("The slice is exchangeable")
