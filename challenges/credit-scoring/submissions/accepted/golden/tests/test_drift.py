"""The drift monitor: quiet when nothing drifts, loud when something does, and it says what."""

import tempfile
import unittest
from pathlib import Path

import numpy as np

from credit.drift import ALARM, WINDOW, Bins, Reference, Window, shares
from credit.features import COLUMNS, Matrix
from credit.model import load

MODEL = Path(__file__).resolve().parents[1] / "model"
HOUSING, INCOME = COLUMNS.index("housing"), COLUMNS.index("monthly_income")


def drawn(rows: int, seed: int) -> Matrix:
    """Rows that are distributed as in training, column by column."""
    chance, reference = np.random.default_rng(seed), Reference.load(MODEL / "reference.json")
    table = np.empty((rows, len(COLUMNS)))
    for place, name in enumerate(COLUMNS):
        bins = reference.columns[name]
        values = np.append(np.array(bins.edges), [bins.edges[-1] + 0.5, np.nan])
        table[:, place] = values[chance.choice(len(values), rows, p=bins.shares)]
    return table


class WindowTests(unittest.TestCase):
    def setUp(self) -> None:
        self.reference = Reference.load(MODEL / "reference.json")
        self.model = load(MODEL / "model.safetensors")
        self.window = Window(self.reference)

    def add(self, table: Matrix) -> None:
        self.window.add(table, self.model.predict_table(table))

    def test_it_says_nothing_before_it_is_full(self) -> None:
        self.add(drawn(WINDOW - 1, seed=1) * 100)
        drift = self.window.look()
        assert drift.rows == WINDOW - 1
        assert set(drift.columns.values()) == {0.0}
        assert drift.scores == 0

    def test_rows_as_in_training_are_far_from_an_alarm(self) -> None:
        for seed in range(5):
            self.add(drawn(WINDOW, seed))
            assert max(self.window.look().columns.values()) < ALARM * 0.7

    def test_a_changed_unit_is_an_alarm_about_its_column_only(self) -> None:
        table = drawn(WINDOW, seed=2)
        table[:, INCOME] *= 100
        self.add(table)
        columns = self.window.look().columns
        assert [name for name, psi in columns.items() if psi > ALARM] == ["monthly_income"]

    def test_more_missing_values_are_an_alarm(self) -> None:
        table = drawn(WINDOW, seed=3)
        table[: WINDOW // 5, INCOME] = np.nan
        self.add(table)
        drift = self.window.look()
        assert drift.columns["monthly_income"] > ALARM
        assert drift.missing["monthly_income"] > 0.2

    def test_a_level_that_training_has_not_seen_is_an_alarm(self) -> None:
        table = drawn(WINDOW, seed=4)
        table[: WINDOW // 10, HOUSING] = 4
        self.add(table)
        assert self.window.look().columns["housing"] > ALARM

    def test_it_forgets(self) -> None:
        self.add(drawn(WINDOW, seed=5) * 100)
        self.add(drawn(WINDOW, seed=6))
        assert max(self.window.look().columns.values()) < ALARM

    def test_one_by_one_is_the_same_as_all_at_once(self) -> None:
        table = drawn(WINDOW + 70, seed=7)
        self.add(table)
        other = Window(self.reference)
        for row in table:
            other.add(row[None, :], self.model.predict_table(row[None, :]))
        one, all_ = other.look(), self.window.look()
        assert one.rows == all_.rows == WINDOW
        for name in COLUMNS:
            assert np.isclose(one.columns[name], all_.columns[name])
        assert np.isclose(one.scores, all_.scores)

    def test_means_are_those_of_the_window(self) -> None:
        table = drawn(WINDOW, seed=8)
        self.add(table)
        assert np.isclose(self.window.look().means["monthly_income"], np.nanmean(table[:, INCOME]))


class BinsTests(unittest.TestCase):
    def test_shares_sum_up_and_missing_ones_stand_last(self) -> None:
        found = shares(np.array([0.0, 1.0, 2.0, np.nan]), np.array([0.5, 1.5]))
        np.testing.assert_array_equal(found, [0.25, 0.25, 0.25, 0.25])

    def test_psi_of_equal_shares_is_zero_and_grows_with_the_difference(self) -> None:
        values = np.arange(100.0)
        bins = Bins.of(values, np.array([24.5, 49.5, 74.5]))
        assert bins.psi(values) == 0
        assert 0 < bins.psi(values + 5) < bins.psi(values + 25)

    def test_a_reference_survives_its_file(self) -> None:
        reference = Reference.load(MODEL / "reference.json")
        with tempfile.TemporaryDirectory() as folder:
            reference.save(Path(folder, "r.json"))
            again = Reference.load(Path(folder, "r.json"))
        assert {n: tuple(b.shares) for n, b in again.columns.items()} == {
            n: tuple(b.shares) for n, b in reference.columns.items()
        }
