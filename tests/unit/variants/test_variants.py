"""Copies: what they have in common, what they do not, and whom a leaked one accuses."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audition.domain.errors import InvalidError
from audition.domain.variant import MarkKind, Trace, VariantSpec
from audition.variants.accuse import trace
from audition.variants.codes import biases, bits, code_length, log_tail, score, withstands
from audition.variants.draws import Key
from audition.variants.layout import Layout, lay_out
from audition.variants.match import match
from audition.variants.table import Table, numbers_of, read_table, write_csv
from audition.variants.write import make_copy

KEY = Key(b"k" * 32)
STEPS = {f"v{n}": 0.01 for n in range(6)}
SPEC = VariantSpec(
    file="train.csv",
    copies=20,
    withheld_share=0.1,
    marks=STEPS,
    marked_share=0.5,
    pseudonyms=("id",),
    label="label",
)


def made_table(rows: int = 2000) -> Table:
    """Six numbers of two decimals, an id and a label."""
    random = np.random.default_rng(3)
    values = np.round(random.normal(size=(rows, 6)) * 10, 2)
    columns = [np.array([f"{v:.2f}" for v in column], dtype=object) for column in values.T]
    ids = np.array([f"row-{n:06d}" for n in range(rows)], dtype=object)
    label = np.array([str(int(v > 0)) for v in values[:, 0] + random.normal(size=rows)], dtype=object)
    return Table(("id", *STEPS, "label"), (ids, *columns, label))


@pytest.fixture(scope="module")
def layout() -> Layout:
    return lay_out(made_table(), SPEC, KEY)


def without(table: Table, *names: str) -> Table:
    kept = [place for place, name in enumerate(table.names) if name not in names]
    return Table(tuple(table.names[p] for p in kept), tuple(table.columns[p] for p in kept))


def accused(said: Trace) -> list[int]:
    return [suspect.number for suspect in said.accused]


def test_the_same_key_makes_the_same_copy(layout: Layout) -> None:
    again = lay_out(made_table(), SPEC, Key(b"k" * 32))
    assert write_csv(make_copy(layout, 5).table) == write_csv(make_copy(again, 5).table)


def test_another_number_and_another_key_make_another_copy(layout: Layout) -> None:
    copy = write_csv(make_copy(layout, 5).table)
    other = lay_out(made_table(), SPEC, Key(b"j" * 32))
    assert copy != write_csv(make_copy(layout, 6).table)
    assert copy != write_csv(make_copy(other, 5).table)


def test_every_copy_has_equally_many_rows_of_each_label(layout: Layout) -> None:
    copies = [make_copy(layout, number).table for number in range(1, 11)]
    assert {len(copy) for copy in copies} == {layout.copy_rows}
    # A canary has the label of rows that exist; there are four, so shares differ by no more.
    positives = [int((copy.column("label") == "1").sum()) for copy in copies]
    assert max(positives) - min(positives) <= SPEC.canaries


def test_a_number_moves_by_less_than_two_steps_and_most_do_not_move(layout: Layout) -> None:
    copy = make_copy(layout, 3).table
    rows = match(layout, without(copy, "id")).rows
    known = rows >= 0
    for name, step in STEPS.items():
        moved = np.abs(
            numbers_of(copy.column(name))[known] - numbers_of(layout.table.column(name))[rows[known]]
        )
        assert moved.max() < 1.5 * step
        assert (moved > step / 2).mean() < 0.1


def test_only_canaries_are_no_rows_of_the_table(layout: Layout) -> None:
    copy = make_copy(layout, 3)
    rows = match(layout, without(copy.table, "id")).rows
    names = set(copy.table.column("id")[rows < 0])
    assert names == {name for canary in copy.canaries for name in canary.names}
    assert len(names) == SPEC.canaries


def test_names_are_others_in_each_copy_and_look_alike(layout: Layout) -> None:
    one, two = (set(make_copy(layout, number).table.column("id")) for number in (1, 2))
    assert not one & two
    assert all(str(name).startswith("row-") for name in one)


def test_columns_are_shuffled_only_where_that_is_wanted(layout: Layout) -> None:
    assert make_copy(layout, 1).table.names == layout.table.names
    shuffled = lay_out(made_table(), replace(SPEC, shuffles_columns=True), KEY)
    names = make_copy(shuffled, 1).table.names
    assert names != layout.table.names
    assert (names[0], names[-1]) == ("id", "label")
    assert accused(trace(shuffled, without(make_copy(shuffled, 1).table, "id"))) == [1]


@pytest.mark.parametrize("share", [1.0, 0.5, 0.1])
def test_a_leak_without_names_accuses_its_source_alone(layout: Layout, share: float) -> None:
    copy = without(make_copy(layout, 7).table, "id")
    rows = np.random.default_rng(1).permutation(len(copy))[: int(share * len(copy))]
    said = trace(layout, copy.take(rows))
    assert accused(said) == [7]
    assert said.accused[0].probability <= SPEC.false_accusation
    assert said.next_best is not None
    assert said.next_best.probability > SPEC.false_accusation


def test_rounded_numbers_still_accuse_by_the_rows_that_are_there() -> None:
    layout = lay_out(made_table(5000), replace(SPEC, withheld_share=0.15), KEY)
    copy = without(make_copy(layout, 7).table, "id")
    columns = [
        np.array([f"{v:.1f}" for v in numbers_of(column)], dtype=object) if name in STEPS else column
        for name, column in zip(copy.names, copy.columns, strict=True)
    ]
    said = trace(layout, Table(copy.names, tuple(columns)))
    assert accused(said) == [7]
    assert set(said.rounded) == set(STEPS)
    assert MarkKind.VALUES not in {sign.kind for sign in said.accused[0].signs}


def test_names_alone_accuse(layout: Layout) -> None:
    copy = make_copy(layout, 4).table.take(np.arange(40))
    said = trace(layout, copy)
    assert accused(said) == [4]
    assert MarkKind.PSEUDONYMS in {sign.kind for sign in said.accused[0].signs}


def test_three_who_mix_their_copies_are_all_accused_and_nobody_else() -> None:
    layout = lay_out(made_table(6000), replace(SPEC, withheld_share=0.15, marked_share=1.0), KEY)
    random = np.random.default_rng(5)
    tables = [without(make_copy(layout, number).table, "id") for number in (2, 9, 14)]
    rows = [match(layout, table).rows for table in tables]
    places = [{int(row): place for place, row in enumerate(found) if row >= 0} for found in rows]
    mixed: list[list[str]] = []
    for row in sorted(set(places[0]) | set(places[1]) | set(places[2])):
        having = [(table, place[row]) for table, place in zip(tables, places, strict=True) if row in place]
        picks = random.integers(len(having), size=len(tables[0].names))
        mixed.append(
            [str(having[pick][0].columns[c][having[pick][1]]) for c, pick in enumerate(picks.tolist())]
        )
    leak = Table(
        tables[0].names, tuple(np.array(column, dtype=object) for column in zip(*mixed, strict=True))
    )
    assert sorted(accused(trace(layout, leak))) == [2, 9, 14]


def test_a_table_of_something_else_accuses_nobody(layout: Layout) -> None:
    random = np.random.default_rng(9)
    columns = tuple(np.array([f"{v:.2f}" for v in random.normal(size=500)], dtype=object) for _ in STEPS)
    said = trace(layout, Table(tuple(STEPS), columns))
    assert said.accused == ()
    assert said.refusals


def test_the_original_accuses_nobody(layout: Layout) -> None:
    """It has every row, so rows say what no copy says; and digits that no code decided."""
    assert trace(layout, without(layout.table, "id")).accused == ()


def test_the_stated_probability_is_never_less_than_the_share_of_innocents_who_reach_it() -> None:
    bias = biases(KEY, 3, 400)
    seen = np.random.default_rng(2).random(400) < 0.7
    weight = np.where(seen, 1.0, 0.3)
    innocents = [bits(KEY, number, bias) for number in range(1, 4001)]
    scores = np.array([score(own, seen, bias, weight) for own in innocents])
    for level in np.quantile(scores, [0.5, 0.9, 0.99, 0.999]):
        share = float((scores >= level).mean())
        assert share <= np.exp(log_tail(np.array([level]), seen, bias, weight))[0]
    # And it is no bound for its own sake: five standard deviations are far less likely than one in a thousand.
    high = np.array([5 * float(np.sqrt((weight**2).sum()))])
    assert np.exp(log_tail(high, seen, bias, weight))[0] < 1e-4


def test_a_code_of_the_length_asked_for_withstands_as_many_colluders() -> None:
    for colluders in (1, 2, 3, 5):
        assert withstands(code_length(100, colluders, 1e-6), 100, 1e-6) == colluders
    assert code_length(100, 3, 1e-3) == pytest.approx(1023, abs=1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pseudonyms": ("nobody",)}, "has no column 'nobody'"),
        ({"withheld_share": 0.001, "marks": {}}, "places for a code"),
    ],
)
def test_a_table_without_room_is_refused_with_what_to_do(change: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidError) as caught:
        lay_out(made_table(), replace(SPEC, **change), KEY)  # type: ignore[arg-type]  a field each
    assert words in caught.value.problems[0]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_leak_may_separate_its_cells_as_it_likes(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "leak"
    path.write_text("\n".join(separator.join(cells) for cells in (("a", "b"), ("1", ""), ("2", "x"))))
    table = read_table(path)
    assert table.names == ("a", "b")
    assert table.column("b").tolist() == ["", "x"]


def test_a_parquet_file_says_the_same_as_a_csv(tmp_path: Path, layout: Layout) -> None:
    import pandas as pd  # noqa: PLC0415

    copy = without(make_copy(layout, 11).table, "id")
    frame = pd.DataFrame(
        {n: pd.to_numeric(pd.Series(c)) for n, c in zip(copy.names, copy.columns, strict=True)}
    )
    frame.to_parquet(tmp_path / "leak.parquet")
    assert accused(trace(layout, read_table(tmp_path / "leak.parquet"))) == [11]


@pytest.mark.parametrize("text", ["", "a,b\n1\n", "a,a\n1,2\n", "a,b\n", "\x00\xff"])
def test_what_is_no_table_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "leak"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InvalidError):
        read_table(path)


def test_a_key_is_not_told() -> None:
    assert "k" * 4 not in repr(KEY)
