"""`[drift]` in `challenge.toml`: every mistake is told at once, with its key and what to do."""

from dataclasses import replace
from pathlib import Path

import pytest

from audition.catalog.drift import check_drift
from audition.catalog.read import read_challenge
from audition.catalog.shape import Problems
from audition.domain.drift_plan import DriftFamily, DriftKind, DriftSpec, Injection, Lengths
from audition.domain.errors import InvalidError
from audition.domain.run import Stage
from tests import factories

PRIMARY = Injection(kind=DriftKind.MEAN_SHIFT, column="income")
SPEC = DriftSpec(rows="train.csv", reference="train.csv", label="y", family=DriftFamily(primary=PRIMARY))
STAGES = (Stage.UNPACK, Stage.BUILD, Stage.PREDICT, Stage.SERVE, Stage.DRIFT, Stage.SCORE, Stage.JUDGE)


def told(spec: DriftSpec | None, stages: tuple[Stage, ...] = STAGES) -> list[str]:
    problems = Problems()
    check_drift(factories.make_manifest(stages=stages, drift=spec), "challenge.toml", problems)
    return problems


def with_others(*others: Injection) -> DriftSpec:
    return replace(SPEC, family=DriftFamily(primary=PRIMARY, others=others))


def test_a_family_in_order_is_accepted() -> None:
    others = (
        Injection(kind=DriftKind.SCALE, column="age", amount=2.0),
        Injection(kind=DriftKind.PRIOR, amount=0.7),
        Injection(kind=DriftKind.CORRELATION, column="age", partner="income", amount=-0.9),
    )
    assert told(with_others(*others)) == []
    assert told(None, stages=(Stage.UNPACK,)) == []


def test_the_stage_needs_a_family_and_a_service() -> None:
    problems = told(None, stages=(Stage.UNPACK, Stage.DRIFT))
    assert [problem.split(": ")[1] for problem in problems] == ["drift", "stages"]


@pytest.mark.parametrize(
    ("spec", "key", "words"),
    [
        (replace(SPEC, rows="train.parquet"), "drift.rows", "must be a .csv file"),
        (replace(SPEC, label=" "), "drift.label", "is empty"),
        (replace(SPEC, lengths=Lengths(test_requests=100)), "drift.lengths.test_requests", "at least 200"),
        (
            replace(SPEC, family=DriftFamily(primary=replace(PRIMARY, kind=DriftKind.SCALE))),
            "drift.family.primary.kind",
            "'mean_shift'",
        ),
        (
            replace(SPEC, family=DriftFamily(primary=replace(PRIMARY, column=""))),
            "drift.family.primary.column",
            "name the column",
        ),
        (with_others(PRIMARY), "drift.family.others.0.kind", "there already"),
        (with_others(Injection(kind=DriftKind.LABEL_SWAP)), "drift.family.others.0.kind", "cannot be sent"),
        (
            with_others(Injection(kind=DriftKind.MISSING, column="age", amount=20.0)),
            "drift.family.others.0.amount",
            "share of rows",
        ),
        (
            with_others(Injection(kind=DriftKind.SCALE, column="age", amount=-2.0)),
            "drift.family.others.0.amount",
            "a factor",
        ),
        (
            with_others(Injection(kind=DriftKind.CORRELATION, column="age", amount=2.0)),
            "drift.family.others.0.partner",
            "tied to",
        ),
    ],
)
def test_a_mistake_is_told_with_its_key_and_what_to_do(spec: DriftSpec, key: str, words: str) -> None:
    problems = told(spec)
    assert any(problem.startswith(f"challenge.toml: {key}: ") and words in problem for problem in problems), (
        problems
    )


def test_a_misspelt_key_inside_the_table_is_told(folder: Path) -> None:
    text = (folder / "challenge.toml").read_text()
    table = '[drift]\nrows = "a.csv"\nreference = "a.csv"\nlabel = "y"\n'
    family = '[drift.family.primary]\nkind = "mean_shift"\ncolum = "income"\n'
    (folder / "challenge.toml").write_text(f"{text}\n{table}{family}")
    with pytest.raises(InvalidError) as caught:
        read_challenge(folder)
    assert (
        "challenge.toml:55: drift.family.primary.colum: there is no such key; did you mean 'column'?"
        in list(caught.value.problems)
    )
