"""A prediction that comes nearer to the truth never lowers the score, whatever the metric."""

import itertools
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audition.domain.challenge import Anchor
from audition.domain.metrics import METRICS, Direction, Form
from graders.answers import Answers
from graders.cells import Value
from graders.model_quality.anchors import score_of
from graders.model_quality.rows import Rows
from graders.model_quality.table import MEASURES
from tests.graders.test_measuring import IDS, case

#: Metrics that one better row can lower by their own definition, as correlations and means over labels may; and those
#: of an order, which have no nearer value.
NOT_BY_ROW = {"mcc", "kappa", "macro_f1", "weighted_f1", "ks", "smape", "harrell_c", "uno_c"}
NUMBERS = sorted(
    name
    for name, facts in METRICS.items()
    if facts.form in {Form.NUMBER, Form.PROBABILITY}
    and name not in NOT_BY_ROW
    and not name.startswith("query")
)


def line(name: str) -> tuple[Anchor, ...]:
    """Anchors that any value falls between."""
    is_higher = METRICS[name].direction == Direction.HIGHER
    ends = ((-100.0, 0.0), (1.0, 1.0)) if is_higher else ((1000.0, 0.0), (0.0, 1.0))
    return tuple(Anchor(name=f"a{n}", value=value, score=score) for n, (value, score) in enumerate(ends))


@pytest.mark.parametrize("name", NUMBERS)
@settings(max_examples=25, deadline=None)
@given(which=st.integers(0, len(IDS) - 1), share=st.floats(0, 1))
def test_a_row_that_comes_nearer_to_its_answer_never_lowers_the_score(
    name: str, which: int, share: float
) -> None:
    manifest, answers, said = case(name)
    rows = Rows.of(replace(manifest, metric=replace(manifest.metric, anchors=line(name))), answers, said)
    identifier = IDS[which]
    true, before = answers.values[identifier], said[identifier]
    assert isinstance(true, float)
    assert isinstance(before, float)
    better: dict[str, Value] = {**said, identifier: before + share * (true - before)}
    scores = [
        score_of(MEASURES[name](each).value, rows.spec.anchors)
        for each in (rows, replace(rows, predictions=better))
    ]
    assert scores[1] >= scores[0] - 1e-12


SEVERAL = sorted(
    name
    for name, facts in METRICS.items()
    if facts.form in {Form.PROBABILITIES, Form.QUANTILES, Form.SURVIVAL}
)


def ideal(name: str, identifier: str) -> tuple[float, ...]:
    """What a row's several numbers would be if one knew its answer."""
    manifest, answers, _ = case(name)
    true = answers.values[identifier]
    if METRICS[name].form == Form.PROBABILITIES:
        return tuple(float(label == true) for label in manifest.output.labels)
    assert isinstance(true, float)
    if METRICS[name].form == Form.QUANTILES:
        return (true,) * len(manifest.metric.quantiles)
    return tuple(float(true > moment) for moment in manifest.metric.times)


@pytest.mark.parametrize("name", SEVERAL)
@settings(max_examples=25, deadline=None)
@given(which=st.integers(0, len(IDS) - 1), share=st.floats(0, 0.999))
def test_several_numbers_that_come_nearer_to_what_happened_never_lower_the_score(
    name: str, which: int, share: float
) -> None:
    manifest, answers, said = case(name)
    rows = Rows.of(manifest, answers, said)
    before = said[IDS[which]]
    assert isinstance(before, tuple)
    nearer = tuple(
        b + share * (t - b)
        for b, t in zip(before, ideal(name, IDS[which]), strict=True)
        if isinstance(b, float)
    )
    better: dict[str, Value] = {**said, IDS[which]: nearer}
    values = [MEASURES[name](each).value for each in (rows, replace(rows, predictions=better))]
    sign = 1 if METRICS[name].direction == Direction.HIGHER else -1
    assert sign * (values[1] - values[0]) >= -1e-12


ORDERS = (
    "roc_auc",
    "average_precision",
    "precision_at_k",
    "harrell_c",
    *sorted(n for n in METRICS if "query" in n),
)


def is_wrong(name: str, answers: Answers, higher: str, lower: str) -> bool:
    """Whether the second row should stand above the first, as the metric sees it."""
    a, b = answers.values[higher], answers.values[lower]
    assert isinstance(a, float)
    assert isinstance(b, float)
    columns = answers.columns
    if name == "harrell_c":  # Who has an event sooner has the higher risk.
        return columns["event"][lower] == "1" and b < a
    return b > a and ("query" not in name or columns["group"][higher] == columns["group"][lower])


@pytest.mark.parametrize("name", ORDERS)
def test_two_rows_in_the_wrong_order_put_right_never_lower_the_value(name: str) -> None:
    """Of concordances this holds for Harrell's: Uno's weighs later rows more, so that a swap may cost it."""
    manifest, answers, _ = case(name)
    said: dict[str, Value] = {i: float(n * 17 % 40) for n, i in enumerate(IDS)}
    rows = Rows.of(manifest, answers, said)
    before = MEASURES[name](rows).value
    order = sorted(IDS, key=lambda i: str(said[i]).zfill(5), reverse=True)
    wrong = [(a, b) for a, b in itertools.combinations(order, 2) if is_wrong(name, answers, a, b)]
    assert len(wrong) > 10
    for higher, lower in wrong:
        better = {**said, higher: said[lower], lower: said[higher]}
        assert MEASURES[name](replace(rows, predictions=better)).value >= before - 1e-12, (higher, lower)


@settings(max_examples=25, deadline=None)
@given(which=st.integers(0, len(IDS) - 1))
def test_a_right_label_or_list_in_place_of_another_never_lowers_the_value(which: int) -> None:
    for name in ("accuracy", "exact_match", "token_f1", "ndcg_at_k", "map_at_k", "recall_at_k", "mrr"):
        manifest, answers, said = case(name)
        rows = Rows.of(manifest, answers, said)
        better = {**said, IDS[which]: answers.values[IDS[which]]}
        assert MEASURES[name](replace(rows, predictions=better)).value >= MEASURES[name](rows).value - 1e-12


@pytest.mark.parametrize("name", sorted(METRICS))
@settings(max_examples=10, deadline=None)
@given(share=st.floats(0, 0.95), seed=st.integers(0, 99))
def test_being_right_of_all_rows_is_worth_as_much_as_anything_else(
    name: str, share: float, seed: int
) -> None:
    """Also of the metrics that one better row can lower."""
    manifest, answers, said = case(name)
    rows = Rows.of(replace(manifest, metric=replace(manifest.metric, anchors=line(name))), answers, said)
    perfect: dict[str, Value] = {i: right(name, i) for i in IDS}
    kept = random.Random(seed).sample(IDS, round(share * len(IDS)))
    some = {i: perfect[i] if i in kept else said[i] for i in IDS}
    scores = [
        score_of(MEASURES[name](replace(rows, predictions=p)).value, rows.spec.anchors)
        for p in (said, some, perfect)
    ]
    assert scores[2] >= max(scores) - 1e-12


def right(name: str, identifier: str) -> Value:
    """What a row's prediction would be if one knew its answer."""
    _, answers, _ = case(name)
    true = answers.values[identifier]
    if METRICS[name].form in {Form.PROBABILITIES, Form.QUANTILES, Form.SURVIVAL}:
        return ideal(name, identifier)
    # Who has an event sooner has the higher risk.
    return -float(true) if name in {"harrell_c", "uno_c"} and isinstance(true, float) else true
