"""The card's number against the measured one: within chance it passes, beyond it says which way."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from audition.domain.contract import Claim
from audition.domain.grade import Finding, Outcome
from graders.claims import grader
from tests.graders.workspaces import make_workspace, with_answers, with_output

CHANCE = random.Random(4)
ANSWERS = {f"r{n}": float(CHANCE.random() < 0.3) for n in range(400)}
PREDICTIONS = {key: min(1.0, max(0.0, 0.3 * value + CHANCE.random() * 0.7)) for key, value in ANSWERS.items()}


def finding(root: Path, *values: float, predictions: str | None = None) -> Finding:
    made = with_answers(make_workspace(root), ANSWERS)
    output = made.manifest.output
    rows = "".join(f"{key},{value}\n" for key, value in PREDICTIONS.items())
    table = f"{output.id_column},{output.prediction_column}\n{rows}" if predictions is None else predictions
    made = with_output(made, table)
    claims = tuple(Claim(value=value, file="MODEL_CARD.md", line=7) for value in values)
    inventory = replace(made.evidence.inventory, claims=claims)
    return grader.grade(replace(made, evidence=replace(made.evidence, inventory=inventory))).findings[0]


def measured(root: Path) -> float:
    return float(finding(root, 0.0).reviewer_note.partition("measured: ")[2].partition(",")[0])


def test_a_number_within_chance_of_the_measured_one_is_true(tmp_path: Path) -> None:
    value = measured(tmp_path)
    assert 0.6 < value < 0.99
    assert finding(tmp_path, value + 0.01).outcome == Outcome.PASSED


@pytest.mark.parametrize(("distance", "word"), [(0.2, "better"), (-0.2, "worse")])
def test_a_number_beyond_chance_is_not_and_the_sentence_says_which_way(
    tmp_path: Path, distance: float, word: str
) -> None:
    found = finding(tmp_path, measured(tmp_path) + distance)
    assert found.outcome == Outcome.FAILED
    assert word in found.sentence
    assert found.evidence[0].line == 7
    assert "measured: " not in found.sentence


def test_the_first_claim_of_several_counts(tmp_path: Path) -> None:
    value = measured(tmp_path)
    assert finding(tmp_path, 0.1, value).outcome == Outcome.FAILED
    assert finding(tmp_path, value, 0.1).outcome == Outcome.PASSED


def test_without_a_claim_nothing_counts_and_without_predictions_it_is_blocked(tmp_path: Path) -> None:
    assert finding(tmp_path).outcome == Outcome.NOT_ASSESSED
    blocked = finding(tmp_path, 0.8, predictions="nothing\n")
    assert (blocked.outcome, blocked.blocked_by) == (Outcome.BLOCKED, "model.metric.primary")
