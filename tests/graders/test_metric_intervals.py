"""Intervals of metrics against scipy, against their theory, and against what they were drawn from."""

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from graders.model_quality import amounts, classes, decisions, ranked
from graders.model_quality.intervals import Design, estimate, resample, wilson
from graders.model_quality.rows import block_length
from graders.model_quality.statistic import Statistic, Sums
from tests.graders.metric_samples import ROWS, SEEDS, amount, binary, labels


def test_a_share_has_the_interval_that_scipy_gives_it() -> None:
    for successes, trials in ((0, 7), (3, 9), (40, 40), (812, 1000)):
        expected = stats.binomtest(successes, trials).proportion_ci(0.9, method="wilson")
        assert wilson(successes, trials, 0.9) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_a_bootstrap_of_a_mean_agrees_with_scipy() -> None:
    truth, said = amount(4)
    errors = np.abs(truth - said)
    found = estimate(amounts.mae(truth, said), rounds=4000, confidence=0.9, seed=1)
    expected = stats.bootstrap(
        (errors,),
        np.mean,
        n_resamples=4000,
        confidence_level=0.9,
        method="percentile",
        rng=np.random.default_rng(2),
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=0.02)
    assert found.method == "percentile bootstrap, 4000 rounds, seed 1"


RESAMPLED: dict[str, Callable[[], Statistic]] = {
    "average precision": lambda: ranked.average_precision(*binary(1)),
    "KS": lambda: ranked.kolmogorov_smirnov(*binary(1)),
    "precision at k": lambda: ranked.precision_at(20)(*binary(1)),
    "macro F1": lambda: classes.macro_f1(*labels(1)),
    "kappa": lambda: classes.kappa(*labels(1)),
    "R2": lambda: amounts.r2(*amount(1)),
    "F1": lambda: decisions.f1(*binary(1), 0.5),
}


@pytest.mark.parametrize("name", RESAMPLED)
def test_a_bootstrap_is_seeded_and_contains_the_value(name: str) -> None:
    statistic = RESAMPLED[name]()
    first, again, other = (estimate(statistic, rounds=200, confidence=0.95, seed=seed) for seed in (7, 7, 8))
    assert first == again
    assert (first.low, first.high) != (other.low, other.high)
    assert first.low < first.value < first.high


RANKED = {
    "average precision": ranked.average_precision,
    "KS": ranked.kolmogorov_smirnov,
    "precision at k": ranked.precision_at(20),
}


@pytest.mark.parametrize("name", ["average precision", "KS", "precision at k", "macro F1"])
def test_a_round_is_the_metric_of_the_rows_that_were_drawn(name: str) -> None:
    """Weights of whole numbers are rows that are there so many times."""
    builders: dict[str, Callable[[Any, Any], Statistic]] = {**RANKED, "macro F1": classes.macro_f1}
    data = labels(2) if name == "macro F1" else binary(2)
    counts = np.random.default_rng(3).integers(0, 3, (4, ROWS)).astype(float)
    found = builders[name](*data).evaluator(None, ROWS)(counts)
    drawn = [tuple(np.repeat(part, row.astype(int)) for part in data) for row in counts]
    assert found == pytest.approx([builders[name](*part).value for part in drawn], abs=1e-12)


@pytest.mark.parametrize("levels", [5, 40, 10**6])
@pytest.mark.parametrize("name", ["average precision", "KS", "precision at k", "ROC AUC"])
def test_rounds_counted_by_place_are_the_metric_of_the_rows_that_were_drawn(name: str, levels: int) -> None:
    build = {**RANKED, "ROC AUC": ranked.roc_auc}[name]
    truth, score = binary(2, levels)
    found = build(truth, score).drawn(20, np.random.default_rng(5))
    drawn = np.random.default_rng(5)
    rows = [np.flatnonzero(truth == label) for label in (1, 0)]
    chosen = np.hstack([own[drawn.integers(own.size, size=(20, own.size))] for own in rows])
    assert found == pytest.approx([build(truth[c], score[c]).value for c in chosen], abs=1e-12)


def test_a_stratified_round_keeps_the_number_of_each_class() -> None:
    truth, _ = binary(1)
    parts = np.stack([truth, np.ones(ROWS)], axis=1)
    share = Sums(parts=parts, combine=lambda sums: sums[:, 0], strata=truth.astype(np.int64))
    values = resample(share, 50, np.random.default_rng(1), Design())
    assert set(values) == {truth.sum()}


def test_rounds_of_groups_draw_groups_whole_and_so_know_less() -> None:
    """Thirty groups whose rows are all alike: the interval is that of thirty rows."""
    random = np.random.default_rng(1)
    groups = np.repeat(np.arange(30), 20)
    errors = np.repeat(random.normal(size=30), 20)
    statistic = amounts.mae(errors, np.zeros(600))
    by_row = estimate(statistic, rounds=500, confidence=0.95, seed=1)
    design = Design(units=groups, count=30, words="group ")
    by_group = estimate(statistic, rounds=500, confidence=0.95, seed=1, design=design)
    assert by_group.method == "group percentile bootstrap, 500 rounds, seed 1"
    ratio = (by_group.high - by_group.low) / (by_row.high - by_row.low)
    assert ratio == pytest.approx(math.sqrt(20), rel=0.2)


def test_blocks_of_periods_see_what_lasts() -> None:
    """An error that lasts for weeks moves the mean more than independent rows would say."""
    random = np.random.default_rng(1)
    error = np.convolve(random.normal(size=412), np.ones(13), mode="valid")
    statistic = amounts.mae(error, np.zeros(400))
    periods = np.arange(400)
    by_row, by_block = (
        estimate(statistic, rounds=500, confidence=0.95, seed=1, design=design)
        for design in (Design(), Design(units=periods, count=400, run=20, words="block "))
    )
    assert by_block.high - by_block.low > 1.8 * (by_row.high - by_row.low)
    assert [block_length(n) for n in (1, 8, 27, 400)] == [1, 2, 3, 7]


def test_a_metric_without_a_value_is_our_fault() -> None:
    with pytest.raises(ValueError, match="no value"):
        estimate(amounts.r2(np.ones(5), np.arange(5.0)), rounds=10, confidence=0.9, seed=1)
    rare = amounts.r2(np.array([1.0] * 29 + [2.0]), np.arange(30.0))
    with pytest.raises(ValueError, match="bootstrap rounds"):
        estimate(rare, rounds=200, confidence=0.9, seed=1)


def test_an_auc_interval_on_20000_rows_takes_well_under_a_second() -> None:
    random = np.random.default_rng(1)
    truth = (random.random(20_000) < 0.2).astype(float)
    score = random.normal(size=20_000) + truth
    began = time.process_time()
    estimate(ranked.roc_auc(truth, score), rounds=1000, confidence=0.95, seed=1)
    assert time.process_time() - began < 0.3


@pytest.mark.parametrize("seed", SEEDS)
def test_delong_has_the_variance_of_its_own_definition(seed: int) -> None:
    truth, score = binary(seed, 12)
    positive, negative = score[truth == 1], score[truth == 0]
    kernel = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    expected = (
        kernel.mean(axis=1).var(ddof=1) / positive.size + kernel.mean(axis=0).var(ddof=1) / negative.size
    )
    assert ranked.delong(truth, score) == pytest.approx((kernel.mean(), expected), abs=1e-12)
