"""What `challenge validate` says about a metric."""

from dataclasses import replace
from typing import Any

import pytest

from audition.catalog.manifest import check_manifest
from audition.catalog.shape import Problems
from audition.domain.challenge import DETAIL_CHECKS, Anchor, DetailSpec, Manifest, Resampling
from audition.domain.metrics import METRICS, Direction
from tests.factories import make_manifest


def anchors(*values: float) -> tuple[Anchor, ...]:
    return tuple(Anchor(name=f"a{n}", value=v, score=n / 2) for n, v in enumerate(values))


def changed(metric: dict[str, Any], output: dict[str, Any], answers: dict[str, Any]) -> Manifest:
    base = make_manifest()
    return replace(
        base,
        metric=replace(base.metric, **metric),
        output=replace(base.output, **output),
        answers=replace(base.answers, **answers),
    )


def told(manifest: Manifest) -> list[str]:
    problems = Problems()
    check_manifest(manifest, manifest.slug, problems)
    return list(problems)


LOWER: dict[str, Any] = {"direction": Direction.LOWER, "anchors": anchors(2.0, 1.0)}
SEVERAL: dict[str, Any] = {"prediction_column": "", "prediction_columns": ("p1", "p2")}


@pytest.mark.parametrize(
    ("metric", "output", "answers"),
    [
        ({"name": "rmse", **LOWER}, {"minimum": None, "maximum": None}, {}),
        ({"name": "accuracy"}, {"labels": ("a", "b")}, {}),
        ({"name": "multiclass_log_loss", **LOWER}, {**SEVERAL, "labels": ("a", "b")}, {}),
        ({"name": "weighted_interval_score", **LOWER, "quantiles": (0.1, 0.9)}, SEVERAL, {}),
        ({"name": "integrated_brier", **LOWER, "times": (1.0, 2.0)}, SEVERAL, {"event_column": "died"}),
        ({"name": "query_mrr"}, {}, {"group_column": "query"}),
        ({"name": "ndcg_at_k"}, {}, {}),
        ({"name": "wape", **LOWER, "resampling": Resampling.BLOCKS}, {}, {"time_column": "week"}),
    ],
)
def test_a_metric_with_all_it_needs_is_in_order(
    metric: dict[str, Any], output: dict[str, Any], answers: dict[str, Any]
) -> None:
    assert told(changed(metric, output, answers)) == []


@pytest.mark.parametrize(
    ("metric", "output", "answers", "words"),
    [
        ({"name": "auc"}, {}, {}, "metric.name: 'auc' is not known; choose of roc_auc, "),
        ({"name": "rmse"}, {}, {}, "metric.direction: is 'higher', but of rmse lower is better."),
        (
            {"anchors": anchors(0.5, 84.0)},
            {},
            {},
            "anchors.a1: 84 is no value of roc_auc, which lies in [0, 1].",
        ),
        ({"name": "r2", "anchors": anchors(0.0, 1.5)}, {}, {}, "which lies in (-inf, 1]."),
        ({"name": "accuracy"}, {}, {}, "output.labels: is empty; accuracy needs it."),
        ({"name": "query_mrr"}, {}, {}, "answers.group_column: is empty; query_mrr needs it."),
        ({"name": "harrell_c"}, {}, {}, "answers.event_column: is empty"),
        ({"name": "pinball", **LOWER}, {}, {}, "metric.quantiles: is empty; pinball needs it."),
        ({"name": "pinball", **LOWER, "quantiles": (0.1, 0.9)}, {}, {}, "metric.quantiles: name one;"),
        (
            {"name": "weighted_interval_score", **LOWER, "quantiles": (0.9, 0.1)},
            SEVERAL,
            {},
            "metric.quantiles: list finite values, each once, from small to large.",
        ),
        ({"quantiles": (0.0, 0.5)}, {}, {}, "metric.quantiles: must lie between 0 and 1."),
        (
            {"name": "weighted_interval_score", **LOWER, "quantiles": (0.1, 0.5, 0.9)},
            SEVERAL,
            {},
            "output.prediction_columns: names 2 column(s); weighted_interval_score needs 3 here.",
        ),
        ({}, SEVERAL, {}, "output.prediction_columns: names 2 column(s); roc_auc needs 1 here."),
        ({}, {"prediction_columns": ("p", "q")}, {}, "write this or prediction_column, not both."),
        ({}, {"prediction_column": ""}, {}, "output.prediction_column: is empty; name the column"),
        ({}, {"labels": ("a", "a")}, {}, "output.labels: 'a' is listed more than once."),
        ({"name": "brier", **LOWER}, {"maximum": None}, {}, "set minimum 0.0 and maximum 1.0."),
        ({"name": "rmsle", **LOWER}, {"minimum": None}, {}, "output.minimum: set 0.0"),
        (
            {"resampling": Resampling.GROUPS},
            {},
            {},
            "answers.group_column: is empty; name the column whose groups",
        ),
        (
            {"resampling": Resampling.BLOCKS},
            {},
            {},
            "answers.time_column: is empty; name the column whose periods",
        ),
        (
            {"name": "uno_c", "resampling": Resampling.GROUPS},
            {},
            {"group_column": "g", "event_column": "e"},
            "metric.resampling: leave it out; uno_c has a way of its own.",
        ),
        ({"at": 0}, {}, {}, "metric.at: is 0; it must be 1 or more."),
    ],
)
def test_each_rule_of_the_metric_is_told(
    metric: dict[str, Any], output: dict[str, Any], answers: dict[str, Any], words: str
) -> None:
    problems = told(changed(metric, output, answers))
    assert any(words in line for line in problems), problems


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ({"slices": ("a", "a")}, "detail.slices: 'a' is listed more than once."),
        ({"groups": ("defaulted",)}, "detail.groups: names the id or the answer"),
        ({"compare": {"baseline": "../b.csv"}}, "detail.compare.baseline: '../b.csv' must be a private"),
        ({"compare": {"baseline": "test.csv"}}, "detail.compare.baseline: 'test.csv' must be a private"),
        ({"miss_cost": 2.0}, "detail.miss_cost: give both costs, each above 0, or none."),
        (
            {"points": {"model.beauty": 1.0}},
            "detail.points: 'model.beauty' is none of model.slices.declared,",
        ),
        (
            {"points": {"model.groups.gap": -1.0}},
            "detail.points.model.groups.gap: is -1.0; it must be 0 or more.",
        ),
    ],
)
def test_each_rule_of_what_is_looked_at_beyond_is_told(detail: dict[str, Any], words: str) -> None:
    problems = told(replace(make_manifest(), detail=DetailSpec(**detail)))
    assert any(words in line for line in problems), problems


def test_all_that_can_be_looked_at_beyond_is_in_order() -> None:
    detail = DetailSpec(
        slices=("a",),
        groups=("b",),
        compare={"baseline": "baseline.csv"},
        false_alarm_cost=1,
        miss_cost=2,
        points=dict.fromkeys(DETAIL_CHECKS, 1.0),
    )
    assert told(replace(make_manifest(), detail=detail)) == []


def test_what_metrics_need_are_keys_of_the_manifest() -> None:
    manifest = make_manifest()
    for facts in METRICS.values():
        for key in facts.needs:
            table, name = key.split(".")
            assert hasattr(getattr(manifest, table), name)
