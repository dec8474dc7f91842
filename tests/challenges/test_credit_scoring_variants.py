"""Copies of the pack's training data: as good to learn from as the whole table, and each names its holder."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from audition.domain.variant import VariantSpec
from audition.variants.accuse import trace
from audition.variants.draws import Key
from audition.variants.layout import Layout, lay_out
from audition.variants.table import Table, read_table, write_csv
from audition.variants.write import make_copy
from tests.challenges.conftest import PACK, Prepared

#: As the pack could have it; how much of it a small table needs is in docs/variants.md.
SPEC = VariantSpec(
    file="train.csv",
    copies=50,
    colluders=2,
    withheld_share=0.05,
    marked_share=0.5,
    pseudonyms=("id",),
    label="defaulted",
    marks={"monthly_income": 5, "monthly_expenses": 5, "requested_amount": 50},
)
FIT = """
import sys, pandas, train
from features import build
model = train.fit(pandas.read_csv(sys.argv[1]))
print(*model.predict_proba(build(pandas.read_csv(sys.argv[2])))[:, 1])
"""


@pytest.fixture(scope="module")
def layout(prepared: Prepared) -> Layout:
    return lay_out(read_table(prepared.public / "train.csv"), SPEC, Key(b"a key of these tests and no other"))


def auc(data: bytes, prepared: Prepared, folder: Path) -> float:
    """What the reference is worth on hidden rows, trained on a table by its own program."""
    (folder / "own.csv").write_bytes(data)
    reference = PACK / "submissions/accepted/reference"
    argv = [sys.executable, "-c", FIT, str(folder / "own.csv"), str(prepared.public / "test.csv")]
    # On a busy machine, threads that wait for each other take minutes.
    one = {**os.environ, "OMP_NUM_THREADS": "1"}
    said = subprocess.run(argv, cwd=reference, env=one, capture_output=True, text=True, check=True).stdout
    ids = pd.read_csv(prepared.public / "test.csv")["id"]
    truth = pd.read_csv(prepared.private / "answers.csv").set_index("id").loc[ids, "defaulted"]
    return float(roc_auc_score(truth, np.array(said.split(), dtype=float)))


def test_a_copy_is_as_good_to_learn_from_as_the_whole_table(
    layout: Layout, prepared: Prepared, tmp_path: Path
) -> None:
    whole = auc((prepared.public / "train.csv").read_bytes(), prepared, tmp_path)
    copy = make_copy(layout, 1).table
    assert abs(auc(write_csv(copy), prepared, tmp_path) - whole) < 0.005
    # A reader finds the same columns of the same kinds.
    kinds = pd.read_csv(prepared.public / "train.csv").dtypes
    assert (pd.read_csv(io.BytesIO(write_csv(copy))).dtypes == kinds).all()


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_a_copy_without_names_says_whose_it_is(layout: Layout, share: float) -> None:
    copy = make_copy(layout, 9).table
    rows = np.random.default_rng(6).permutation(len(copy))[: int(share * len(copy))]
    leak = Table(copy.names[1:], copy.take(rows).columns[1:])
    assert [suspect.number for suspect in trace(layout, leak).accused] == [9]
