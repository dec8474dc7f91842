"""`[extra_rows]` in `challenge.toml`: every mistake is told at once, with its key and what to do."""

from dataclasses import replace

import pytest

from audition.catalog.extra_rows import check_extra_rows
from audition.catalog.shape import Problems
from audition.domain.extra_rows import Corruption, ExtraRowsSpec, RowKind
from audition.domain.metrics import METRICS, Interval
from audition.domain.run import Stage
from tests import factories

STAGES = (Stage.UNPACK, Stage.PREDICT, Stage.REPEAT, Stage.SCORE, Stage.JUDGE)
SPEC = ExtraRowsSpec(file="test.csv", corruptions=(Corruption(kind=RowKind.MISSING, columns=("a",)),))


def told(
    spec: ExtraRowsSpec | None, stages: tuple[Stage, ...] = STAGES, metric: str = "roc_auc"
) -> list[str]:
    problems = Problems()
    manifest = factories.make_manifest(stages=stages, extra_rows=spec)
    manifest = replace(manifest, metric=replace(manifest.metric, name=metric))
    check_extra_rows(manifest, "challenge.toml", problems)
    return problems


def with_one(corruption: Corruption) -> ExtraRowsSpec:
    return replace(SPEC, corruptions=(corruption,))


def test_what_is_in_order_is_accepted() -> None:
    assert told(SPEC) == []
    assert told(None, stages=(Stage.UNPACK,)) == []


def test_the_stage_needs_rows_and_a_first_time() -> None:
    problems = told(None, stages=(Stage.UNPACK, Stage.REPEAT))
    assert [problem.split(": ")[1] for problem in problems] == ["extra_rows", "stages"]


@pytest.mark.parametrize(
    ("spec", "key", "words"),
    [
        (replace(SPEC, file="train.csv"), "file", "among the inputs"),
        (replace(SPEC, copies=3), "copies", "at least 20"),
        (replace(SPEC, corrupted=60_000), "corrupted", "at most 50,000"),
        (replace(SPEC, nudge=0.5), "nudge", "at most 0.1"),
        (with_one(Corruption(kind=RowKind.COPY, columns=("a",))), "corruptions.0.kind", "none of missing"),
        (with_one(Corruption(kind=RowKind.MISSING, columns=())), "corruptions.0.columns", "is empty"),
        (
            with_one(Corruption(kind=RowKind.MISSING, columns=("id",))),
            "corruptions.0.columns",
            "names the id",
        ),
        (
            with_one(Corruption(kind=RowKind.UNIT, columns=("a",), factor=1.0)),
            "corruptions.0.factor",
            "must change",
        ),
        (
            with_one(Corruption(kind=RowKind.UNSEEN, columns=("a",), level=" ")),
            "corruptions.0.level",
            "'missing'",
        ),
    ],
)
def test_each_mistake_is_told_with_its_key(spec: ExtraRowsSpec, key: str, words: str) -> None:
    (problem,) = told(spec)
    assert problem.startswith(f"challenge.toml: extra_rows.{key}: ")
    assert words in problem


def test_rows_cannot_be_added_where_they_belong_together() -> None:
    by_group = next(name for name, facts in METRICS.items() if facts.interval == Interval.CLUSTER)
    (problem,) = told(SPEC, metric=by_group)
    assert "depend on the other rows" in problem
