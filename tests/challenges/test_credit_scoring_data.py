"""The released data of credit-scoring: the same every time, hard to link, and without a leak."""

import hashlib
import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from audition.anonymize.apply import read_sources
from audition.anonymize.keys import Key
from audition.anonymize.release import Making, make_release
from audition.anonymize.rules import read_policy
from audition.anonymize.tables import write_frame
from tests.challenges.conftest import PACK, Prepared, load_prepare

QUASI = ["age_band", "household", "housing", "employment"]
NUMBERS = [
    "years_in_job",
    "term_months",
    "monthly_expenses",
    "monthly_income",
    "assets_value",
    "existing_debt",
    "requested_amount",
    "financed_percent",
]
FEATURES = [*QUASI, "payment_incident", *NUMBERS]


def tables(prepared: Prepared) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training and hidden rows."""
    return pd.read_csv(prepared.public / "train.csv"), pd.read_csv(prepared.public / "test.csv")


def auc(truth: pd.Series, guess: pd.Series) -> float:
    """Area under the ROC curve by ranks."""
    ranks = guess.rank()
    positives = truth.sum()
    below = ranks[truth == 1].sum() - positives * (positives + 1) / 2
    return float(below / (positives * (len(truth) - positives)))


def test_a_second_release_has_the_same_bytes(
    tmp_path: Path, prepared: Prepared, prepare_into: Callable[..., Prepared]
) -> None:
    assert prepare_into(tmp_path).files() == prepared.files()


def test_the_bytes_are_the_promised_ones(prepared: Prepared) -> None:
    promised = tomllib.loads((PACK / "data" / "checksums.toml").read_text())["files"]
    made = {name: hashlib.sha256(data).hexdigest() for name, data in prepared.files().items()}
    assert made == promised


def test_everybody_shares_quasi_identifiers_with_four_others(prepared: Prepared) -> None:
    both = pd.concat(tables(prepared))
    assert both.groupby(QUASI, dropna=False).size().min() >= 5


def test_everybody_shares_all_numbers_with_four_others(prepared: Prepared) -> None:
    both = pd.concat(tables(prepared))
    assert both.groupby(NUMBERS, dropna=False).size().min() >= 5


def test_everybody_shares_all_but_incident_and_outcome_with_four_others(prepared: Prepared) -> None:
    both = pd.concat(tables(prepared))
    assert both.groupby([*QUASI, *NUMBERS], dropna=False).size().min() >= 5


def test_the_toolchain_makes_classes_and_groups_of_the_same_sizes(tmp_path: Path, prepared: Prepared) -> None:
    """`prepare` has no libraries of the platform, so it does what the toolchain does once more."""
    policy = read_policy(PACK / "privacy.toml")
    source = read_sources(policy, PACK / "data" / "raw")["credit_data"]
    made = make_release(source, Making(policy.all_tables()["credit_data"], policy.gate, Key(b"k" * 32))).frame
    write_frame(made, tmp_path / "toolchain.csv")
    sizes = [
        sorted(table.groupby([*QUASI, *NUMBERS], dropna=False).size())
        for table in (pd.read_csv(tmp_path / "toolchain.csv"), pd.concat(tables(prepared)))
    ]
    assert [sum(each) for each in sizes] == [4214, 4214]
    assert np.mean(sizes[0]) == pytest.approx(np.mean(sizes[1]), rel=0.02)


def test_no_numbers_are_on_both_sides(prepared: Prepared) -> None:
    train, test = (set(t[NUMBERS].astype(str).agg("|".join, axis=1)) for t in filled(prepared))
    assert not train & test


def filled(prepared: Prepared) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables with a word for what is missing."""
    train, test = tables(prepared)
    return train.astype(object).fillna("missing"), test.astype(object).fillna("missing")


def test_the_measured_risk_is_what_the_data_card_says(prepared: Prepared) -> None:
    report = json.loads((prepared.public / "privacy.json").read_text())
    card = (PACK / "datacard.md").read_text()
    before, after = report["before"], report["after"]
    assert f"| k: smallest class over the quasi-identifiers | {before['k']} | {after['k']} |" in card
    assert f"| rows | {before['rows']:,} | {after['rows']:,} |" in card
    for name in ("unique_share", "small_class_share"):
        assert f"| {100 * before[name]:.2f} % | {after[name]:g} |" in card
    assert f"| {100 * before['linked_share']:.2f} % | {100 * after['linked_share']:.2f} % |" in card
    for name in ("lookup_auc", "crowd_lookup_auc"):
        assert f"| {before[name]:.4f} | {after[name]:.4f} |" in card
    assert f"{100 * after['suppressed_share']:.2f} % of rows" in card


def test_the_hidden_outcomes_are_in_no_public_file(prepared: Prepared) -> None:
    train, test = tables(prepared)
    assert list(test.columns) == ["id", *FEATURES]
    assert list(train.columns) == ["id", *FEATURES, "defaulted"]
    sample = pd.read_csv(prepared.public / "sample_submission.csv")
    assert list(sample["id"]) == list(test["id"])
    assert len(set(sample["probability_of_default"])) == 1


def test_answers_belong_to_the_hidden_rows(prepared: Prepared) -> None:
    train, test = tables(prepared)
    answers = pd.read_csv(prepared.private / "answers.csv")
    assert set(answers["id"]) == set(test["id"])
    assert not set(train["id"]) & set(test["id"])
    assert abs(answers["defaulted"].mean() - train["defaulted"].mean()) < 0.01
    assert len(test) / (len(test) + len(train)) == pytest.approx(0.30, abs=0.01)


def test_neither_ids_nor_order_nor_one_column_tell_the_outcome(prepared: Prepared) -> None:
    train, _ = tables(prepared)
    positions = pd.Series(range(len(train)))
    ids = train["id"].map(lambda name: int(name.removeprefix("app-"), 16))
    # Three standard errors of the AUC of a random order for this many rows.
    spread = 3 * np.sqrt(1 / (12 * train["defaulted"].sum()) + 1 / (12 * (1 - train["defaulted"]).sum()))
    assert abs(auc(train["defaulted"], positions) - 0.5) < spread
    assert abs(auc(train["defaulted"], ids) - 0.5) < spread
    for name in ["payment_incident", *NUMBERS]:
        known = train[train[name].notna()]
        assert abs(auc(known["defaulted"], known[name]) - 0.5) < 0.25, name


def test_source_order_is_gone(prepared: Prepared) -> None:
    source = pd.read_csv(PACK / "data" / "raw" / "credit_data.csv")
    train, _ = tables(prepared)
    shared = min(len(source), len(train))
    assert abs(np.corrcoef(source["Amount"][:shared], train["requested_amount"][:shared])[0, 1]) < 0.06


def test_missing_values_stay_missing(prepared: Prepared) -> None:
    train, test = tables(prepared)
    both = pd.concat([train, test])
    # Small classes that miss a number are left out, so there are fewer than in the source (381 of 4,454).
    assert both["monthly_income"].isna().mean() == pytest.approx(0.064, abs=0.001)
    assert both[QUASI].notna().all(axis=None)


def test_a_key_of_ones_own_changes_ids_and_split(
    tmp_path: Path, prepared: Prepared, prepare_into: Callable[..., Prepared]
) -> None:
    own = prepare_into(tmp_path, b"k" * 32)
    assert json.loads((own.public / "privacy.json").read_text())["key"] == "own"
    ours, theirs = tables(prepared)[1], tables(own)[1]
    assert not set(ours["id"]) & set(theirs["id"])
    rows = [set(t[NUMBERS].astype(str).agg(",".join, axis=1)) for t in (ours.fillna(-1), theirs.fillna(-1))]
    assert len(rows[0] & rows[1]) < 0.5 * len(rows[0])


def test_a_short_key_is_refused(tmp_path: Path, prepare_into: Callable[..., Prepared]) -> None:
    with pytest.raises(Exception, match=r"release\.key holds 5 bytes"):
        prepare_into(tmp_path, b"short")


def test_a_column_without_a_rule_stops_the_release(tmp_path: Path) -> None:
    module = load_prepare(PACK / "data" / "prepare.py")
    source = pd.read_csv(PACK / "data" / "raw" / "credit_data.csv").assign(passport="x")
    source.to_csv(tmp_path / "credit_data.csv", index=False)
    with pytest.raises(module.ReleaseRefusedError, match="passport"):
        module.prepare(tmp_path, tmp_path, tmp_path)


def test_the_gate_names_everything_that_is_broken() -> None:
    module = load_prepare(PACK / "data" / "prepare.py")
    policy = tomllib.loads((PACK / "privacy.toml").read_text())
    risky = {
        "k": 1,
        "smallest_number_group": 5,
        "smallest_group": 5,
        "suppressed_share": 0.4,
        "linked_share": 0.9,
    }
    with pytest.raises(module.ReleaseRefusedError, match=r"k is 1.*suppressed_share.*linked_share"):
        module.refuse_risky(risky, policy)
