"""The leak probe finds each leak that was planted, and none in a table without one."""

import csv
import random
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from audition.domain.challenge import AnswersSpec, Manifest, MetricSpec, OutputSpec
from audition.domain.leak import LeakKind, LeakReport
from audition.domain.metrics import Direction
from graders.leak_probe.__main__ import LOOKS, probe
from graders.leak_probe.tables import read_files
from tests import factories

Row = dict[str, str]
COLUMNS = ("age", "load", "heat", "kind", "site")


def rows(number: int, dice: random.Random, *, is_amount: bool) -> list[Row]:
    """Rows whose answer depends on load and heat, and on much that nobody knows."""
    made = []
    for place in range(number):
        load, heat = dice.gauss(0, 1), dice.gauss(0, 1)
        value = load + heat + dice.gauss(0, 1.5)
        made.append(
            {
                "id": f"{dice.getrandbits(48):012x}",
                "age": f"{dice.uniform(0, 20):.1f}",
                "load": f"{load:.3f}",
                "heat": f"{heat:.3f}",
                "kind": dice.choice("abcd"),
                "site": f"s{place % 7}",
                "y": f"{value:.3f}" if is_amount else str(int(value > 0.5)),
            }
        )
    return sorted(made, key=lambda row: row["id"])


class Plot:
    """A challenge's files before they are written; tests plant their leak here."""

    def __init__(self, *, is_amount: bool) -> None:
        dice = random.Random(7)
        self.dice = dice
        self.train = rows(900, dice, is_amount=is_amount)
        self.hidden = rows(500, dice, is_amount=is_amount)
        self.extra: dict[str, list[Row]] = {}
        self.metric = ("rmse", Direction.LOWER) if is_amount else ("roc_auc", Direction.HIGHER)

    @property
    def both(self) -> list[Row]:
        """All rows."""
        return [*self.train, *self.hidden]

    def manifest(self) -> Manifest:
        """Of the challenge."""
        name, direction = self.metric
        return factories.make_manifest(
            inputs=("train.csv", "test.csv"),
            metric=MetricSpec(name=name, direction=direction, anchors=()),
            output=OutputSpec(names=("p.csv",), id_column="id", prediction_column="p"),
            answers=AnswersSpec(file="answers.csv", id_column="id", answer_column="y"),
        )

    def look(self, folder: Path) -> LeakReport:
        """Write everything, run the program's reading and looking."""
        public, private = folder / "public", folder / "private"
        for made in (public, private):
            made.mkdir()
        inputs = [name for name in self.train[0] if name != "y"]
        write(public / "train.csv", self.train, [*inputs, "y"])
        write(public / "test.csv", self.hidden, inputs)
        for name, table in self.extra.items():
            write(public / name, table, list(table[0]))
        write(private / "answers.csv", self.hidden, ["id", "y"])
        return probe(read_files(public, private, self.manifest()))


def write(path: Path, table: list[Row], names: list[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(table)


def answers_in_public(plot: Plot) -> None:
    plot.extra["old_test.csv"] = [
        {"id": row["id"], "note": "", "y_old": f"{float(row['y']):.3f}"} for row in plot.hidden
    ]


def sample_with_the_answers(plot: Plot) -> None:
    plot.extra["sample_submission.csv"] = [{"id": row["id"], "p": row["y"]} for row in plot.hidden]


def a_column_known_after(plot: Plot) -> None:
    for row in plot.both:
        value = float(row["y"])
        row["closed_by"] = f"{value * 3 + plot.dice.gauss(0, 0.05):.4f}"


def a_code_for_the_answer(plot: Plot) -> None:
    for row in plot.both:
        row["branch"] = ("K" if float(row["y"]) > 0.5 else "L") if plot.dice.random() < 0.99 else "M"


def ids_that_rise(plot: Plot) -> None:
    for place, row in enumerate(sorted(plot.both, key=lambda row: float(row["y"]) + plot.dice.gauss(0, 0.5))):
        row["id"] = f"A{place:05}"
    for table in (plot.train, plot.hidden):
        plot.dice.shuffle(table)


def ids_beside_their_like(plot: Plot) -> None:
    """Not rising: runs of alike answers, as a source has that is sorted by something that is not released."""
    ordered = sorted(plot.both, key=lambda row: float(row["y"]))
    runs = [ordered[start : start + 20] for start in range(0, len(ordered), 20)]
    plot.dice.shuffle(runs)
    for place, row in enumerate(row for run in runs for row in run):
        row["id"] = str(10_000 + place)
    for table in (plot.train, plot.hidden):
        plot.dice.shuffle(table)


def rows_in_order(plot: Plot) -> None:
    plot.hidden.sort(key=lambda row: float(row["y"]))


def the_same_rows(plot: Plot) -> None:
    for row in plot.dice.sample(plot.hidden, 30):
        plot.train.append({**row, "id": f"{plot.dice.getrandbits(48):012x}"})


def nearly_the_same_rows(plot: Plot) -> None:
    for row in plot.dice.sample(plot.hidden, 60):
        moved = {name: f"{float(row[name]) + plot.dice.uniform(0, 0.0005):.5f}" for name in ("load", "heat")}
        plot.train.append({**row, **moved, "id": f"{plot.dice.getrandbits(48):012x}"})


def customers_on_both_sides(plot: Plot) -> None:
    of = {f"c{number}": plot.dice.choice(plot.train)["y"] for number in range(200)}
    for row in plot.both:
        row["customer"] = plot.dice.choice(list(of))
        if plot.dice.random() < 0.85:
            row["y"] = of[row["customer"]]


PLANTED: dict[Callable[[Plot], None], LeakKind] = {
    answers_in_public: LeakKind.ANSWERS,
    sample_with_the_answers: LeakKind.ANSWERS,
    a_column_known_after: LeakKind.COLUMN,
    a_code_for_the_answer: LeakKind.COLUMN,
    ids_that_rise: LeakKind.ID,
    ids_beside_their_like: LeakKind.ID,
    rows_in_order: LeakKind.ORDER,
    the_same_rows: LeakKind.EXACT_ROWS,
    nearly_the_same_rows: LeakKind.NEAR_ROWS,
    customers_on_both_sides: LeakKind.GROUPS,
}


#: A code of two values says little of an amount.
CASES = [(plant, is_amount) for plant in PLANTED for is_amount in (False, True)]
CASES.remove((a_code_for_the_answer, True))


@pytest.mark.parametrize(("plant", "is_amount"), CASES)
def test_a_leak_that_was_planted_is_found_and_told(
    tmp_path: Path, plant: Callable[[Plot], None], is_amount: bool
) -> None:
    plot = Plot(is_amount=is_amount)
    plant(plot)
    if plant is rows_in_order:
        # Ids in that order too would explain it.
        for row in plot.hidden:
            row["id"] = f"{plot.dice.getrandbits(48):012x}"
    found = plot.look(tmp_path).leaks
    assert {leak.kind for leak in found} == {PLANTED[plant]}
    assert all(leak.sentence.endswith(".") and leak.step.endswith(".") for leak in found)


@pytest.mark.parametrize("is_amount", [False, True], ids=["classes", "amounts"])
def test_an_honest_table_has_none(tmp_path: Path, is_amount: bool) -> None:
    report = Plot(is_amount=is_amount).look(tmp_path)
    assert report == LeakReport(looked_at=tuple(LOOKS))


def in_bands(plot: Plot, *, flipped_share: float) -> None:
    """What a release in crowds looks like: many share every row, and bands say the answer but for some of it."""
    for row in plot.both:
        row.update({"age": "a", "kind": "a", "site": "a"})
        row.update({name: str(round(float(row[name]) / 2)) for name in ("load", "heat")})
        is_high = int(row["load"]) > int(row["heat"])
        row["y"] = str(int(is_high != (plot.dice.random() < flipped_share)))


def test_rows_that_many_share_are_crowds_and_no_copies(tmp_path: Path) -> None:
    plot = Plot(is_amount=False)
    in_bands(plot, flipped_share=0.1)
    assert plot.look(tmp_path).leaks == ()


def test_rows_that_many_share_are_copies_where_they_tell_all(tmp_path: Path) -> None:
    plot = Plot(is_amount=False)
    in_bands(plot, flipped_share=0.0)
    assert LeakKind.EXACT_ROWS in {leak.kind for leak in plot.look(tmp_path).leaks}


def test_copies_are_found_among_crowds(tmp_path: Path) -> None:
    plot = Plot(is_amount=False)
    in_bands(plot, flipped_share=0.1)
    for place, row in enumerate(plot.dice.sample(plot.hidden, 30)):
        row["age"] = f"only {place}"
        plot.train.append({**row, "id": f"{plot.dice.getrandbits(48):012x}"})
    leaks = plot.look(tmp_path).leaks
    assert [leak.kind for leak in leaks] == [LeakKind.EXACT_ROWS]
    assert "6.0%" in leaks[0].sentence


@pytest.mark.parametrize("is_told", [False, True])
def test_a_column_is_held_against_answers_that_are_rare(tmp_path: Path, is_told: bool) -> None:
    """A column of zeros is equal to nearly every answer where one in a hundred is 1, and tells nothing."""
    plot = Plot(is_amount=False)
    for place, row in enumerate(plot.both):
        row["y"] = str(int(place % 100 == 0))
    plot.extra["sample_submission.csv"] = [
        {"id": row["id"], "p": row["y"] if is_told else "0"} for row in plot.hidden
    ]
    found = [leak.kind for leak in plot.look(tmp_path).leaks]
    assert found == ([LeakKind.ANSWERS] if is_told else [])


def test_a_column_without_values_is_no_difficulty(tmp_path: Path) -> None:
    plot = Plot(is_amount=False)
    for row in plot.both:
        row["note"] = ""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert plot.look(tmp_path).leaks == ()


def test_words_that_are_the_answer_are_found(tmp_path: Path) -> None:
    plot = Plot(is_amount=False)
    for row in plot.both:
        row["y"] = "refused" if row["y"] == "1" else "granted"
        row["note"] = f"ref {plot.dice.random():.6f}: was {row['y']} in {plot.dice.choice(['May', 'June'])}"
    [leak] = plot.look(tmp_path).leaks
    assert (leak.kind, leak.where) == (LeakKind.ANSWERS, "test.csv: note")


def test_what_cannot_be_compared_is_said(tmp_path: Path) -> None:
    plot = Plot(is_amount=False)
    for row in plot.train:
        del row["y"]
    public = tmp_path / "public"
    public.mkdir()
    (tmp_path / "private").mkdir()
    write(public / "train.csv", plot.train, ["id", *COLUMNS])
    write(public / "test.csv", plot.hidden, ["id", *COLUMNS])
    write(tmp_path / "private" / "answers.csv", plot.hidden, ["id", "y"])
    report = probe(read_files(public, tmp_path / "private", plot.manifest()))
    assert report.leaks == ()
    assert report.not_looked_at == ("no public table has 'y' of other rows: nothing is compared with it",)
