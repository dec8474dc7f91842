"""A service is asked about the rows to predict, whichever other public table has their ids."""

from pathlib import Path

from audition.probing.inputs import read_inputs
from tests.factories import make_manifest

INPUTS = ("train.csv", "test.csv", "sample_submission.csv")


def asked(root: Path, hidden_rows: str) -> list[str]:
    """Columns of the rows that a session would send."""
    inputs, outputs = root / "in", root / "out"
    inputs.mkdir(exist_ok=True)
    outputs.mkdir(exist_ok=True)
    (inputs / "train.csv").write_text("id,age,defaulted\na,30,1\n")
    (inputs / "test.csv").write_text("id,age\nb,40\n")
    (inputs / "sample_submission.csv").write_text("id,probability\nb,0.5\n")
    (outputs / "predictions.csv").write_text("id,probability\nb,0.2\n")
    found = read_inputs(make_manifest(inputs=INPUTS, hidden_rows=hidden_rows), inputs, outputs)
    assert found.offline == (0.2,)
    return list(found.rows[0])


def test_the_input_that_the_challenge_names_is_sent(tmp_path: Path) -> None:
    assert asked(tmp_path, "test.csv") == ["age"]


def test_without_a_name_the_last_table_with_the_ids_is_sent(tmp_path: Path) -> None:
    assert asked(tmp_path, "") == ["probability"]
