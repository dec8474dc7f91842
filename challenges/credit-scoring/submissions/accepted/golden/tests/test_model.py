"""The model that is shipped, its file, and what must not change a prediction."""

import json
import tempfile
import unittest
from pathlib import Path

import numpy as np

from credit import VERSION, tensors
from credit.features import LEVELS, encode, read_rows, truth
from credit.model import load
from credit.quality import auc, brier, standard_error

HERE = Path(__file__).resolve().parent
MODEL = HERE.parent / "model" / "model.safetensors"
ROWS = read_rows(HERE / "applications.csv")


class PredictionTests(unittest.TestCase):
    def setUp(self) -> None:
        self.model = load(MODEL)

    def test_predictions_are_those_that_were_reviewed(self) -> None:
        expected = json.loads((HERE / "expected.json").read_text())
        np.testing.assert_allclose(self.model.predict(ROWS), expected, rtol=1e-8)

    def test_predictions_are_probabilities(self) -> None:
        found = self.model.predict(ROWS)
        assert ((found > 0) & (found < 1)).all()
        assert found.std() > 0.1

    def test_company_changes_no_prediction(self) -> None:
        together = self.model.predict(ROWS)
        alone = [self.model.predict([row])[0] for row in ROWS]
        np.testing.assert_array_equal(together, alone)

    def test_order_changes_no_prediction(self) -> None:
        np.testing.assert_array_equal(self.model.predict(ROWS[::-1]), self.model.predict(ROWS)[::-1])

    def test_a_payment_incident_makes_a_loan_riskier(self) -> None:
        clean = self.model.predict([{**row, "payment_incident": 0.0} for row in ROWS])
        marked = self.model.predict([{**row, "payment_incident": 1.0} for row in ROWS])
        assert (marked > clean).all()

    def test_more_income_makes_a_loan_safer(self) -> None:
        poor = self.model.predict([{**row, "monthly_income": 70.0} for row in ROWS])
        rich = self.model.predict([{**row, "monthly_income": 300.0} for row in ROWS])
        assert (rich < poor).mean() > 0.9

    def test_a_level_that_was_never_seen_is_scored_like_a_missing_one(self) -> None:
        for name in LEVELS:
            unseen = self.model.predict([{**row, name: "boat"} for row in ROWS])
            missing = self.model.predict([{**row, name: None} for row in ROWS])
            np.testing.assert_array_equal(unseen, missing)

    def test_a_row_without_any_value_is_scored(self) -> None:
        assert 0 < self.model.predict([dict.fromkeys(ROWS[0])])[0] < 1

    def test_it_says_which_version_it_is(self) -> None:
        assert self.model.version == VERSION
        assert self.model.trained_at

    def test_encoded_rows_give_the_same(self) -> None:
        np.testing.assert_array_equal(self.model.predict_table(encode(ROWS)), self.model.predict(ROWS))


class FileTests(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name, "model.safetensors")

    def test_writing_and_reading_changes_nothing(self) -> None:
        load(MODEL).save(self.path)
        assert self.path.read_bytes() == MODEL.read_bytes()

    def test_arrays_keep_their_shape_and_kind(self) -> None:
        arrays = {"a": np.arange(6, dtype=np.int32).reshape(2, 3), "b": np.array([0.5])}
        tensors.write(self.path, arrays, {"version": "x"})
        found, notes = tensors.read(self.path)
        assert notes == {"version": "x"}
        for name, array in arrays.items():
            assert found[name].dtype == array.dtype
            np.testing.assert_array_equal(found[name], array)

    def test_an_empty_file_is_no_model(self) -> None:
        self.path.write_bytes(b"")
        with self.assertRaises(ValueError):
            load(self.path)

    def test_half_a_file_is_no_model(self) -> None:
        self.path.write_bytes(MODEL.read_bytes()[: MODEL.stat().st_size // 2])
        with self.assertRaises(ValueError):
            load(self.path)

    def test_another_file_of_the_same_format_is_no_model(self) -> None:
        tensors.write(self.path, {"a": np.zeros(1)}, {})
        with self.assertRaises(KeyError):
            load(self.path)


class QualityTests(unittest.TestCase):
    def test_the_auc_counts_pairs_and_ties_half(self) -> None:
        target = np.array([0.0, 0.0, 1.0, 1.0])
        assert auc(target, np.array([0.1, 0.2, 0.3, 0.4])) == 1
        assert auc(target, np.array([0.4, 0.3, 0.2, 0.1])) == 0
        assert auc(target, np.array([0.1, 0.3, 0.3, 0.4])) == 0.875
        assert auc(target, np.ones(4)) == 0.5

    def test_an_auc_needs_both_kinds(self) -> None:
        with self.assertRaises(ValueError):
            auc(np.ones(3), np.arange(3.0))

    def test_more_rows_make_an_auc_surer(self) -> None:
        few = standard_error(0.8, np.tile([0.0, 1.0], 50))
        many = standard_error(0.8, np.tile([0.0, 1.0], 5000))
        assert 0.03 < few < 0.06
        assert many < few / 9

    def test_the_brier_score_is_the_mean_squared_error(self) -> None:
        assert brier(np.array([0.0, 1.0]), np.array([0.5, 0.5])) == 0.25

    def test_the_shipped_model_tells_the_sample_apart(self) -> None:
        assert auc(truth(ROWS), load(MODEL).predict(ROWS)) > 0.8
