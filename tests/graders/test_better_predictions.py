"""A prediction that comes nearer to the truth never lowers the score, whatever the metric."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audition.domain.challenge import Anchor
from audition.domain.metrics import METRICS, Direction, Form
from graders.cells import Value
from graders.model_quality.anchors import score_of
from graders.model_quality.rows import Rows
from graders.model_quality.table import MEASURES
from tests.graders.test_measuring import IDS, case

#: Metrics that one better row can lower by their own definition, as correlations and means over labels may; and those
#: whose predictions are risks, which have no nearer value.
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


@settings(max_examples=25, deadline=None)
@given(which=st.integers(0, len(IDS) - 1))
def test_a_right_label_or_list_in_place_of_another_never_lowers_the_value(which: int) -> None:
    for name in ("accuracy", "exact_match", "token_f1", "ndcg_at_k", "map_at_k", "recall_at_k", "mrr"):
        manifest, answers, said = case(name)
        rows = Rows.of(manifest, answers, said)
        better = {**said, IDS[which]: answers.values[IDS[which]]}
        assert MEASURES[name](replace(rows, predictions=better)).value >= MEASURES[name](rows).value - 1e-12
