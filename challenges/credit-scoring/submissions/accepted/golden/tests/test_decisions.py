"""The programs that decide: the gate about models, the data check about batches."""

import contextlib
import csv
import io
import tempfile
import unittest
from collections.abc import Callable
from pathlib import Path

import check_data
import gate
import split
from credit import tensors
from credit.drift import Reference
from credit.features import COLUMNS, ID, TARGET

HERE = Path(__file__).resolve().parent
MODEL = HERE.parent / "model" / "model.safetensors"
REFERENCE = Reference.load(HERE.parent / "model" / "reference.json")
Lines = list[dict[str, str]]


class FolderTests(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        with (HERE / "applications.csv").open(newline="") as file:
            self.lines = list(csv.DictReader(file))

    def written(self, change: Callable[[Lines], Lines] = lambda lines: lines) -> Path:
        lines = change([dict(line) for line in self.lines])
        path = self.folder / "batch.csv"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, lines[0].keys())
            writer.writeheader()
            writer.writerows(lines)
        return path


class GateTests(FolderTests):
    def decide(self, model: Path, data: Path, *more: str) -> int:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return gate.main(["--model", str(model), "--data", str(data), *more])

    def turned(self) -> Path:
        """A model that says the opposite."""
        arrays, notes = tensors.read(MODEL)
        flipped = {name: -array if name in {"weights", "intercept", "value", "baseline"} else array
                   for name, array in arrays.items()}  # fmt: skip
        tensors.write(self.folder / "turned.safetensors", flipped, notes)
        return self.folder / "turned.safetensors"

    def test_the_shipped_model_passes(self) -> None:
        assert self.decide(MODEL, HERE / "applications.csv") == 0

    def test_a_model_that_says_the_opposite_is_refused(self) -> None:
        assert self.decide(self.turned(), HERE / "applications.csv") == 1

    def test_a_model_that_is_weaker_than_the_current_one_is_refused(self) -> None:
        assert gate.refusals(0.82, 0.14, gate.truth([{TARGET: 0.0}, {TARGET: 1.0}]), 0.84)
        assert not gate.refusals(0.835, 0.14, gate.truth([{TARGET: 0.0}, {TARGET: 1.0}]), 0.84)

    def test_the_least_auc_is_enough_and_a_little_less_is_not(self) -> None:
        target = gate.truth([{TARGET: 0.0}, {TARGET: 1.0}])
        assert not gate.refusals(gate.LEAST_AUC, 0.14, target, None)
        assert gate.refusals(gate.LEAST_AUC - 0.001, 0.14, target, None)

    def test_probabilities_that_mean_nothing_are_refused(self) -> None:
        assert gate.refusals(0.85, 0.25, gate.truth([{TARGET: 0.0}, {TARGET: 1.0}]), None)

    def test_without_a_model_or_truth_it_cannot_tell(self) -> None:
        assert self.decide(self.folder / "none", HERE / "applications.csv") == 2
        unlabelled = self.written(
            lambda lines: [{n: v for n, v in line.items() if n != TARGET} for line in lines]
        )
        assert self.decide(MODEL, unlabelled) == 2


class CheckDataTests(FolderTests):
    def found(self, change: Callable[[Lines], Lines]) -> str:
        return " ".join(check_data.problems(self.written(change), REFERENCE))

    def test_an_honest_batch_is_accepted(self) -> None:
        assert self.found(lambda lines: lines) == ""

    def test_a_missing_column_is_named(self) -> None:
        for name in (*COLUMNS, ID):
            text = self.found(
                lambda lines, gone=name: [{n: v for n, v in x.items() if n != gone} for x in lines]
            )
            assert f"column {name} is missing" in text

    def test_another_unit_is_noticed(self) -> None:
        text = self.found(
            lambda lines: [{**x, "monthly_expenses": f"{x['monthly_expenses']}00"} for x in lines]
        )
        assert "monthly_expenses" in text

    def test_many_more_missing_values_are_noticed(self) -> None:
        text = self.found(
            lambda lines: [
                {**x, "years_in_job": "" if n % 2 else x["years_in_job"]} for n, x in enumerate(lines)
            ]
        )
        assert "years_in_job is missing in" in text

    def test_levels_that_are_not_known_are_noticed(self) -> None:
        text = self.found(
            lambda lines: [
                {**x, "housing": "boat" if n % 4 == 0 else x["housing"]} for n, x in enumerate(lines)
            ]
        )
        assert "housing has values" in text

    def test_an_id_that_is_there_twice_is_noticed(self) -> None:
        assert "1 rows have an id" in self.found(lambda lines: [*lines, lines[0]])

    def test_words_for_numbers_are_noticed(self) -> None:
        assert "term_months is no number" in self.found(
            lambda lines: [{**lines[0], "term_months": "two years"}, *lines[1:]]
        )

    def test_a_target_that_is_always_the_same_is_noticed(self) -> None:
        assert "the same in every row" in self.found(lambda lines: [{**x, TARGET: "0"} for x in lines])

    def test_a_batch_of_few_rows_is_refused(self) -> None:
        assert "at least 20" in self.found(lambda lines: lines[:5])


class SplitTests(FolderTests):
    def test_every_row_goes_to_one_side_and_always_to_the_same(self) -> None:
        sides = []
        for _ in range(2):
            split.split(HERE / "applications.csv", self.folder / "a", self.folder / "b")
            sides.append(((self.folder / "a").read_text(), (self.folder / "b").read_text()))
        assert sides[0] == sides[1]
        ids = {line[ID] for line in self.lines}
        fit, held_out = ({x.split(",")[0] for x in text.splitlines()[1:]} for text in sides[0])
        assert fit | held_out == ids
        assert not fit & held_out
        assert held_out
