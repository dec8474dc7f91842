"""Notebooks: sent alone or in an archive, refused with a sentence, and what a run of one is believed to say."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audition.catalog.archive import pack_folder
from audition.domain.contract import Inventory
from audition.domain.notebook import CellOutcome, Notebook
from audition.grading.inventory import take_inventory
from audition.grading.notebooks import MOST_BYTES, UnreadableNotebookError, read_book, read_run
from audition.grading.outlook import outlook
from tests.notebooks import book, code, events, text

GOOD = book(text("# Title"), code("data = 'here'", "parameters"), code("print(1)"), code("  "))


def sent(tmp_path: Path, data: bytes) -> Inventory:
    archive, target = tmp_path / "archive", tmp_path / "submission"
    archive.write_bytes(data)
    target.mkdir()
    return take_inventory(archive, target, max_bytes=1 << 24, max_entries=100)


def packed(tmp_path: Path, contract: str, **files: bytes) -> Inventory:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "audition.toml").write_text(contract)
    for name, data in files.items():
        (folder / f"{name}.ipynb").write_bytes(data)
    return sent(tmp_path, pack_folder(folder))


def test_a_notebook_alone_is_a_submission(tmp_path: Path) -> None:
    inventory = sent(tmp_path, b"\xef\xbb\xbf \n" + GOOD)
    assert inventory.refusals == ()
    assert inventory.contract.notebook == Notebook(path="notebook.ipynb")
    assert [entry.path for entry in inventory.entries] == ["notebook.ipynb"]
    assert (tmp_path / "submission" / "notebook.ipynb").read_bytes().endswith(GOOD)
    assert "runs top to bottom" in outlook(inventory)[1]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"{", "is not valid JSON"),
        (b"{}", "has nbformat something else"),
        (b'{"nbformat": 3, "worksheets": []}', "has nbformat 3, and 4 is run"),
        (b'{"nbformat": 4}', "has no list of cells"),
        (b'{"nbformat": true, "cells": []}', "has nbformat"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": [1]}]}', "has no list of cells"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "", "metadata": 1}]}', "has no list of"),
        (book(), "has no code cell"),
        (book(text("words"), code(" \n")), "has no code cell"),
        (book(*[code("1")] * 1001), "has 1,001 cells"),
        (book(code("1"), metadata={"kernelspec": {"language": "R"}}), "is written in 'r'"),
        (b'{"a": ' + b"[" * 200_000, "is nested too deeply"),
        (b'{"nbformat": ' + b"9" * 5000 + b"}", "is not valid JSON"),
        (b'{"\xff": 1}', "is not UTF-8 text (byte 2)"),
        (b"{" + b" " * MOST_BYTES, "is larger than 10 MiB"),
    ],
)
def test_what_is_no_notebook_to_run_is_refused_with_the_reason(
    tmp_path: Path, data: bytes, words: str
) -> None:
    refusals = sent(tmp_path, data).refusals
    assert len(refusals) == 1
    assert words in refusals[0]
    assert "Send a notebook, or a .zip" in refusals[0]


def test_a_contract_names_the_notebook_of_an_archive(tmp_path: Path) -> None:
    contract = '[notebook]\npath = "a.ipynb"\npredictions = "p.csv"\nparameters = "ours"\n'
    inventory = packed(tmp_path, contract, a=GOOD)
    assert inventory.refusals == ()
    assert inventory.contract.notebook == Notebook(path="a.ipynb", predictions="p.csv", parameters="ours")
    words = inventory.contract.predicting(("predictions.csv",))
    assert words[:2] == ("python", "-I")
    assert words[3:] == (
        "--parameters=ours",
        "--predictions=p.csv",
        "--name=predictions.csv",
        "--",
        "a.ipynb",
    )


@pytest.mark.parametrize(
    ("contract", "words"),
    [
        ('[notebook]\npath = "b.ipynb"', "names 'b.ipynb', which is not in the archive"),
        ('[notebook]\npath = "a.py"', "write the path of your notebook"),
        ('[notebook]\npredictions = "p.csv"', "write the path of your notebook"),
        ('[notebook]\npath = "../a.ipynb"', "without '..'"),
        ('[notebook]\npath = "a.ipynb"\nparameters = "a b"', "write the tag of a cell"),
        ('[notebook]\npath = "a.ipynb"\npredictions = "/out/p.csv"', "relative to its top"),
        ('[notebook]\npath = "a.ipynb"\ntag = "x"', "unknown key 'tag'"),
        ('notebook = "a.ipynb"', "write a table"),
        ('predict = "python p.py"\n[notebook]\npath = "a.ipynb"', "has `predict` too"),
        ('[notebook]\npath = "bad.ipynb"', "bad.ipynb is not valid JSON"),
        (f'[notebook]\npath = "{"x" * 290}.ipynb"', "notebook.path"),
    ],
)
def test_each_mistake_of_the_table_is_told_with_its_line(tmp_path: Path, contract: str, words: str) -> None:
    refusals = packed(tmp_path, contract, a=GOOD, bad=b"{").refusals
    assert any(words in refusal for refusal in refusals), refusals
    assert all(refusal.startswith("audition.toml") for refusal in refusals), refusals


def test_a_cell_knows_its_number_tags_and_the_size_of_its_outputs(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(book(text("x"), code(["a\n", "b"], "t", count=3, outputs=[{"text": "1234"}])))  # type: ignore[arg-type]
    cell = read_book(path).code[0]
    assert (cell.number, cell.source, cell.tags, cell.execution_count) == (2, "a\nb", ("t",), 3)
    assert cell.output_bytes == len(json.dumps([{"text": "1234"}]))


@settings(max_examples=50, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_json_is_sent_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, value: object
) -> None:
    path = tmp_path_factory.mktemp("any") / "a.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "cells": [value, {"cell_type": "code", "source": value}]}))
    with pytest.raises(UnreadableNotebookError):
        read_book(path)


def test_what_a_run_said_is_read_up_to_the_first_cell_that_failed() -> None:
    run = read_run(events("passed", "passed", "failed", cells=5, memory_bytes=9, error="ValueError: no"))
    assert (run.cells, run.passed, run.is_complete) == (5, 2, True)
    assert run.stopped_at is not None
    assert (run.stopped_at.number, run.stopped_at.outcome, run.stopped_at.memory_bytes) == (
        3,
        CellOutcome.FAILED,
        9,
    )


def test_a_run_that_was_ended_has_said_what_it_could() -> None:
    run = read_run(events("passed", cells=4, end=False) + b'{"event": "cell", "num')
    assert (run.cells, run.passed, run.is_complete, run.stopped_at) == (4, 1, False, None)


def test_a_failure_is_not_talked_away_by_a_later_line() -> None:
    forged = events("passed", "failed", error="x") + b'{"event":"cell","number":2,"outcome":"passed"}\n'
    run = read_run(forged)
    assert run.passed == 1


def test_more_cells_than_there_are_count_for_nothing() -> None:
    assert read_run(events(*["passed"] * 9, cells=3)).passed == 3
    assert read_run(b'{"event": "begin", "cells": -1}\n' + events("passed")).cells in {0, 1}


@settings(max_examples=50, deadline=None)
@given(
    st.binary(max_size=400)
    | st.lists(st.sampled_from(events("passed", "failed").splitlines())).map(b"\n".join)
)
def test_whatever_a_kernel_has_said_is_read(data: bytes) -> None:
    run = read_run(data)
    assert 0 <= run.passed <= len(run.runs) <= run.cells
