"""Signs that predictions were not made by a model are seen, honest models show none, and nobody is accused."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from audition.domain.challenge import DetailSpec
from audition.domain.grade import Finding, Outcome
from audition.domain.traces import Traces, compare
from audition.grading import Workspace
from graders.columns import input_table
from graders.model_honesty import grader
from graders.model_honesty.names import AGAIN, COPIES, NUDGED
from graders.model_honesty.signs import parities, rank_correlation
from graders.model_quality.statistic import Array
from tests.graders.model_world import ROWS, asked, world
from tests.graders.workspaces import by_check, with_output

TWICE = (AGAIN, COPIES, NUDGED)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    truth, _, columns = world()
    columns["income"] = [f"{value:.3f}" for value in honest() ** 0.5]
    return asked(tmp_path, truth, columns, detail=DetailSpec())


def honest(seed: int = 1) -> Array:
    return world(seed)[1]


def signs(workspace: Workspace, predictions: Array) -> dict[str, Finding]:
    rows = "".join(f"r{n},{value:.12g}\n" for n, value in enumerate(predictions))
    return by_check(grader.grade(with_output(workspace, f"id,probability\n{rows}")))


def noisy(seed: int, spread: float = 0.1) -> Array:
    random = np.random.default_rng(seed)
    return np.clip(honest() + random.normal(size=ROWS) * spread, 0, 1)


def test_an_honest_model_shows_no_sign_and_nothing_earns_points(workspace: Workspace) -> None:
    found = signs(workspace, noisy(1))
    seen_once = {finding.outcome for check, finding in found.items() if check not in TWICE}
    assert seen_once == {Outcome.INFORMATIVE}
    assert {finding.max_points for finding in found.values()} == {0.0}
    assert "different predictions for 1,200 rows" in found["model.signs.constant"].sentence
    assert "follow neither" in found["model.signs.order"].sentence
    assert "any one column" in found["model.signs.single-column"].sentence
    assert "is not beyond" in found["model.signs.too-good"].sentence


def test_a_constant_is_seen(workspace: Workspace) -> None:
    found = signs(workspace, np.full(ROWS, 0.5))
    assert found["model.signs.constant"].sentence == "100.0% of the predictions are the same."


def test_predictions_keyed_to_the_order_of_rows_are_seen(workspace: Workspace) -> None:
    found = signs(workspace, np.clip(np.arange(ROWS) / ROWS + noisy(1, 0.3) - honest(), 0, 1))
    assert found["model.signs.order"].sentence.startswith("Predictions follow the order of the rows (rank")
    assert "the number in the id: rank correlation" in found["model.signs.order"].reviewer_note


def test_one_column_alone_is_seen_and_named_to_reviewers_only(workspace: Workspace) -> None:
    finding = signs(workspace, honest())["model.signs.single-column"]
    assert finding.sentence == "Predictions have nearly the order of one column."
    assert finding.reviewer_note.startswith("income: rank correlation 1.000 with predictions, 0.")


def test_a_result_beyond_the_best_anchor_is_seen(workspace: Workspace) -> None:
    truth, _, _ = world()
    finding = signs(workspace, np.clip(truth * 0.8 + honest() * 0.2, 0, 1))["model.signs.too-good"]
    assert "beyond the best that the author could reach" in finding.sentence
    assert "0.84" not in finding.sentence


def test_copies_share_last_digits_and_independent_models_half_of_them() -> None:
    def agreement(one: Array, other: Array) -> float:
        first, second = (
            Traces(digits=parities({f"r{n}": float(v) for n, v in enumerate(values)}))
            for values in (one, other)
        )
        share = compare(first, second).digits
        assert share is not None
        return share

    model = noisy(1, 0.05) * 0.9 + 0.01
    assert agreement(model, model) == 1
    assert agreement(model, model * (1 + 1e-6)) > 0.95
    for seed in range(2, 12):
        assert 0.375 <= agreement(model, noisy(seed, 0.05) * 0.9 + 0.01) <= 0.625


def test_last_digits_are_left_for_comparison_unless_they_would_say_nothing(workspace: Workspace) -> None:
    def digits(predictions: Array) -> str:
        rows = "".join(f"r{n},{value:.12g}\n" for n, value in enumerate(predictions))
        traces = grader.grade(with_output(workspace, f"id,probability\n{rows}")).traces
        assert traces is not None
        return traces.digits

    assert set(digits(noisy(1))) == {"0", "1"}
    assert len(digits(noisy(1))) == 256
    assert digits(noisy(1).round(1)) == ""


def test_a_copy_of_the_challenges_own_model_is_seen_in_the_last_digits(workspace: Workspace) -> None:
    asked_for = replace(workspace, models=workspace.answers.parent / "models")
    detail = DetailSpec(samples=("reference",))
    asked_for = replace(asked_for, manifest=replace(asked_for.manifest, detail=detail))
    asked_for.models.mkdir()
    rows = "".join(f"r{n},{value:.12g}\n" for n, value in enumerate(noisy(1)))
    (asked_for.models / "reference.csv").write_text(f"id,probability\n{rows}")
    copied, other = (signs(asked_for, noisy(seed))["model.signs.fingerprint"] for seed in (1, 2))
    assert copied.reviewer_note == "100% of them are those of the challenge's reference (chance: half)."
    assert other.reviewer_note.startswith(("4", "5"))
    assert "reference" not in copied.sentence


@pytest.mark.parametrize("seed", range(5))
def test_the_rank_correlation_is_that_of_scipy(seed: int) -> None:
    random = np.random.default_rng(seed)
    one, other = random.integers(0, 9, 80).astype(float), random.normal(size=80)
    assert rank_correlation(one, other) == pytest.approx(stats.spearmanr(one, other).statistic, abs=1e-12)
    assert rank_correlation(np.ones(80), other) == 0


def test_an_input_without_all_the_rows_is_passed_over(workspace: Workspace) -> None:
    path = workspace.inputs / "test.csv"
    assert input_table(workspace, ["r0", "r1"]) is not None
    path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")
    found = signs(workspace, noisy(1))
    assert found["model.signs.single-column"].outcome == Outcome.NOT_APPLICABLE
    assert "order of the rows" not in found["model.signs.order"].reviewer_note


def test_only_columns_of_numbers_are_kept_of_an_input(workspace: Workspace) -> None:
    (workspace.inputs / "test.csv").write_text("id,a,b,c\nr1,1,x,\nr0,,2,3\nr9,no,1,1\n")
    found = input_table(workspace, ["r0", "r1"])
    assert found is not None
    assert found.place == {"r1": 0, "r0": 1}
    assert found.numbers.keys() == {"a", "c"}
    assert found.numbers["a"][0] == 1
    assert math.isnan(found.numbers["a"][1])


def test_without_predictions_nothing_applies(workspace: Workspace) -> None:
    assert {finding.outcome for finding in grader.grade(workspace).findings} == {Outcome.NOT_APPLICABLE}
