"""What a card says of the challenge's metric: the value of the model on new data, whatever the form."""

from pathlib import Path

import pytest

from audition.grading.claims import claims_of


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("ROC AUC: 0.812", 0.812),
        ("| roc_auc | **0.812** ± 0.01 |", 0.812),
        ("The model reaches an AUC of 0,81 (95 % confidence interval 0.79 to 0.83).", 0.81),
        ("AUROC 81.2 % on the hold-out", 0.812),
        ("- auc-roc = .5 and then 0.75", 0.75),
    ],
)
def test_a_value_is_read_in_the_forms_that_people_write(tmp_path: Path, line: str, value: float) -> None:
    (tmp_path / "card.md").write_text(f"# Card\n\n{line}\n")
    claims = claims_of(tmp_path, "card.md", "roc_auc")
    assert (claims[0].value, claims[0].line) == (pytest.approx(value), 3)


@pytest.mark.parametrize(
    "line",
    [
        "Baseline ROC AUC: 0.70",
        "ROC AUC on the training set: 0.99",
        "Accuracy: 0.91",
        "AUC in parts with at least 100 rows",
        "AUC, measured on 2026-01-02 with v1.2.3",
        "Standard error of the ROC AUC: 0.01",
        "0.81 is the AUC",
    ],
)
def test_numbers_of_something_else_are_no_claims(tmp_path: Path, line: str) -> None:
    (tmp_path / "card.md").write_text(line)
    assert claims_of(tmp_path, "card.md", "roc_auc") == ()


def test_few_claims_of_a_long_card_are_kept(tmp_path: Path) -> None:
    (tmp_path / "card.md").write_text("AUC 0.5\n" * 1000)
    assert len(claims_of(tmp_path, "card.md", "roc_auc")) == 5


def test_without_a_card_there_is_no_claim(tmp_path: Path) -> None:
    assert claims_of(tmp_path, "", "roc_auc") == ()
    assert claims_of(tmp_path, "gone.md", "no_such_metric") == ()
