"""The one definition of the inputs."""

import json
import math
import unittest
from pathlib import Path

import numpy as np

from credit.features import COLUMNS, INPUTS, LEVELS, NUMBERS, derive, encode, read_rows, truth

HERE = Path(__file__).resolve().parent
ROW = {
    **dict.fromkeys(COLUMNS),
    "term_months": 40.0,
    "monthly_expenses": 60.0,
    "monthly_income": 100.0,
    "requested_amount": 800.0,
    "financed_percent": 80.0,
    "age_band": "35-44",
    "household": "P2",
    "housing": "H1",
    "employment": "E4",
}


def derived(**changes: float) -> dict[str, float]:
    return dict(zip(INPUTS, derive(encode([{**ROW, **changes}]))[0], strict=True))


class EncodeTests(unittest.TestCase):
    def test_columns_stand_in_one_order_whatever_the_order_of_the_row(self) -> None:
        turned = dict(reversed(list(ROW.items())))
        np.testing.assert_array_equal(encode([ROW]), encode([turned]))

    def test_a_level_is_its_place_and_an_unseen_one_the_place_after_the_last(self) -> None:
        for name, levels in LEVELS.items():
            for place, level in enumerate((*levels, "something else")):
                assert encode([{**ROW, name: level}])[0, COLUMNS.index(name)] == place

    def test_what_is_not_known_is_not_a_number(self) -> None:
        for name in COLUMNS:
            assert math.isnan(encode([{**ROW, name: None}])[0, COLUMNS.index(name)])

    def test_a_row_without_a_column_is_an_error_and_no_missing_value(self) -> None:
        with self.assertRaises(KeyError):
            encode([{name: value for name, value in ROW.items() if name != "housing"}])


class DeriveTests(unittest.TestCase):
    def test_surplus_is_what_is_left_each_month(self) -> None:
        assert derived()["surplus"] == 40

    def test_the_instalment_is_the_amount_over_the_term(self) -> None:
        assert derived()["instalment"] == 20

    def test_the_burden_is_the_share_of_the_surplus_that_the_instalment_takes(self) -> None:
        assert derived()["burden"] == 0.5

    def test_the_burden_of_hardly_any_surplus_is_bounded(self) -> None:
        assert derived(monthly_income=60.0)["burden"] == 4
        assert derived(monthly_income=0.0, requested_amount=9000.0)["burden"] == 5

    def test_price_and_own_funds_follow_from_the_financed_share(self) -> None:
        assert derived()["price"] == 1000
        assert derived()["own_funds"] == 200

    def test_nothing_is_divided_by_zero(self) -> None:
        with np.errstate(all="raise"):
            assert derived(term_months=0.0)["instalment"] == 800
            assert derived(financed_percent=0.0)["price"] == 80_000

    def test_what_cannot_be_computed_is_missing(self) -> None:
        assert math.isnan(derive(encode([{**ROW, "monthly_income": None}]))[0, INPUTS.index("surplus")])


class ReadTests(unittest.TestCase):
    def test_empty_cells_are_none_and_numbers_are_numbers(self) -> None:
        rows = read_rows(HERE / "applications.csv")
        assert any(row["monthly_income"] is None for row in rows)
        assert all(isinstance(row[name], float | None) for row in rows for name in NUMBERS)
        assert set(truth(rows)) == {0.0, 1.0}

    def test_the_sample_has_as_many_rows_as_expectations(self) -> None:
        expected = json.loads((HERE / "expected.json").read_text())
        assert len(read_rows(HERE / "applications.csv")) == len(expected)
