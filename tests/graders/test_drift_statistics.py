"""Each statistic against SciPy's, or against the definition where SciPy has none."""

from itertools import product
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from graders.drift.statistics import (
    Array,
    chi_square,
    chi_square_tail,
    kolmogorov,
    ks_p_value,
    ks_statistic,
    labelings,
    max_t,
    most_events,
    psi,
    share_interval,
    wasserstein,
    welch,
)

samples = st.lists(st.integers(-20, 20).map(float), min_size=2, max_size=30).map(np.array)


@given(a=samples, b=samples)
def test_distances_of_two_samples_equal_those_of_scipy(a: Array, b: Array) -> None:
    assert ks_statistic(np.sort(a), b) == pytest.approx(stats.ks_2samp(a, b, method="asymp").statistic)
    assert wasserstein(a, b) == pytest.approx(stats.wasserstein_distance(a, b), abs=1e-9)


def test_many_windows_are_measured_at_once() -> None:
    random = np.random.default_rng(1)
    reference, windows = np.sort(random.normal(size=300)), random.normal(0.3, 1, size=(3, 4, 50))
    found = ks_statistic(reference, windows)
    assert found.shape == (3, 4)
    for place in product(range(3), range(4)):
        assert found[place] == pytest.approx(stats.ks_2samp(reference, windows[place]).statistic)


def test_kolmogorovs_distribution_is_that_of_scipy() -> None:
    values = np.linspace(0, 4, 200)
    assert kolmogorov(values) == pytest.approx(special.kolmogorov(values), abs=1e-10)


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.3])
def test_the_p_value_of_two_samples_is_near_the_exact_one(shift: float) -> None:
    random = np.random.default_rng(2)
    a, b = np.sort(random.normal(size=500)), random.normal(shift, 1, size=200)
    exact = stats.ks_2samp(a, b, method="exact").pvalue
    assert ks_p_value(ks_statistic(a, b), 200, 500) == pytest.approx(exact, rel=0.1, abs=1e-3)


@given(
    counts=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=2, max_size=8).filter(
        lambda rows: (
            all(sum(column) for column in zip(*rows, strict=True)) and sum(any(row) for row in rows) > 1
        )
    )
)
def test_chi_square_equals_scipy(counts: list[tuple[int, int]]) -> None:
    table = np.array(counts, dtype=float).T
    table = table[:, table.sum(axis=0) > 0]
    expected = stats.chi2_contingency(table, correction=False)
    assert chi_square(*np.array(counts, dtype=float).T) == pytest.approx(expected[:2], abs=1e-10)


@pytest.mark.parametrize("statistic", [0.0, 0.01, 0.5, 3.0, 30.0, 300.0])
@pytest.mark.parametrize("degrees", [1, 2, 9, 60])
def test_tails_of_chi_square_equal_scipy(statistic: float, degrees: int) -> None:
    expected = stats.chi2.sf(statistic, degrees)
    assert chi_square_tail(statistic, degrees) == pytest.approx(expected, rel=1e-9, abs=1e-300)


def test_one_category_cannot_differ() -> None:
    assert chi_square(np.array([5.0, 0.0]), np.array([9.0, 0.0])) == (0.0, 1.0)


def test_psi_is_the_sum_of_its_definition_and_zero_for_equal_shares() -> None:
    expected = (0.5 - 0.25) * np.log(2) + (0.5 - 0.75) * np.log(0.5 / 0.75)
    assert psi(np.array([25.0, 75.0]), np.array([5.0, 5.0])) == pytest.approx(expected)
    assert psi(np.array([30.0, 60.0]), np.array([1.0, 2.0])) == 0
    assert np.isfinite(psi(np.array([10.0, 10.0]), np.array([7.0, 0.0])))


@pytest.mark.parametrize(("rows", "mean", "most"), [(100, 0.09, 0.17), (200, 0.05, 0.09), (500, 0.02, 0.04)])
def test_psi_without_drift_is_as_large_as_theory_says(rows: int, mean: float, most: float) -> None:
    """Ten equal bins, reference 5,000: (1/N + 1/M) times chi-square(9); mean and 95th percentile, to 0.02."""
    random = np.random.default_rng(3)
    counts = random.multinomial(rows, [0.1] * 10, size=4000).astype(float)
    values = psi(np.full(10, 500.0), counts)
    assert values.mean() == pytest.approx(mean, abs=0.02)
    assert np.quantile(values, 0.95) == pytest.approx(most, abs=0.02)


@pytest.mark.parametrize(("hits", "of"), [(0, 4), (0, 10), (3, 10), (9, 10), (4, 4)])
def test_intervals_of_shares_are_exact(hits: int, of: int) -> None:
    level = 0.9 if hits in {0, of} else 0.95  # One tail takes all where the other is certain.
    expected = stats.binomtest(hits, of).proportion_ci(level)
    assert share_interval(hits, of) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_none_of_four_still_allows_half_and_none_of_none_allows_everything() -> None:
    assert share_interval(0, 4)[1] == pytest.approx(0.53, abs=0.005)
    assert share_interval(0, 10)[1] == pytest.approx(0.26, abs=0.005)
    assert share_interval(0, 0) == (0, 1)


@pytest.mark.parametrize("seen", [0, 1, 7, 80])
def test_the_bound_on_events_is_that_of_poisson(seen: int) -> None:
    assert most_events(seen) == pytest.approx(stats.chi2.ppf(0.95, 2 * seen + 2) / 2)
    assert most_events(0) == pytest.approx(3, abs=0.01)


@pytest.mark.parametrize("arm", [2, 3, 4, 5])
def test_every_labeling_is_there_once_and_the_true_one_first(arm: int) -> None:
    truth = np.array([True, False] * arm)
    table = labelings(truth)
    assert table.shape == (comb(2 * arm, arm), 2 * arm)
    assert (table[0] == truth).all()
    assert len({tuple(row) for row in table.tolist()}) == len(table)
    assert (table.sum(axis=1) == arm).all()


ALTERNATING = np.array([True, False] * 4)


def test_the_statistic_of_one_series_is_welchs() -> None:
    values = np.random.default_rng(4).normal(size=(8, 3))
    expected = stats.ttest_ind(values[ALTERNATING], values[~ALTERNATING], equal_var=False).statistic
    assert welch(values, ALTERNATING[np.newaxis], np.zeros(3))[0] == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(6))
def test_the_p_value_of_one_series_is_that_of_scipys_permutation_test(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(size=(8, 1)) + ALTERNATING[:, np.newaxis] * random.uniform(0, 3)

    def statistic(a: Array, b: Array) -> float:
        return float(abs(stats.ttest_ind(a, b, equal_var=False).statistic))

    expected = stats.permutation_test(
        (values[ALTERNATING, 0], values[~ALTERNATING, 0]),
        statistic,
        permutation_type="independent",
        n_resamples=np.inf,
        alternative="greater",
    )
    assert max_t(values, ALTERNATING, np.zeros(1))[1][0] == pytest.approx(expected.pvalue)


def test_the_smallest_p_value_of_four_and_four_is_two_in_seventy() -> None:
    values = ALTERNATING[:, np.newaxis] * 100.0 + np.random.default_rng(5).normal(size=(8, 1))
    assert max_t(values, ALTERNATING, np.zeros(1))[1][0] == pytest.approx(2 / 70)


def test_series_that_never_move_do_not_disturb() -> None:
    values = np.zeros((8, 3))
    values[:, 1] = ALTERNATING * 5.0
    values[:, 2] = 7.5
    statistic, p_value = max_t(values, ALTERNATING, np.full(3, 1e-9))
    assert p_value.tolist() == pytest.approx([1, 2 / 70, 1])
    assert statistic[1] > 0


def test_without_drift_the_largest_of_forty_series_is_significant_no_more_often_than_promised() -> None:
    """400 experiments at p <= 0.03: 11.4 expected, standard deviation 3.3; the bound is four of them."""
    random = np.random.default_rng(6)
    hits = 0
    for _ in range(400):
        values = random.standard_t(3, size=(8, 40)) * random.uniform(0.1, 100, size=40)
        hits += max_t(values, ALTERNATING, np.zeros(40))[1].min() <= 0.03
    assert hits <= 25
