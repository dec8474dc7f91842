"""The extra rows of the pack: its own models are honest, and hold as well as can be expected."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from audition.catalog.read import read_challenge
from audition.domain.contract import Inventory
from audition.domain.evidence import RunEvidence, StageEvidence
from audition.domain.extra_rows import ExtraRows
from audition.domain.grade import Finding
from audition.domain.run import Stage, Verdict
from audition.grading import Workspace
from graders import model_honesty, model_robustness
from graders.model_robustness.make_rows import make_rows, read_table
from tests.challenges.conftest import PACK, Prepared
from tests.challenges.test_credit_scoring_submissions import ACCEPTED, predict
from tests.graders.workspaces import by_check

MANIFEST = read_challenge(PACK).manifest


@pytest.fixture(scope="module")
def mixed(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> tuple[ExtraRows, Prepared]:
    """The table of the second time, beside the other inputs."""
    assert MANIFEST.extra_rows is not None
    table = read_table(prepared.public / MANIFEST.extra_rows.file, MANIFEST.output.id_column)
    made = make_rows(MANIFEST.extra_rows, table, (prepared.private / "answers.csv").read_bytes())
    assert made.refusals == ()
    folder = tmp_path_factory.mktemp("mixed")
    (folder / "train.csv").write_bytes((prepared.public / "train.csv").read_bytes())
    (folder / "test.csv").write_text(made.table)
    return made, Prepared(folder, prepared.private)


def looked_at(
    folder: Path, mixed: tuple[ExtraRows, Prepared], prepared: Prepared, tmp_path: Path
) -> Mapping[str, Finding]:
    for name, data in (("first", prepared), ("again", mixed[1])):
        (tmp_path / name).mkdir()
        predict(folder, data, tmp_path / name)
    stage = StageEvidence(stage=Stage.REPEAT, verdict=Verdict.ACCEPTED)
    names = ("predictions.csv",)
    workspace = Workspace(
        manifest=replace(MANIFEST, metric=replace(MANIFEST.metric, bootstrap_rounds=200)),
        evidence=RunEvidence(
            verdict=Verdict.ACCEPTED, inventory=Inventory(), stages=(stage,), outputs=names, repeated=names
        ),
        outputs=tmp_path / "first",
        repeated=tmp_path / "again",
        inputs=prepared.public,
        answers=prepared.private,
        extra_rows=mixed[0],
    )
    grades = (grader.grade(workspace) for grader in (model_honesty.grader, model_robustness.grader))
    return {check: finding for grade in grades for check, finding in by_check(grade).items()}


@pytest.mark.parametrize("name", ["reference", "golden"])
def test_a_model_of_the_pack_is_honest_and_answers_every_row(
    name: str, mixed: tuple[ExtraRows, Prepared], prepared: Prepared, tmp_path: Path
) -> None:
    found = looked_at(ACCEPTED / name, mixed, prepared, tmp_path)
    assert found["model.signs.copies"].sentence.startswith("All 40 rows that stood twice")
    assert found["model.signs.again"].sentence.startswith("The same rows got the same predictions")
    assert found["model.signs.nudged"].sentence.startswith("Predictions move little")
    assert found["model.robust.runs"].sentence.startswith("Every row got an answer")
    for kind in ("missing", "unseen", "unit"):
        assert "on 150 rows" in found[f"model.robust.{kind}"].reviewer_note
