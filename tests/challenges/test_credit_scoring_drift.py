"""What drift traffic can be made of credit-scoring: which rows may stand for "as in training", which drift shows."""

import numpy as np
import pandas as pd
import pytest

from audition.domain.drift_plan import DriftKind, Injection
from graders.drift.publish import calibrate, exchangeability
from graders.drift.table import Table
from graders.drift.traffic import Slice
from tests.challenges.conftest import Prepared

_IGNORED = {"id", "defaulted"}
FAMILY = (
    Injection(kind=DriftKind.MEAN_SHIFT, column="monthly_income"),
    Injection(kind=DriftKind.SCALE, column="requested_amount", amount=2.0),
    Injection(kind=DriftKind.UNIT_ERROR, column="monthly_expenses", amount=100.0),
    Injection(kind=DriftKind.MISSING, column="years_in_job", amount=0.2),
    Injection(kind=DriftKind.CATEGORY, column="housing", amount=0.1, level="boat"),
)


def read(prepared: Prepared, name: str) -> tuple[Table, pd.DataFrame]:
    """A file as columns to send."""
    frame = pd.read_csv(prepared.public / name)
    columns = [column for column in frame.columns if column not in _IGNORED]
    numeric = [column for column in columns if pd.api.types.is_numeric_dtype(frame[column])]
    table = Table(
        numeric={column: frame[column].to_numpy(float) for column in numeric},
        categorical={
            column: frame[column].fillna("").to_numpy(str) for column in columns if column not in numeric
        },
    )
    return table, frame


def halves(table: Table) -> tuple[Table, Table]:
    """Two thirds and one third of the rows, drawn one by one."""
    order = np.random.default_rng(1).permutation(table.rows)
    cut = 2 * table.rows // 3
    return table.take(order[:cut]), table.take(order[cut:])


def test_rows_drawn_from_the_training_data_may_stand_for_undrifted_ones(prepared: Prepared) -> None:
    known, held_out = halves(read(prepared, "train.csv")[0])
    found = exchangeability(known, held_out)
    assert found.is_exchangeable, found.sentence()


def test_rows_of_the_hidden_test_may_not_for_groups_were_kept_whole(prepared: Prepared) -> None:
    """Microaggregated rows come in groups with equal numbers, and no group is on both sides."""
    found = exchangeability(read(prepared, "train.csv")[0], read(prepared, "test.csv")[0])
    assert not found.is_exchangeable
    assert "Draw it at random" in found.sentence()


@pytest.mark.parametrize("injection", FAMILY, ids=lambda injection: injection.kind)
def test_a_drift_family_for_credit_scoring_can_be_seen(prepared: Prepared, injection: Injection) -> None:
    known, held_out = halves(read(prepared, "train.csv")[0])
    found = calibrate(injection, Slice(table=held_out), known, seed=1)
    assert found.is_visible
    assert found.column == injection.column


def test_a_change_of_the_class_mix_can_be_seen(prepared: Prepared) -> None:
    table, frame = read(prepared, "train.csv")
    labels = frame["defaulted"].to_numpy(float)
    found = calibrate(
        Injection(kind=DriftKind.PRIOR, amount=0.9), Slice(table=table, labels=labels), table, seed=1
    )
    assert found.psi > 0.1
