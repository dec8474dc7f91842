"""`[variants]` in `challenge.toml`: every mistake is told at once, with its key and what to do."""

from dataclasses import replace

import pytest

from audition.catalog.shape import Problems
from audition.catalog.variants import check_variants
from audition.domain.extra_rows import ExtraRowsSpec
from audition.domain.variant import VariantSpec
from tests import factories

SPEC = VariantSpec(file="test.csv", marks={"income": 5.0}, pseudonyms=("id",), label="defaulted")


def told(spec: VariantSpec | None, extra_rows: ExtraRowsSpec | None = None) -> list[str]:
    problems = Problems()
    manifest = factories.make_manifest(inputs=("test.csv",), variants=spec, extra_rows=extra_rows)
    check_variants(manifest, "challenge.toml", problems)
    return problems


def test_what_is_in_order_is_accepted() -> None:
    assert told(SPEC) == []
    assert told(None) == []


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"file": "other.csv"}, "file"),
        ({"copies": 0}, "copies"),
        ({"copies": 1001}, "copies"),
        ({"colluders": 11}, "colluders"),
        ({"false_accusation": 0.0}, "false_accusation"),
        ({"withheld_share": 0.0}, "withheld_share"),
        ({"withheld_share": 0.21}, "withheld_share"),
        ({"marked_share": 1.1}, "marked_share"),
        ({"canaries": 21}, "canaries"),
        ({"marks": {"income": 0.0}}, "marks.income"),
        ({"marks": {"income": float("nan")}}, "marks.income"),
        ({"label": "income"}, "label"),
    ],
)
def test_each_mistake_names_its_key(change: dict[str, object], key: str) -> None:
    problems = told(replace(SPEC, **change))  # type: ignore[arg-type]  a field each
    assert [problem.split(": ")[1] for problem in problems] == [f"variants.{key}"]


def test_hidden_rows_are_the_same_for_everybody() -> None:
    assert "same for everybody" in told(SPEC, ExtraRowsSpec(file="test.csv"))[0]
