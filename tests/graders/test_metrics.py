"""Every metric against scikit-learn or against its own definition written out, by brute force on small cases."""

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from audition.domain.metrics import METRICS
from graders.model_quality import amounts, classes, decisions, lists, ranked, survival, text
from graders.model_quality.intervals import estimate
from graders.model_quality.statistic import Array
from graders.model_quality.table import MEASURES
from tests.graders.metric_samples import ROWS, SEEDS, amount, binary, labels


def test_every_metric_that_is_described_is_computed_and_nothing_else() -> None:
    assert MEASURES.keys() == METRICS.keys()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("levels", [3, 40, 10**6])
def test_metrics_of_two_classes_are_those_of_scikit_learn(seed: int, levels: int) -> None:
    truth, score = binary(seed, levels)
    decided = score >= 0.5
    expected = [
        (ranked.roc_auc(truth, score), sk.roc_auc_score(truth, score)),
        (ranked.average_precision(truth, score), sk.average_precision_score(truth, score)),
        (
            ranked.kolmogorov_smirnov(truth, score),
            stats.ks_2samp(score[truth == 1], score[truth == 0]).statistic,
        ),
        (decisions.log_loss(truth, score), sk.log_loss(truth, score)),
        (decisions.brier(truth, score), sk.brier_score_loss(truth, score)),
        (decisions.f1(truth, score, 0.5), sk.f1_score(truth, decided)),
        (decisions.matthews(truth, score, 0.5), sk.matthews_corrcoef(truth, decided)),
        (decisions.balanced_accuracy(truth, score, 0.5), sk.balanced_accuracy_score(truth, decided)),
    ]
    for found, value in expected:
        assert found.value == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_metrics_of_labels_are_those_of_scikit_learn(seed: int) -> None:
    truth, said = labels(seed)
    random = np.random.default_rng(seed)
    shares = random.dirichlet(np.ones(5), ROWS)
    expected = [
        (classes.accuracy(truth, said), sk.accuracy_score(truth, said)),
        (classes.macro_f1(truth, said), sk.f1_score(truth, said, average="macro")),
        (classes.weighted_f1(truth, said), sk.f1_score(truth, said, average="weighted")),
        (classes.kappa(truth, said), sk.cohen_kappa_score(truth, said)),
        (classes.log_loss(truth, shares), sk.log_loss(truth, shares, labels=range(5))),
    ]
    for found, value in expected:
        assert found.value == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_metrics_of_amounts_are_those_of_scikit_learn(seed: int) -> None:
    truth, said = amount(seed)
    expected = [
        (amounts.mae(truth, said), sk.mean_absolute_error(truth, said)),
        (amounts.rmse(truth, said), sk.root_mean_squared_error(truth, said)),
        (amounts.r2(truth, said), sk.r2_score(truth, said)),
        (amounts.mape(truth, said), sk.mean_absolute_percentage_error(truth, said)),
        (amounts.rmsle(truth, said), sk.root_mean_squared_log_error(truth, said)),
        (amounts.pinball(truth, said, 0.9), sk.mean_pinball_loss(truth, said, alpha=0.9)),
        (amounts.wape(truth, said), np.abs(truth - said).sum() / truth.sum()),
        (amounts.smape(truth, said), np.mean(2 * np.abs(truth - said) / (truth + said))),
    ]
    for found, value in expected:
        assert found.value == pytest.approx(value, abs=1e-12)


def test_a_share_of_the_variance_survives_a_large_offset() -> None:
    truth, said = amount(1)
    assert amounts.r2(truth + 1e9, said + 1e9).value == pytest.approx(sk.r2_score(truth, said), abs=1e-6)


def test_percentages_and_logarithms_refuse_answers_they_cannot_take() -> None:
    zero = np.array([0.0, 1.0])
    with pytest.raises(ValueError, match="choose sMAPE or WAPE"):
        amounts.mape(zero, zero)
    with pytest.raises(ValueError, match=r"output\.minimum to 0"):
        amounts.rmsle(zero, zero - 2)
    assert amounts.smape(zero, zero).value == 0


def test_forecasts_are_measured_in_units_of_the_naive_forecast() -> None:
    truth, said = np.array([10.0, 12, 100, 130]), np.array([11.0, 10, 100, 100])
    scale, series = np.array([2.0, 2, 10, 10]), np.array([0, 0, 1, 1])
    assert amounts.mase(truth, said, scale).value == pytest.approx((1 / 2 + 2 / 2 + 0 + 30 / 10) / 4)
    by_series = [math.sqrt((1 + 4) / 2 / 2), math.sqrt(900 / 2 / 10)]
    assert amounts.rmsse(truth, said, scale, series).value == pytest.approx(sum(by_series) / 2)
    with pytest.raises(ValueError, match="not above 0"):
        amounts.mase(truth, said, scale * 0)


def test_the_interval_score_is_width_and_misses_by_its_definition() -> None:
    """Bracher et al., 2021: (|y - median| / 2 + alpha / 2 * IS) / (1 + 1 / 2), for one central interval."""
    truth, (low, middle, high) = 10.0, (4.0, 6.0, 9.0)
    alpha = 0.2
    interval = (high - low) + 2 / alpha * (truth - high)
    expected = (abs(truth - middle) / 2 + alpha / 2 * interval) / 1.5
    found = amounts.weighted_interval_score(
        np.array([truth]), np.array([[low, middle, high]]), (alpha / 2, 0.5, 1 - alpha / 2)
    )
    assert found.value == pytest.approx(expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_ranking_within_queries_is_that_of_scikit_learn(seed: int) -> None:
    random = np.random.default_rng(seed)
    query = np.sort(random.integers(0, 20, ROWS))
    _, query = np.unique(query, return_inverse=True)
    relevance, score = random.integers(0, 4, ROWS).astype(float), random.random(ROWS)
    parts = [(2.0 ** relevance[query == q] - 1, score[query == q]) for q in np.unique(query)]
    expected = np.mean([sk.ndcg_score([gain], [s], k=5) for gain, s in parts if gain.any()])
    found = lists.over_queries(lists.ndcg, relevance, score, query, 5)
    assert found.value == pytest.approx(expected, abs=1e-12)
    shuffled = random.permutation(ROWS)
    again = lists.over_queries(lists.ndcg, relevance[shuffled], score[shuffled], query[shuffled], 5)
    assert again.value == pytest.approx(expected, abs=1e-12)


def test_equal_scores_in_a_query_earn_nothing_by_luck() -> None:
    relevance, query = np.array([1.0, 0, 0, 0]), np.zeros(4, dtype=np.int64)
    found = lists.over_queries(lists.reciprocal_rank, relevance, np.zeros(4), query, 10)
    assert found.value == 1 / 4


LISTED = (("a", "x", "b", "y"), ("y", "x", "c"), ())
RELEVANT = (frozenset("ab"), frozenset("cd"), frozenset("e"))


@pytest.mark.parametrize(
    ("per_list", "expected"),
    [
        (lists.recall, (2 / 2 + 1 / 2 + 0) / 3),
        (lists.reciprocal_rank, (1 + 1 / 3 + 0) / 3),
        (lists.average_precision, ((1 + 2 / 3) / 2 + (1 / 3) / 2 + 0) / 3),
        (
            lists.ndcg,
            ((1 + 1 / 2) / (1 + 1 / math.log2(3)) + (1 / 2) / (1 + 1 / math.log2(3)) + 0) / 3,
        ),
    ],
)
def test_recommendations_are_measured_by_the_definitions(per_list: lists.PerList, expected: float) -> None:
    assert lists.over_lists(per_list, RELEVANT, LISTED, 3).value == pytest.approx(expected)


def test_what_comes_after_the_first_k_counts_for_nothing() -> None:
    assert lists.over_lists(lists.recall, RELEVANT, LISTED, 2).value == pytest.approx((1 / 2 + 0 + 0) / 3)
    with pytest.raises(ValueError, match="empty list"):
        lists.over_lists(lists.recall, (frozenset(),), ((),), 2)


def test_precision_among_the_first_shares_out_ties_at_the_edge() -> None:
    truth, score = np.array([1.0, 0, 1, 0, 0]), np.array([0.9, 0.8, 0.5, 0.5, 0.1])
    assert ranked.precision_at(3)(truth, score).value == pytest.approx((1 + 0 + 1 / 2) / 3)
    assert ranked.precision_at(1)(truth, score).value == 1


def people(seed: int, rows: int = 60) -> tuple[Array, Array, Array]:
    """Times of events or last looks, whole numbers so that there are ties, and a risk that says something."""
    random = np.random.default_rng(seed)
    risk = random.normal(size=rows).round(1)
    happens, looks = random.exponential(np.exp(-risk) * 10), random.exponential(15, rows)
    time = np.ceil(np.minimum(happens, looks))
    return time, (happens <= looks).astype(float), risk


def free_before(time: Array, event: Array, at: float, *, is_at: bool = False) -> float:
    """The product-limit estimate written out."""
    free = 1.0
    for moment in sorted(set(time[event == 0])):
        if moment < at or (is_at and moment == at):
            present = ((time > moment) | ((time == moment) & (event == 0))).sum()
            free *= 1 - ((time == moment) & (event == 0)).sum() / present
    return free


def concordance_by_hand(time: Array, event: Array, risk: Array, weight: Callable[[int], float]) -> float:
    won = compared = 0.0
    for i, j in itertools.permutations(range(time.size), 2):
        if event[i] and (time[i] < time[j] or (time[i] == time[j] and not event[j])):
            compared += weight(i)
            won += weight(i) * (1.0 if risk[i] > risk[j] else 0.5 if risk[i] == risk[j] else 0.0)
    return won / compared


@pytest.mark.parametrize("seed", SEEDS)
def test_concordance_is_the_share_of_pairs_in_order(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survival, "_BLOCK", 700)
    time, event, risk = people(seed)
    last = time[event == 1].max()

    def weight(row: int) -> float:
        return free_before(time, event, time[row]) ** -2 if time[row] < last else 0.0

    expected = concordance_by_hand(time, event, risk, lambda _: 1.0)
    assert survival.harrell_c(time, event, risk).value == pytest.approx(expected, abs=1e-12)
    expected = concordance_by_hand(time, event, risk, weight)
    assert survival.uno_c(time, event, risk).value == pytest.approx(expected, abs=1e-12)


def test_without_censoring_concordance_of_two_moments_is_the_roc_auc() -> None:
    truth, score = binary(3)
    found = survival.harrell_c(2 - truth, np.ones(ROWS), score)
    assert found.value == pytest.approx(ranked.roc_auc(truth, score).value, abs=1e-12)
    ours = estimate(found, rounds=2, confidence=0.95, seed=1)
    delong = estimate(ranked.roc_auc(truth, score), rounds=2, confidence=0.95, seed=1)
    assert (ours.low, ours.high) == pytest.approx((delong.low, delong.high), abs=2e-3)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_integrated_brier_score_is_the_weighted_mean_of_its_definition(seed: int) -> None:
    time, event, risk = people(seed)
    times = (2.0, 4.0, 7.0)
    said = np.exp(-np.outer(np.exp(risk) / 10, times))
    at = []
    for column, moment in enumerate(times):
        total = 0.0
        for row in range(time.size):
            if time[row] <= moment and event[row]:
                total += said[row, column] ** 2 / free_before(time, event, time[row])
            elif time[row] > moment:
                total += (1 - said[row, column]) ** 2 / free_before(time, event, moment, is_at=True)
        at.append(total / time.size)
    expected = ((at[0] + at[1]) / 2 * 2 + (at[1] + at[2]) / 2 * 3) / 5
    assert survival.integrated_brier(time, event, said, times).value == pytest.approx(expected, abs=1e-12)


def test_texts_are_compared_by_their_words() -> None:
    truth, said = ("The blue whale!", "a cat", "ten"), ("blue  Whale", "the dog", "eleven ten")
    assert text.exact_match(truth, said).value == pytest.approx(1 / 3)
    assert text.token_f1(truth, said).value == pytest.approx((1 + 0 + 2 / 3) / 3)
    assert text.token_f1(("",), ("",)).value == 1
